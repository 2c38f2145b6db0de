"""The walk over a data set's elements that proves it sound before any library reads it (PS3.5 section 7).

It follows the reading of pydicom where files break the rules, so that what is checked here is what is read later:
items may switch to implicit VR, sequences of unknown type are recognised by their items, the last of two equal
elements counts. Nothing is decoded and no value copied; time and memory are bounded.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from ml.dicom import faults
from ml.dicom.elements import Buffer, Elements, PixelElement, Span
from ml.dicom.faults import MAX_DEPTH, MAX_ELEMENTS
from ml.dicom.known_elements import ITEM, ITEM_END, LONG_VRS, PIXELS, SEQUENCE_END, WANTED_INSIDE, is_sequence
from ml.dicom.limits import MAX_FRAGMENTS

_UNDEFINED: Final = 0xFFFF_FFFF
_MAX_WANTED: Final = 60_000
_NOT_ZERO: Final = re.compile(rb"[^\0]")


class _UnsoundError(Exception):
    """Raised inside a walk that only looks whether bytes may be a sequence: they are not."""


class Walk:
    """One walk over a data set of `buffer`, from `start` to its end."""

    def __init__(self, buffer: Buffer, start: int, *, implicit_vr: bool, little_endian: bool) -> None:
        self.buffer = buffer
        self.size = len(buffer)
        self.elements = Elements(buffer, little_endian, implicit_vr)
        order = "<" if little_endian else ">"
        self._tag_and_length = struct.Struct(order + "HHL").unpack_from
        self._tag_vr_length = struct.Struct(order + "HH2sH").unpack_from
        self._length = struct.Struct(order + "L").unpack_from
        self._count = 0
        self._guessing = False
        self._path: list[int] = []
        self._start = start
        self._implicit = implicit_vr

    def run(self) -> Elements:
        """Walk.

        Raises:
            Refusal: damaged_header, truncated, element_too_long, too_deep, too_many_elements, too_many_fragments.
        """
        self.elements.end = self._dataset(self._start, self.size, self._implicit, bounded=True)
        return self.elements

    # A data set: the file's own, or a sequence's item.

    def _dataset(self, position: int, end: int, implicit: bool, *, bounded: bool) -> int:
        """Walk to `end`, or for an item of undefined length (not `bounded`) to its delimiter; returns where it ends."""
        top = not self._path and not self._guessing
        while position < end:
            if end - position < 8:
                return self._leftover(position, end, top)
            tag, vr, length, position = self._head(position, end, implicit)
            if tag == ITEM_END:
                if top:
                    self.elements.remark("trailing_bytes")
                return position
            if top and tag in PIXELS:
                position = self._pixels(tag, position, length, end)
            elif length == _UNDEFINED:
                position = self._undefined(tag, vr, position, end, implicit)
            elif top and not tag and not length:
                return self._zeros(position, end)
            else:
                self._defined(tag, vr, position, length, end, implicit=implicit)
                position += length
        if not bounded:
            raise self._open_end(end)
        return position

    def _head(self, position: int, end: int, implicit: bool) -> tuple[int, bytes, int, int]:
        """The tag, VR (b"" where there is none) and length of the element at `position`, and where its value starts."""
        self._counted()
        group, element, vr, length = self._tag_vr_length(self.buffer, position)
        tag = group << 16 | element
        value = position + 8
        # An unreadable VR means that a writer fell back to implicit VR.
        if implicit or group == 0xFFFE or not (b"AA" <= vr <= b"ZZ"):
            return tag, b"", self._length(self.buffer, position + 4)[0], value
        if vr in LONG_VRS:
            if end - value < 4:
                raise self._cut(tag, 4, end - value, end)
            return tag, vr, self._length(self.buffer, value)[0], value + 4
        return tag, vr, length, value

    def _defined(self, tag: int, vr: bytes, position: int, length: int, end: int, *, implicit: bool) -> None:
        """An element of stated length."""
        if length > end - position:
            raise self._cut(tag, length, end - position, end)
        if vr == b"SQ" or (not vr and is_sequence(tag)):
            self._sequence(tag, position, position + length, implicit, bounded=True)
        elif length >= 8 and vr in (b"UN", b"") and self._item_at(position):
            self._perhaps_sequence(tag, position, position + length, implicit)
        if self._guessing:
            return
        if not self._path:
            self.elements.spans[tag] = (position, length)
        elif tag in WANTED_INSIDE and len(self.elements.nested) < _MAX_WANTED:
            self.elements.nested.append(((*self._path, tag), (position, length)))

    def _counted(self) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise faults.too_many_elements()

    def _zeros(self, position: int, end: int) -> int:
        """Zeros where an element should begin: padding, if nothing follows."""
        if _NOT_ZERO.search(self.buffer, position, end):
            raise self._damaged(position - 8, "zeros stand where an element should")
        self.elements.remark("trailing_bytes")
        return end

    def _leftover(self, position: int, end: int, top: bool) -> int:
        """A few bytes that are no element, at the end of a data set."""
        if any(self.buffer[position:end]):
            if top and self.elements.pixels is not None:
                self.elements.remark("trailing_bytes")
                return end
            raise self._cut(0, 8, end - position, end)
        if top:
            self.elements.remark("trailing_bytes")
        return end

    # Sequences.

    def _undefined(self, tag: int, vr: bytes, position: int, end: int, implicit: bool) -> int:
        """An element of undefined length that is not the file's pixel data; returns where it ends."""
        # VR UN of undefined length is a sequence in implicit VR (PS3.5 6.2.2); unknown elements are looked into.
        sequence = vr in (b"SQ", b"UN") or (not vr and (is_sequence(tag) or self._item_at(position)))
        if sequence:
            return self._sequence(tag, position, end, implicit, bounded=False)
        _, finish, closed = self._fragments(position, end)
        if not closed:
            raise self._open_end(end)
        return finish

    def _sequence(self, tag: int, position: int, end: int, implicit: bool, *, bounded: bool) -> int:
        """The items of a sequence; `bounded` when `end` is its stated end; returns where it ends."""
        self._path.append(tag)
        if len(self._path) > MAX_DEPTH:
            raise faults.too_deep()
        while end - position >= 8:
            self._counted()
            group, element, length = self._tag_and_length(self.buffer, position)
            found = group << 16 | element
            position += 8
            if found == SEQUENCE_END:
                self._path.pop()
                return position
            if found != ITEM:
                raise self._damaged(position - 8, "a sequence holds something else than items")
            inner = implicit or self._is_implicit(position, end)
            if length == _UNDEFINED:
                position = self._dataset(position, end, inner, bounded=False)
            elif length > end - position:
                raise self._cut(tag, length, end - position, end)
            else:
                position = self._item(position, position + length, inner)
        self._path.pop()
        return self._sequence_end(tag, position, end, bounded)

    def _sequence_end(self, tag: int, position: int, end: int, bounded: bool) -> int:
        """A sequence that ran out of items without a delimiter: right if its length was stated."""
        if any(self.buffer[position:end]):
            raise self._cut(tag, 8, end - position, end)
        if bounded:
            return end
        raise self._open_end(end)

    def _item(self, position: int, end: int, implicit: bool) -> int:
        self._dataset(position, end, implicit, bounded=True)
        return end

    def _is_implicit(self, position: int, end: int) -> bool:
        """Whether an item's first element has no VR: items may be implicit in an explicit file."""
        vr = bytes(self.buffer[position + 4 : position + 6])
        if len(vr) < 2 or position + 6 > end or self._delimiter_at(position):
            return False
        return not (0x40 < vr[0] < 0x5B and 0x40 < vr[1] < 0x5B)

    def _perhaps_sequence(self, tag: int, position: int, end: int, implicit: bool) -> None:
        """A value of unknown type that begins like a sequence: what a reader could take for one must not be deep."""
        guessing, path = self._guessing, list(self._path)
        self._guessing = True
        try:
            self._sequence(tag, position, end, implicit, bounded=True)
        except _UnsoundError:
            pass
        finally:
            self._guessing, self._path = guessing, path

    def _item_at(self, position: int) -> bool:
        if self.size - position < 8:
            return False
        group, element, _ = self._tag_and_length(self.buffer, position)
        return bool(group << 16 | element == ITEM)

    def _delimiter_at(self, position: int) -> bool:
        return bool(self._tag_and_length(self.buffer, position)[0] == 0xFFFE) if self.size - position >= 8 else False

    # Pixel data.

    def _pixels(self, tag: int, position: int, length: int, end: int) -> int:
        """The pixel data; what they should be is checked later, so that here they may be too short."""
        if length != _UNDEFINED:
            available = min(length, end - position)
            self.elements.pixels = PixelElement(tag, position, length, available)
            return position + available
        fragments, finish, closed = self._fragments(position, end)
        self.elements.pixels = PixelElement(
            tag, position, finish - position, finish - position, tuple(fragments), closed
        )
        return finish

    def _fragments(self, position: int, end: int) -> tuple[list[Span], int, bool]:
        """The items of encapsulated pixel data (PS3.5 A.4): spans, where they end, whether a delimiter ends them."""
        spans: list[Span] = []
        while end - position >= 8:
            group, element, length = self._tag_and_length(self.buffer, position)
            tag = group << 16 | element
            position += 8
            if tag == SEQUENCE_END:
                return spans, position, True
            if tag != ITEM:
                raise self._damaged(position - 8, "pixel data hold something else than fragments")
            if length > end - position:
                raise self._cut(tag, length, end - position, end)
            if len(spans) > MAX_FRAGMENTS:
                raise faults.too_many_fragments()
            spans.append((position, length))
            position += length
        if position != end and any(self.buffer[position:end]):
            raise self._cut(ITEM, 8, end - position, end)
        return spans, end, False

    # What is wrong: while only looking whether bytes may be a sequence, merely that they are not.

    def _cut(self, tag: int, needed: int, present: int, end: int) -> Exception:
        """An element longer than what is left of the file, or of the item that ends at `end`."""
        return _UnsoundError() if self._guessing else faults.cut_off(tag, needed, present, inside=end != self.size)

    def _open_end(self, end: int) -> Exception:
        if end != self.size:
            return self._damaged(end, "a sequence is not closed")
        return _UnsoundError() if self._guessing else faults.never_closed()

    def _damaged(self, position: int, what: str) -> Exception:
        return _UnsoundError() if self._guessing else faults.damaged(position, what)
