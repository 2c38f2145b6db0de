"""What the commands share: progress bars, JSON reports and plain errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from ml.fna.training import Progress as Report  # loading it takes seconds

WIDTH = 130  # of tables when the output is no terminal

console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
errors = Console(stderr=True, soft_wrap=True)


class CommandError(Exception):
    """Something the user can mend; its text is printed and the command ends with status 1."""


@contextmanager
def progress_bar(description: str) -> Iterator[Report]:
    """A bar on standard error; yields the `progress(done, total)` that moves it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors) as bars:
        task = bars.add_task(description, total=None)

        def report(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)

        yield report


def write_json(path: Path, report: dict[str, Any]) -> None:
    """Write a report.

    Raises:
        CommandError: when the file can't be written.
    """
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: can't be written ({error.strerror})") from error
