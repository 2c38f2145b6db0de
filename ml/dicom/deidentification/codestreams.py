"""Comments and application data inside compressed pixels, blanked where they lie.

Writers put their name, the patient's name or a whole EXIF block there. Lengths don't change, so fragments and
offset tables stay right.
"""

import re
import struct
from collections.abc import Callable
from typing import Final

_JPEG_START: Final = b"\xff\xd8"
_JPEG_END: Final = b"\xff\xd9"
_J2K_START: Final = b"\xff\x4f\xff\x51"
_JP2_SIGNATURE: Final = b"\x00\x00\x00\x0cjP  "
_MARKER_AFTER_SCAN: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_COM: Final = 0xFE
_APP0, _APP8, _APP14, _APP15 = 0xE0, 0xE8, 0xEE, 0xEF
_SOS, _EOI = 0xDA, 0xD9
_J2K_COM, _J2K_SOT, _J2K_SOD, _J2K_EOC = 0x64, 0x90, 0x93, 0xD9
_JFIF_BYTES: Final = 14
_TELLING_BOXES: Final = frozenset({b"xml ", b"uuid", b"uinf", b"url ", b"jp2i"})


def cleaner_for(frame: bytes) -> Callable[[bytearray], None] | None:
    """What cleans this codestream, or None where nothing can hide in it (RLE, deflated frames)."""
    if frame.startswith(_JPEG_START):
        return clean_jpeg
    if frame.startswith(_J2K_START):
        return clean_jpeg_2000
    if frame.startswith(_JP2_SIGNATURE):
        return clean_jp2
    return None


def clean_jpeg(data: bytearray) -> None:
    """JPEG and JPEG-LS: COM and APPn segments, except the colour facts of JFIF, Adobe and HP, and all after EOI."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker == _EOI:
            _blank(data, at + 2, len(data))
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        length = struct.unpack_from(">H", data, at + 2)[0]
        end = min(at + 2 + length, len(data))
        _clean_segment(data, marker, at + 4, end)
        at = end
        if marker == _SOS:
            found = _MARKER_AFTER_SCAN.search(data, at)
            at = found.start() if found else len(data)


def _clean_segment(data: bytearray, marker: int, start: int, end: int) -> None:
    if marker == _APP0 and data[start : start + 5] == b"JFIF\0":
        _blank(data, start + _JFIF_BYTES, end)
        data[start + 12 : min(start + 14, end)] = bytes(min(2, max(0, end - start - 12)))  # no thumbnail
    elif (marker == _APP14 and data[start : start + 5] == b"Adobe" and end - start <= 12) or (
        marker == _APP8 and data[start : start + 4] == b"mrfx" and end - start <= 6
    ):
        return
    elif marker == _COM or _APP0 <= marker <= _APP15:
        _blank(data, start, end)


def clean_jpeg_2000(data: bytearray, start: int = 0) -> None:
    """JPEG 2000 and HTJ2K codestreams: COM segments of the main and tile-part headers, and all after EOC."""
    at = start + 2
    tile_end = 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _J2K_EOC:
            _blank(data, at + 2, len(data))
            return
        if marker == _J2K_SOD:
            if tile_end <= at:
                return
            at = tile_end
            if at + 2 <= len(data) and data[at : at + 2] == _JPEG_END:
                _blank(data, at + 2, len(data))
                return
            continue
        length = struct.unpack_from(">H", data, at + 2)[0]
        if marker == _J2K_SOT and at + 10 <= len(data):
            size = struct.unpack_from(">I", data, at + 6)[0]
            tile_end = at + size if size else len(data)
        if marker == _J2K_COM:
            _blank(data, at + 6, min(at + 2 + length, len(data)))
        at += 2 + length


def clean_jp2(data: bytearray) -> None:
    """A JP2 file's boxes of metadata, and the codestream in it."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1 and at + 16 <= len(data):
            length, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        end = len(data) if length == 0 else min(at + length, len(data))
        if end < at + head:
            return
        if kind in _TELLING_BOXES:
            _blank(data, at + head, end)
        elif kind == b"jp2c":
            inner = bytearray(data[at + head : end])
            clean_jpeg_2000(inner)
            data[at + head : end] = inner
        at = end


def _blank(data: bytearray, start: int, end: int) -> None:
    if end > start:
        data[start:end] = bytes(end - start)
