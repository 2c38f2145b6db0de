"""Where the elements of a data set lie in a buffer, and their values as plain Python ones.

Values are read from the bytes, leniently: real files break the rules of value types without doing harm, and a
reader that warns about each would write patients' names into logs.
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass, field
from typing import Final

from ml.dicom.charsets import decode
from ml.dicom.outcomes import Remark

Buffer = bytes | bytearray | mmap.mmap
Span = tuple[int, int]
Path = tuple[int, ...]

SPECIFIC_CHARACTER_SET: Final = 0x0008_0005
PIXEL_TAGS: Final = (0x7FE0_0010, 0x7FE0_0008, 0x7FE0_0009)
"""Pixel Data, Float Pixel Data, Double Float Pixel Data."""
_PERSON_NAME_GROUP: Final = frozenset({0x0010_0010, 0x0008_0090})
_MAX_TEXT_BYTES: Final = 65_536
_NUMBER: Final = re.compile(r"[+-]?\d{1,12}(\.0*)?")


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Pixel data as they lie in the buffer.

    `declared` is the stated length, `available` what of it the buffer holds; of encapsulated pixel data `fragments`
    are the (start, length) of every item, the Basic Offset Table first, and `closed` tells that they are terminated.
    """

    tag: int
    start: int
    declared: int
    available: int
    fragments: tuple[Span, ...] | None = None
    closed: bool = True


@dataclass(slots=True)
class Elements:
    """One data set: top-level elements by tag, and those wanted from inside its sequences.

    `spans` maps a tag to the (start, length) of its value in `buffer`; `nested` lists, in the file's order, the
    path of sequence tags that leads to an element, the element's tag last, and its span.
    """

    buffer: Buffer
    little_endian: bool = True
    implicit_vr: bool = False
    spans: dict[int, Span] = field(default_factory=dict)
    nested: list[tuple[Path, Span]] = field(default_factory=list)
    pixels: PixelElement | None = None
    remarks: dict[str, Remark] = field(default_factory=dict)
    end: int = 0
    undecodable: bool = False

    def __contains__(self, tag: int) -> bool:
        return tag in self.spans

    def raw(self, tag: int) -> bytes:
        """The value's bytes, b"" when the element is absent."""
        return self._bytes(self.spans.get(tag, (0, 0)))

    def text(self, tag: int) -> str:
        """The value as text in the file's character set, NULs and outer blanks removed."""
        return self._text(self.raw(tag), tag in _PERSON_NAME_GROUP)

    def code_values(self, tag: int) -> tuple[str, ...]:
        """All values of a code string, in capitals."""
        return tuple(part.strip().upper() for part in self.text(tag).split("\\")) if self.raw(tag) else ()

    def code(self, tag: int) -> str:
        """The first value of a code string, in capitals."""
        return self.text(tag).split("\\", 1)[0].strip().upper()

    def uid(self, tag: int) -> str:
        """The value of a UID, trailing padding removed."""
        return self.raw(tag).decode("latin-1").strip(" \0")

    def integer(self, tag: int) -> int | None:
        """The first value of an integer string, None when it is absent or no whole number."""
        found = _NUMBER.fullmatch(self.code(tag))
        return int(found[0].split(".")[0]) if found else None

    def short(self, tag: int) -> int | None:
        """The first value of an unsigned 16-bit number (US), None when it is absent."""
        value = self.raw(tag)
        return int.from_bytes(value[:2], "little" if self.little_endian else "big") if len(value) >= 2 else None

    def longs(self, tag: int) -> tuple[int, ...]:
        """The values of an array of unsigned 64-bit numbers (OV)."""
        value = self.raw(tag)
        return struct.unpack(f"{'<' if self.little_endian else '>'}{len(value) // 8}Q", value[: len(value) // 8 * 8])

    def nested_text(self, *path: int) -> tuple[str, ...]:
        """The texts of all elements whose path of tags ends in `path`."""
        found = (self._text(self._bytes(span), False) for at, span in self.nested if at[-len(path) :] == path)
        return tuple(text for text in found if text)

    def remark(self, code: str, message: str = "") -> None:
        """Note something about the file once."""
        self.remarks.setdefault(code, Remark.of(code, message))

    def _bytes(self, span: Span) -> bytes:
        start, length = span
        return bytes(self.buffer[start : start + min(length, _MAX_TEXT_BYTES)])

    def _text(self, value: bytes, person_name: bool) -> str:
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii").replace("\0", "").strip()
        names = self.raw(SPECIFIC_CHARACTER_SET).decode("latin-1").strip(" \0").split("\\")
        text, faithful = decode(value, names, person_name=person_name)
        if not faithful:
            self.undecodable = True
            self.remark("character_set_unknown")
        return text.replace("\0", "").strip()
