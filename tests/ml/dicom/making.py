"""DICOM files made byte by byte, so that they can break any rule; and where the real ones are."""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ml.dicom.inspection import Inspection, inspect
from ml.dicom.outcomes import Refusal
from ml.dicom.screening import Screened, screen

SHARED = Path(__file__).parents[4] / "shared" / "data"
real_files = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real DICOM files are not here")

IMPLICIT, EXPLICIT, BIG, DEFLATED, RLE, JPEG, J2K, MPEG = (
    "1.2.840.10008.1.2" + end for end in ("", ".1", ".2", ".1.99", ".5", ".4.50", ".4.90", ".4.102")
)
ULTRASOUND = "1.2.840.10008.5.1.4.1.1.6.1"
UNDEFINED = 0xFFFFFFFF
LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


def element(
    tag: int,
    vr: str,
    value: bytes | str | int = b"",
    length: int | None = None,
    *,
    implicit: bool = False,
    big: bool = False,
) -> bytes:
    """One element; `length` may lie. Numbers become US."""
    order = ">" if big else "<"
    if isinstance(value, int):
        value = struct.pack(order + "H", value)
    if isinstance(value, str):
        value = value.encode("latin-1")
    if len(value) % 2:
        value += b"\0" if vr in {"UI", "OB"} else b" "
    length = len(value) if length is None else length
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    if implicit or not vr:
        return head + struct.pack(order + "L", length) + value
    if vr in LONG:
        return head + vr.encode() + b"\0\0" + struct.pack(order + "L", length) + value
    return head + vr.encode() + struct.pack(order + "H", length) + value


def item(content: bytes = b"", length: int | None = None, *, tag: int = ITEM) -> bytes:
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(content) if length is None else length) + content


def sequence(*contents: bytes, tag: int = 0x00081140, implicit: bool = False) -> bytes:
    """A sequence of stated length with items of stated lengths."""
    return element(tag, "SQ", b"".join(item(content) for content in contents), implicit=implicit)


def open_sequence(*contents: bytes, tag: int = 0x00081140, vr: str = "SQ") -> bytes:
    """A sequence and items of undefined length."""
    items = b"".join(item(content + item(tag=ITEM_END), UNDEFINED) for content in contents)
    return element(tag, vr, b"", UNDEFINED) + items + item(tag=SEQUENCE_END)


def fragments(*pieces: bytes, table: bytes = b"", closed: bool = True) -> bytes:
    """Encapsulated pixel data."""
    items = item(table) + b"".join(item(piece + b"\0" * (len(piece) % 2)) for piece in pieces)
    return element(0x7FE00010, "OB", b"", UNDEFINED) + items + (item(tag=SEQUENCE_END) if closed else b"")


IDENTIFIERS: dict[int, tuple[str, str]] = {
    0x00080016: ("UI", ULTRASOUND),
    0x00080018: ("UI", "1.2.3.4"),
    0x00080060: ("CS", "US"),
    0x00100010: ("PN", "Doe^Jane"),
    0x00100020: ("LO", "P-1"),
    0x0020000D: ("UI", "1.2.3"),
    0x0020000E: ("UI", "1.2.3.1"),
}
DESCRIPTION: dict[int, tuple[str, int | str]] = {
    0x00280002: ("US", 1),
    0x00280004: ("CS", "MONOCHROME2"),
    0x00280010: ("US", 4),
    0x00280011: ("US", 6),
    0x00280100: ("US", 8),
    0x00280101: ("US", 8),
    0x00280102: ("US", 7),
    0x00280103: ("US", 0),
}
SAMPLES, PHOTOMETRIC, FRAMES, ROWS, COLUMNS, ALLOCATED, STORED = (
    0x00280002,
    0x00280004,
    0x00280008,
    0x00280010,
    0x00280011,
    0x00280100,
    0x00280101,
)


def data_set(
    *extra: bytes,
    pixels: bytes | None = None,
    implicit: bool = False,
    big: bool = False,
    change: dict[int, tuple[str, int | str] | None] | None = None,
) -> bytes:
    """An ultrasound image of 4 × 6 pixels; `change` replaces elements by (VR, value), None leaves one out.

    `extra` elements come before the pixel element `pixels`.
    """
    fields: dict[int, tuple[str, int | str] | None] = {**IDENTIFIERS, **DESCRIPTION, **(change or {})}
    elements = [
        element(tag, field[0], field[1], implicit=implicit, big=big) for tag, field in sorted(fields.items()) if field
    ]
    if pixels is None:
        pixels = element(0x7FE00010, "OB", bytes(range(24)), implicit=implicit, big=big)
    return b"".join(elements) + b"".join(extra) + pixels


def dicom_file(content: bytes | None = None, syntax: str | None = EXPLICIT, preamble: bytes = bytes(128)) -> bytes:
    """A whole file around a data set."""
    meta = element(0x00020001, "OB", b"\0\1") + element(0x00020002, "UI", ULTRASOUND)
    if syntax is not None:
        meta += element(0x00020010, "UI", syntax)
    content = data_set() if content is None else content
    if syntax == DEFLATED:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = packer.compress(content) + packer.flush()
    length = element(0x00020000, "UL", struct.pack("<L", len(meta)))
    return preamble + b"DICM" + length + meta + content


def screened(content: bytes | None = None, **file: object) -> Screened:
    """Screen a file around `content`."""
    return screen(dicom_file(content, **file))  # type: ignore[arg-type]


def refused(content: bytes | None = None, **file: object) -> str:
    """The code with which a file around `content` is refused."""
    with pytest.raises(Refusal) as caught:
        screened(content, **file)
    assert caught.value.message.endswith((".", "."))
    return caught.value.code


def inspected(tmp_path: Path, data: bytes, **options: object) -> Inspection:
    """Inspect the bytes as a file."""
    path = tmp_path / "file"
    path.write_bytes(data)
    return inspect(path, **options)  # type: ignore[arg-type]


def jpeg_2000_head(rows: int, columns: int, components: int = 1) -> bytes:
    """The SOC and SIZ markers of a codestream."""
    siz = struct.pack(">HLLLLLLLLH", 0, columns, rows, 0, 0, columns, rows, 0, 0, components) + b"\7\1\1" * components
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(siz) + 2) + siz


def jpeg_head(rows: int, columns: int, components: int = 1) -> bytes:
    """The SOI and SOF0 markers of a codestream."""
    frame = struct.pack(">BHHB", 8, rows, columns, components) + b"\1\x11\0" * components
    return b"\xff\xd8\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame


def rle_frame(*segments: bytes) -> bytes:
    """An RLE frame of the packed segments given."""
    starts, at = [], 64
    for segment in segments:
        starts.append(at)
        at += len(segment)
    return struct.pack("<16L", len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(segments)


def real_paths() -> Iterator[Path]:
    """Every real file of the shared DICOM sets."""
    if SHARED.is_dir():
        yield from sorted(path for path in SHARED.glob("dicom-*/**/*") if path.is_file())


def nested(depth: int, wrap: Callable[[bytes], bytes]) -> bytes:
    """`depth` sequences inside each other."""
    content = b""
    for _ in range(depth):
        content = wrap(content)
    return content
