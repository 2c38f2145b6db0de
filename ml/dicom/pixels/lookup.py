"""Lookup tables as DICOM stores them: descriptor and data (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5, C.7.9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ml.dicom.outcomes import Refusal

MAX_ENTRIES = 65_536


@dataclass(frozen=True)
class LookupTable:
    """`values[0]` is for inputs up to `first`, `values[-1]` for those beyond the end; entries have `bits` bits."""

    first: int
    values: NDArray[np.uint16]
    bits: int

    def apply(self, inputs: NDArray[Any]) -> NDArray[np.uint16]:
        """Whole inputs of any shape to the table's entries."""
        indices = inputs.astype(np.int64) - self.first
        return self.values[np.clip(indices, 0, len(self.values) - 1)]


def read_table(
    item: Dataset, descriptor: str, data: str, *, little_endian: bool, signed: bool, segmented: bool = False
) -> LookupTable:
    """The table whose descriptor and data are these attributes of `item`.

    `signed` tells that the inputs may be negative, and so how the descriptor's first input is to be read.
    Raises Refusal missing_pixel_description when the table is missing or damaged.
    """
    described = _words(item, descriptor, little_endian)
    if described.size < 3:
        raise _damaged(descriptor)
    count, first, bits = (int(value) for value in described[:3])
    count = count or MAX_ENTRIES
    if signed and first > 32_767:
        first -= 65_536
    bits = bits if 1 <= bits <= 16 else 16
    values = _entries(item, data, count, little_endian, segmented=segmented, bits=bits)
    if segmented:
        values = expand_segments(values.tolist(), wide=bits > 8)
    if values.size == 0:
        raise _damaged(data)
    return LookupTable(first, values[:count].astype(np.uint16), bits)


def _damaged(keyword: str) -> Refusal:
    message = "A lookup table of the image is missing or damaged. Export the image again."
    return Refusal("missing_pixel_description", message, attribute=keyword)


def _words(item: Dataset, keyword: str, little_endian: bool) -> NDArray[np.uint16]:
    """The attribute as sixteen-bit words, whether it was read as numbers or as bytes."""
    value: Any = item.get(keyword)
    if value is None:
        raise _damaged(keyword)
    if isinstance(value, bytes):
        words = np.frombuffer(value[: len(value) - len(value) % 2], dtype="<u2" if little_endian else ">u2")
        return words.astype(np.uint16)
    try:
        numbers = np.atleast_1d(np.asarray(value, dtype=np.int64))
    except (TypeError, ValueError) as error:
        raise _damaged(keyword) from error
    return (numbers & 0xFFFF).astype(np.uint16)


def _entries(
    item: Dataset, keyword: str, count: int, little_endian: bool, *, segmented: bool, bits: int
) -> NDArray[np.uint16]:
    """The data, which may hold two eight-bit entries in each word."""
    words = _words(item, keyword, little_endian)
    packed = bits <= 8 if segmented else words.size == (count + 1) // 2 and count > 1
    if packed:
        return words.astype("<u2").view(np.uint8).astype(np.uint16)
    return words


def expand_segments(data: list[int], *, wide: bool) -> NDArray[np.uint16]:
    """A segmented table (PS3.3 C.7.9.2) in full: discrete, linear and indirect segments.

    Raises Refusal missing_pixel_description for one that doesn't hold together.
    """
    expanded: list[int] = []
    try:
        _expand(data, 0, None, expanded, wide=wide)
    except IndexError as error:
        raise _damaged("SegmentedRedPaletteColorLookupTableData") from error
    return np.array(expanded, dtype=np.uint16)


def _expand(data: list[int], position: int, segments: int | None, out: list[int], *, wide: bool) -> None:
    """Append `segments` segments (all when None) from `position` on."""
    done = 0
    while position < len(data) - 1 and done != segments and len(out) <= MAX_ENTRIES:
        kind, length = data[position], data[position + 1]
        if kind == 0:
            out.extend(data[position + 2 : position + 2 + length])
            position += 2 + length
        elif kind == 1:
            last, end = out[-1], data[position + 2]
            out.extend(round(last + (end - last) * step / length) for step in range(1, length + 1))
            position += 3
        elif kind == 2 and segments is None:
            # the offset counts bytes from the table's beginning
            size, parts = (2, 2) if wide else (1, 4)
            offset = sum(data[position + 2 + part] << (8 * size * part) for part in range(parts))
            _expand(data, offset // size, length, out, wide=wide)
            position += 2 + parts
        else:
            raise IndexError
        done += 1
