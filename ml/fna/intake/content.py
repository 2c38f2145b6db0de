"""What kind of file the bytes are, told by their content; the file's name proves nothing."""

import re
from typing import Final, Literal

from ml.fna.intake.table import Problem, TableError

MAX_BYTES: Final = 50 * 1024 * 1024

_ZIP: Final = b"PK\x03\x04"
_OLE2: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"GIF8", "a GIF image"),
    (0, b"BM\x00", "a BMP image"),
    (0, b"II*\x00", "a TIFF image"),
    (0, b"MM\x00*", "a TIFF image"),
    (128, b"DICM", "a DICOM image"),
    (0, b"%PDF", "a PDF document"),
    (0, b"{\\rtf", "a rich-text document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"Rar!", "a RAR archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"PAR1", "a Parquet file"),
    (0, b"SQLite format 3\x00", "a database file"),
    (0, b"\x89HDF", "an HDF5 file"),
    (0, b"\x93NUMPY", "a NumPy file"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ\x90", "a program"),
)
_MARKUP: Final[tuple[tuple[re.Pattern[bytes], str], ...]] = (
    (re.compile(rb"\s*<(!doctype|html|\?xml|svg|table)", re.IGNORECASE), "a web page or XML document"),
    (re.compile(rb"\s*[\[{]\s*[\[{\"]"), "JSON"),
)
ADVICE: Final = "Upload a CSV, TSV or Excel table with one sample a row."


def refuse(code: str, message: str) -> TableError:
    """A TableError about the file as a whole."""
    return TableError([Problem(code, message)])


def encrypted(filename: str) -> TableError:
    """The refusal of a workbook under a password."""
    return refuse(
        "encrypted",
        f"“{filename}” is protected by a password. Save a copy without one, or as CSV, and upload that.",
    )


def unreadable_workbook(filename: str) -> TableError:
    """The refusal of a workbook that is damaged, or a document of another kind in the same container."""
    return refuse(
        "unreadable_workbook",
        f"“{filename}” can't be opened as a workbook: it is damaged or another kind of document. {ADVICE}",
    )


def kind_of(data: bytes, filename: str) -> Literal["text", "workbook"]:
    """Whether to read the bytes as text or as a workbook; raises TableError for what can't be a table."""
    if len(data) > MAX_BYTES:
        raise refuse(
            "file_too_large",
            f"“{filename}” has {len(data) / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB can be read. "
            "Split the table.",
        )
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise refuse("empty_file", f"“{filename}” is empty. {ADVICE}")
    if data.startswith((_ZIP, _OLE2)):
        return "workbook"
    for offset, signature, name in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            raise refuse("not_a_table", f"“{filename}” is {name}, not a table. {ADVICE}")
    for pattern, name in _MARKUP:
        if pattern.match(data[:1024].removeprefix(b"\xef\xbb\xbf")):
            raise refuse("not_a_table", f"“{filename}” looks like {name}, not a table. {ADVICE}")
    return "text"
