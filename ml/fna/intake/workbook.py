"""Excel and OpenDocument workbooks to cells, one grid a sheet."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from ml.fna.intake.archive import check_archive
from ml.fna.intake.content import ADVICE, encrypted, refuse, unreadable_workbook
from ml.fna.intake.table import Grid
from ml.fna.intake.text import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, SLACK_ROWS, too_many_cells, too_many_rows

MAX_SHEETS: Final = 50
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
_CHILD: Final = Path(__file__).with_name("workbook_child.py")
_SECONDS: Final = 90


def read_workbook(data: bytes, filename: str) -> list[Grid]:
    """The cells of every sheet that has any.

    Raises TableError for other archives and documents, encrypted workbooks, and what would unpack to more
    than a table.
    """
    if data.startswith(b"PK"):
        check_archive(data, filename)
    elif _ENCRYPTED_PACKAGE in data:
        raise encrypted(filename)
    grids = [_grid(name, rows, filename) for name, rows in _sheets(data, filename).items() if rows]
    if not grids:
        raise refuse("empty_file", f"“{filename}” has no cells with anything in them. {ADVICE}")
    return grids


def _sheets(data: bytes, filename: str) -> dict[str, list[tuple[int, list[str]]]]:
    """Each sheet's filled rows with their numbers, read in a process of its own (see `workbook_child`)."""
    command = [sys.executable, "-I", str(_CHILD), str(MAX_SHEETS)]
    try:
        child = subprocess.run(  # noqa: S603 - our own script; the file goes in as data
            command, input=data, capture_output=True, timeout=_SECONDS, check=True
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise unreadable_workbook(filename) from error
    answer = json.loads(child.stdout)
    match answer.get("error"):
        case None:
            sheets: dict[str, list[tuple[int, list[str]]]] = answer["sheets"]
            return sheets
        case "encrypted":
            raise encrypted(filename)
        case "too_many_sheets":
            message = f"“{filename}” has {answer['count']} sheets; at most {MAX_SHEETS} can be read."
            raise refuse("too_many_sheets", message)
        case _:
            raise unreadable_workbook(filename)


def _grid(name: str, rows: list[tuple[int, list[str]]], filename: str) -> Grid:
    if len(rows) > MAX_ROWS + SLACK_ROWS:
        raise too_many_rows(filename)
    widest = max(len(cells) for _, cells in rows)
    if widest > MAX_COLUMNS:
        message = f"Sheet “{name}” has {widest:,} columns; at most {MAX_COLUMNS} can be read."
        raise refuse("too_many_columns", message)
    if sum(len(cells) for _, cells in rows) > MAX_CELLS:
        raise too_many_cells(filename)
    row_numbers = [number for number, _ in rows]
    return Grid([cells for _, cells in rows], row_numbers, f"workbook, sheet “{name}”", name)
