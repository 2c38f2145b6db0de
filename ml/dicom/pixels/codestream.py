"""What a compressed frame says of itself, read from its first marker segments without decoding it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Family = Literal["jpeg", "jpeg_lossless", "jpeg_ls", "jpeg_2000"]

_STANDALONE: Final = {0x01, *range(0xD0, 0xD9)}
_LOSSLESS: Final = {0xC3, 0xC7, 0xCB, 0xCF}
_NOT_FRAMES: Final = {0xC4, 0xC8, 0xCC}
_JP2_BOX: Final = b"\x00\x00\x00\x0cjP"


@dataclass(frozen=True)
class Codestream:
    """The frame header: family of codec, size, bits a sample, and what tells the colour space.

    `signed` is None where the format doesn't say. `component_ids`, `jfif` and `adobe_transform` are JPEG's.
    """

    family: Family
    rows: int
    columns: int
    components: int
    precision: int
    signed: bool | None = None
    component_ids: bytes = b""
    jfif: bool = False
    adobe_transform: int | None = None


def read_codestream(data: bytes) -> Codestream | None:
    """The frame header of a JPEG, JPEG-LS or JPEG 2000 codestream; None when there is none to be found."""
    try:
        if data.startswith(_JP2_BOX):
            start = data.find(b"\xff\x4f\xff\x51")
            return _jpeg_2000(data[start : start + 64]) if start >= 0 else None
        if data.startswith(b"\xff\x4f\xff\x51"):
            return _jpeg_2000(data[:64])
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except IndexError:
        pass
    return None


def _number(data: bytes, start: int, size: int) -> int:
    if start + size > len(data):
        raise IndexError
    return int.from_bytes(data[start : start + size], "big")


def _jpeg_2000(data: bytes) -> Codestream:
    """From the SIZ marker segment (ISO/IEC 15444-1 A.5.1)."""
    right, bottom, left, top = (_number(data, 8 + 4 * index, 4) for index in range(4))
    depth = data[42]
    return Codestream(
        "jpeg_2000",
        rows=bottom - top,
        columns=right - left,
        components=_number(data, 40, 2),
        precision=(depth & 0x7F) + 1,
        signed=bool(depth & 0x80),
    )


def _jpeg(data: bytes) -> Codestream | None:
    """From the frame header (ISO/IEC 10918-1 B.2.2, ISO/IEC 14495-1 C.2.2) and the APP segments before it."""
    position, jfif, adobe = 2, False, None
    while position < len(data) - 1:
        if data[position] != 0xFF or data[position + 1] in {0xFF, 0x00, *_STANDALONE}:
            position += 1
            continue
        marker, body = data[position + 1], position + 4
        if marker == 0xDA:
            return None
        if (0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES) or marker == 0xF7:
            components = data[body + 5]
            return Codestream(
                "jpeg_ls" if marker == 0xF7 else "jpeg_lossless" if marker in _LOSSLESS else "jpeg",
                rows=_number(data, body + 1, 2),
                columns=_number(data, body + 3, 2),
                components=components,
                precision=data[body],
                component_ids=data[body + 6 : body + 6 + 3 * components : 3],
                jfif=jfif,
                adobe_transform=adobe,
            )
        length = _number(data, position + 2, 2)
        if marker == 0xE0 and data[body : body + 4] == b"JFIF":
            jfif = True
        if marker == 0xEE and data[body : body + 5] == b"Adobe" and length >= 14:
            adobe = data[body + 11]
        position += 2 + max(length, 2)
    return None
