"""What a workbook's ZIP archive would unpack to, found out before it is given to the reader.

A few kilobytes can declare gigabytes: by compression, or by one cell in a far corner of a sheet, since the
reader builds the rectangle up to it.
"""

import re
import zlib
from io import BytesIO
from typing import IO, Final
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

from ml.fna.intake.content import ADVICE, encrypted, refuse, unreadable_workbook
from ml.fna.intake.text import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, SLACK_ROWS

MAX_UNPACKED: Final = 400 * 1024 * 1024
MAX_MEMBERS: Final = 2_000
_CHUNK: Final = 1 << 20
_REFERENCE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,8})([0-9]{1,12})["']""")
_ESCAPED_REFERENCE: Final = re.compile(rb"""\br\s*=\s*["'][^"'<>]{0,40}&""")
_LAST_ROW: Final = MAX_ROWS + SLACK_ROWS
_OVERLAP: Final = 64
_DAMAGED: Final = (
    expat.ExpatError,
    BadZipFile,
    NotImplementedError,
    RuntimeError,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
)


def check_archive(data: bytes, filename: str) -> None:
    """Raise TableError unless the archive is a workbook that unpacks to a table of a readable size."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            _check_members(archive, filename)
    except _DAMAGED as error:
        raise unreadable_workbook(filename) from error


def _check_members(archive: ZipFile, filename: str) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.bin" in names:
        message = f"“{filename}” is an Excel binary workbook (.xlsb). Save it as .xlsx or CSV and upload that."
        raise refuse("binary_workbook", message)
    if not names & {"xl/workbook.xml", "content.xml"}:
        message = f"“{filename}” is an archive or another kind of document, not a workbook. {ADVICE}"
        raise refuse("not_a_table", message)
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED:
        raise refuse(
            "archive_too_large",
            f"“{filename}” would unpack to {unpacked / 2**20:,.0f} MB in {len(members):,} parts; at most "
            f"{MAX_UNPACKED // 2**20} MB can be read. Save the table as CSV.",
        )
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise encrypted(filename)
    for member in members:
        # Reading to the end also proves that the declared size is true: zipfile checks length and CRC.
        with archive.open(member) as stream:
            _check_references(stream, filename)
    if "content.xml" in names:
        _check_repeats(archive.read("content.xml"), filename)


def _check_reach(rows: int, columns: int, filename: str) -> None:
    if rows > _LAST_ROW or columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise refuse(
            "sheet_too_large",
            f"A sheet of “{filename}” reaches to row {rows:,} and column {columns:,}; at most {MAX_ROWS:,} "
            f"rows, {MAX_COLUMNS} columns and {MAX_CELLS:,} cells can be read. Delete stray cells far from "
            "the table.",
        )


def _check_references(stream: IO[bytes], filename: str) -> None:
    """Refuse cell references ("AF570") that reach too far, and ones written so that they can't be seen.

    Every member is looked at, since a workbook may keep its sheets under any name.
    """
    rows = columns = 0
    tail = b""
    while chunk := stream.read(_CHUNK):
        xml = tail + chunk
        if _ESCAPED_REFERENCE.search(xml):
            raise ValueError("a cell reference is hidden in character entities")
        for letters, digits in set(_REFERENCE.findall(xml)):
            column = 0
            for letter in letters.upper():
                column = column * 26 + letter - ord("A") + 1
            rows, columns = max(rows, int(digits)), max(columns, column)
        tail = chunk[-_OVERLAP:]
    _check_reach(rows, columns, filename)


class _RepeatCounter:
    """Follows an OpenDocument table and measures how far its filled cells reach with repeats written out."""

    def __init__(self) -> None:
        self.rows = self.columns = 0
        self._row = self._column = 0
        self._row_repeat = 1
        self._row_filled = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "table:table":
            self._row = 0
        elif name == "table:table-row":
            self._row_repeat = int(attributes.get("table:number-rows-repeated", "1"))
            self._column, self._row_filled = 0, False
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._column += int(attributes.get("table:number-columns-repeated", "1"))
            if "office:value-type" in attributes or "table:formula" in attributes:
                self._fill()
        elif name == "text:p":
            self._fill()

    def _fill(self) -> None:
        self._row_filled = True
        self.columns = max(self.columns, self._column)

    def end(self, name: str) -> None:
        if name == "table:table-row":
            self._row += self._row_repeat
            if self._row_filled:
                self.rows = max(self.rows, self._row)


def _check_repeats(xml: bytes, filename: str) -> None:
    counter = _RepeatCounter()
    parser = expat.ParserCreate()
    parser.StartElementHandler = counter.start
    parser.EndElementHandler = counter.end
    parser.Parse(xml, True)
    _check_reach(counter.rows, counter.columns, filename)
