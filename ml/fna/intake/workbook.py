"""Excel and OpenDocument workbooks to cells, one grid a sheet."""

import datetime as dt
from io import BytesIO
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook

from ml.fna.intake.archive import check_archive
from ml.fna.intake.content import ADVICE, refuse
from ml.fna.intake.table import Grid, TableError
from ml.fna.intake.text import MAX_COLUMNS, MAX_ROWS, SLACK_ROWS, too_many_rows

MAX_SHEETS: Final = 50
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read_workbook(data: bytes, filename: str) -> list[Grid]:
    """The cells of every sheet that has any.

    Raises TableError for other archives and documents, encrypted workbooks, and what would unpack to more
    than a table.
    """
    if data.startswith(b"PK"):
        check_archive(data, filename)
    elif _ENCRYPTED_PACKAGE in data:
        raise _encrypted(filename)
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        grids = [_grid(workbook, name, filename) for name in _sheet_names(workbook, filename)]
    except CalamineError as error:
        if "password" in str(error).lower():
            raise _encrypted(filename) from error
        raise _unreadable(filename) from error
    except (OSError, ValueError, OverflowError) as error:
        raise _unreadable(filename) from error
    except BaseException as error:
        # A damaged workbook can make the Rust reader panic, which arrives as a BaseException of its own.
        if type(error).__name__ != "PanicException":
            raise
        raise _unreadable(filename) from error
    filled = [grid for grid in grids if grid.rows]
    if not filled:
        raise refuse("empty_file", f"“{filename}” has no cells with anything in them. {ADVICE}")
    return filled


def _sheet_names(workbook: CalamineWorkbook, filename: str) -> list[str]:
    names = workbook.sheet_names
    if len(names) > MAX_SHEETS:
        message = f"“{filename}” has {len(names)} sheets; at most {MAX_SHEETS} can be read."
        raise refuse("too_many_sheets", message)
    return names


def _encrypted(filename: str) -> TableError:
    return refuse(
        "encrypted",
        f"“{filename}” is protected by a password. Save a copy without one, or as CSV, and upload that.",
    )


def _unreadable(filename: str) -> TableError:
    return refuse(
        "unreadable_workbook",
        f"“{filename}” can't be opened as a workbook: it is damaged or another kind of document. {ADVICE}",
    )


def _grid(workbook: CalamineWorkbook, name: str, filename: str) -> Grid:
    rows: list[list[str]] = []
    row_numbers: list[int] = []
    cells = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    for number, row in enumerate(cells, 1):
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1].strip():
            texts.pop()
        if not texts:
            continue
        if len(texts) > MAX_COLUMNS:
            message = f"Sheet “{name}” has {len(texts):,} columns; at most {MAX_COLUMNS} can be read."
            raise refuse("too_many_columns", message)
        rows.append(texts)
        row_numbers.append(number)
        if len(rows) > MAX_ROWS + SLACK_ROWS:
            raise too_many_rows(filename)
    return Grid(rows, row_numbers, f"workbook, sheet “{name}”", name)


def _text(cell: Cell) -> str:
    """The cell as its text in a CSV file would be; floats keep every digit, whole ones lose their ".0"."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, (dt.date, dt.time)):
        return cell.isoformat()
    return str(cell)
