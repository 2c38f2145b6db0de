"""`python -m ml inspect FILE`: what intake makes of a file."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table
from rich.text import Text

from ml.commands.console import console, write_json
from ml.dicom.inspection import Inspection, inspect

EXIT_STATUS = {"image": 0, "kept": 1, "refused": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", type=Path, help="a DICOM file, or a PNG, JPEG or TIFF picture")
    parser.add_argument("--json", metavar="PATH", help="write the outcome as JSON here; - is standard output")
    parser.add_argument("--no-decode", action="store_true", help="look at the header only, don't decode the pixels")
    parser.epilog = "Exit status: 0 an image, 1 kept but no image, 2 refused."


def run(arguments: argparse.Namespace) -> int:
    """Inspect, tell, and return the exit status of the outcome.

    Raises:
        CommandError: when the report can't be written.
    """
    path: Path = arguments.file
    if arguments.no_decode:
        outcome = inspect(path, file_name=path.name, modality=None)
    else:
        with TemporaryDirectory(prefix="frames-") as folder:
            outcome = inspect(path, file_name=path.name, modality=None, decode_into=Path(folder))
    if arguments.json == "-":
        sys.stdout.write(json.dumps(outcome.as_dict(), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(path, outcome)
        if arguments.json:
            write_json(Path(arguments.json), outcome.as_dict())
    return EXIT_STATUS[outcome.status]


def _print(path: Path, outcome: Inspection) -> None:
    verdict = f"{outcome.status} ({outcome.code})" if outcome.code else outcome.status
    table = Table("What", "Value", title=_text(path.name), title_justify="left", highlight=False)
    table.add_row("outcome", verdict, style="bold")
    if outcome.message:
        table.add_row("", outcome.message)
    for remark in outcome.warnings:
        table.add_row("note", f"{remark.message} ({remark.code})")
    report = outcome.as_dict()
    for name in ("format", "bytes", "sha256"):
        table.add_row(name, str(report[name]))
    for level, values in {**(report["header"] or {}), "frames": report["frames"]}.items():
        for name, value in (values or {}).items():
            if value not in ("", None, []):
                table.add_row(f"{level} {name}".replace("_", " "), _text(value))
    console.print(table)


def _text(value: Any) -> Text:
    """A value as it stands, without what a terminal or the table would take for commands."""
    text = "\\".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))
