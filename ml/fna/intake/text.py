"""Delimited text to cells: encoding, delimiter and quoting told from the content."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from ml.fna.intake.content import ADVICE, refuse
from ml.fna.intake.numbers import is_number
from ml.fna.intake.table import Grid, Problem, TableError

MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 500
MAX_LINE: Final = 200_000
"""Longest line, in characters: far beyond any FNA row, and what keeps one row of millions of cells from being
built.
"""
MAX_LINES_IN_CELL: Final = 50
MAX_CELLS: Final = 5_000_000
"""Most cells in all: 100,000 rows of 50 columns. What keeps a file of many tiny cells from filling the
memory.
"""
SLACK_ROWS: Final = 100
"""Rows beyond MAX_ROWS still read, for titles, a header and blank lines."""

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
    (b"\xff\xfe\x00\x00", "utf-32", "UTF-32"),
    (b"\x00\x00\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
)
_DELIMITERS: Final = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe", " ": "blank"}
_SEPARATOR_HINT: Final = re.compile(r'"?sep=([,;|\t])"?')
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def decode(data: bytes, filename: str) -> tuple[str, str]:
    """The text and its encoding's name: by byte order mark, else UTF-16 by its zeros, UTF-8, Windows-1252."""
    for bom, encoding, name in _BOMS:
        if data.startswith(bom):
            candidates = [(encoding, name)]
            break
    else:
        head = data[:4096]
        if head[1::2].count(0) > 0.4 * len(head[1::2]) and len(head) > 1:
            candidates = [("utf-16-le", "UTF-16")]
        elif head[0::2].count(0) > 0.4 * len(head[0::2]):
            candidates = [("utf-16-be", "UTF-16")]
        else:
            candidates = [("utf-8", "UTF-8"), ("cp1252", "Windows-1252")]
    for encoding, name in candidates:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text[:65536])) <= 0.01 * min(len(text), 65536):
            return text, name
    raise refuse("not_text", f"“{filename}” holds neither text in a known encoding nor a workbook. {ADVICE}")


@dataclass
class _Lines:
    """Feeds lines to csv.reader, counting them so that every record knows where it began."""

    lines: Iterable[str]
    consumed: int = 0
    record_start: int = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.lines:
            self.consumed += 1
            if self.consumed - self.record_start > MAX_LINES_IN_CELL:
                raise csv.Error("the quotation mark is never closed")
            yield f"{line}\n"


def _records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record's first line (from 1) and its cells. Raises csv.Error."""
    if delimiter == " ":
        lines = (" ".join(line.split()) for line in lines)
    source = _Lines(lines)
    for cells in csv.reader(source, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True):
        yield source.record_start + 1, cells
        source.record_start = source.consumed


def _sample(lines: list[str]) -> list[str]:
    """Some lines from the beginning and the end that tell the delimiter, unless the table is small."""
    picked = lines if len(lines) <= 600 else lines[:400] + lines[-200:]
    filled = [line for line in picked if line.strip()]
    return filled if len(filled) <= 150 else filled[:100] + filled[-50:]


def detect_delimiter(lines: list[str]) -> str:
    """The delimiter whose cells are numbers most often; on a tie the steadier one, then the earlier in the
    list.
    """
    sample = _sample(lines)
    best, best_score = ",", (0, 0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            records = [cells for _, cells in _records(sample, delimiter)]
        except csv.Error:
            continue
        widths = Counter(len(cells) for cells in records)
        if not widths or max(widths) == 1:
            continue
        width, steady = max(widths.items(), key=lambda item: (item[1], item[0]))
        numbers = sum(is_number(cell) for cell in chain.from_iterable(records))
        score = (numbers, steady / len(records) if width > 1 else 0.0, width)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def read_text(data: bytes, filename: str) -> Grid:
    """The cells of delimited text. Raises TableError where it is not text, or too large, or badly quoted."""
    text, encoding = decode(data, filename)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            message = (
                f"Line {number} of “{filename}” has {len(line):,} characters. "
                f"At most {MAX_COLUMNS} columns can be read; an FNA table has about 32."
            )
            raise TableError([Problem("line_too_long", message, row=number)])
    hint = _SEPARATOR_HINT.fullmatch(lines[0].strip(" "))
    delimiter = hint.group(1) if hint else detect_delimiter(lines)
    if hint:
        lines[0] = ""
    rows, row_numbers = _cells(lines, delimiter, filename)
    return Grid(rows, row_numbers, f"{_DELIMITERS[delimiter]}-separated text, {encoding}")


def _cells(lines: list[str], delimiter: str, filename: str) -> tuple[list[list[str]], list[int]]:
    rows: list[list[str]] = []
    row_numbers: list[int] = []
    number, cells_read = 1, 0
    try:
        for number, cells in _records(lines, delimiter):
            if len(cells) > MAX_COLUMNS:
                message = f"Row {number} has {len(cells):,} columns; at most {MAX_COLUMNS} can be read."
                raise TableError([Problem("too_many_columns", message, row=number)])
            if not any(map(str.strip, cells)):
                continue
            cells_read += len(cells)
            if cells_read > MAX_CELLS:
                raise too_many_cells(filename)
            rows.append(cells)
            row_numbers.append(number)
            if len(rows) > MAX_ROWS + SLACK_ROWS:
                raise too_many_rows(filename)
    except csv.Error as error:
        line = row_numbers[-1] + 1 if row_numbers else number
        message = (
            f"The row that begins at line {line} can't be read ({error}). "
            "Check the quotation marks there: a cell that begins with one must end with one."
        )
        raise TableError([Problem("bad_quoting", message, row=line)]) from error
    return rows, row_numbers


def too_many_cells(filename: str) -> TableError:
    """The refusal of a table with more than MAX_CELLS cells."""
    return refuse(
        "too_many_cells",
        f"“{filename}” has more than {MAX_CELLS:,} cells. Leave out columns that aren't needed, or split it.",
    )


def too_many_rows(filename: str) -> TableError:
    """The refusal of a table with more than MAX_ROWS samples."""
    return refuse("too_many_rows", f"“{filename}” has more than {MAX_ROWS:,} rows. Split it into smaller files.")
