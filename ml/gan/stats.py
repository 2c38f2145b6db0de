"""A run's statistics: one JSON object a line, in step order."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

STATS = "stats.jsonl"


def append_line(folder: Path, line: dict[str, Any]) -> None:
    """Add a line; figures that are not finite become null, as JSON has no other word for them."""
    told = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in line.items()
    }
    with (folder / STATS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, allow_nan=False) + "\n")


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """The lines so far; none where nothing was written. A last line cut short by a crash is left out."""
    path = folder / STATS
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def forget_after(folder: Path, step: int) -> None:
    """Drop the lines of steps that a resumed run does again."""
    kept = [line for line in read_lines(folder) if line["step"] <= step]
    (folder / STATS).write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
