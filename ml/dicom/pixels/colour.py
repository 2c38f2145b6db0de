"""Colours of every kind to RGB of eight bits, which is all that a screen shows of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from ml.dicom.pixels.description import PixelDescription
from ml.dicom.pixels.lookup import read_table

Pixels = NDArray[Any]
RGB = NDArray[np.uint8]

_FULL_TO_RGB: Final = tuple(
    (round(of_blue * 2**16), round(of_red * 2**16))
    for of_blue, of_red in ((0.0, 1.402), (-0.344136, -0.714136), (1.772, 0.0))
)
"""What red, green and blue take of Cb and Cr."""
_PARTIAL_TO_RGB: Final = np.array(
    [[1.1644, 0.0, 1.5960], [1.1644, -0.3917, -0.8130], [1.1644, 2.0173, 0.0]], dtype=np.float32
)
"""The inverse of YBR_PARTIAL's matrix (PS3.3 C.7.6.3.1.2), for Y from 16 to 235 and Cb, Cr from 16 to 240."""


def to_eight_bits(pixels: Pixels, bits: int) -> RGB:
    """Unsigned samples of `bits` bits over the range 0 to 255."""
    if bits == 8 or pixels.dtype == np.bool_:
        return pixels.astype(np.uint8, copy=False)
    if bits > 8:
        return np.asarray(pixels >> (bits - 8), dtype=np.uint8)
    return np.asarray(pixels.astype(np.uint16) * 255 // (2**bits - 1), dtype=np.uint8)


def to_rgb(pixels: Pixels, photometric: str, bits: int) -> RGB:
    """`(rows, columns, 3)` samples of `bits` bits in any of DICOM's colour spaces to RGB."""
    eight = to_eight_bits(pixels, bits)
    if photometric in {"RGB", "YBR_RCT", "YBR_ICT"}:
        # uncompressed files can't be in the transforms of JPEG 2000, whatever they say
        return eight
    if photometric.startswith("YBR_PARTIAL"):
        parts = eight.astype(np.float32) - np.array([16, 128, 128], dtype=np.float32)
        return np.asarray(np.clip(np.rint(parts @ _PARTIAL_TO_RGB.T), 0, 255), dtype=np.uint8)
    return _full_to_rgb(eight)


def _full_to_rgb(pixels: RGB) -> RGB:
    """The inverse of YBR_FULL's equations (PS3.3 C.7.6.3.1.2), rounded, in sixteen-bit fixed point."""
    luma = (pixels[..., 0].astype(np.int32) << 16) + (1 << 15)
    blue, red = (pixels[..., index].astype(np.int32) - 128 for index in (1, 2))
    rgb = np.empty(pixels.shape, dtype=np.uint8)
    for channel, (of_blue, of_red) in enumerate(_FULL_TO_RGB):
        rgb[..., channel] = np.clip((luma + of_blue * blue + of_red * red) >> 16, 0, 255)
    return rgb


class Palette:
    """A palette colour image's lookup tables as one table of RGB (PS3.3 C.7.6.3.1.5, C.7.9).

    Raises Refusal missing_pixel_description when they are missing or damaged.
    """

    def __init__(self, dataset: Dataset, described: PixelDescription, *, little_endian: bool) -> None:
        segmented = "RedPaletteColorLookupTableData" not in dataset
        prefix = "Segmented" if segmented else ""
        tables = [
            read_table(
                dataset,
                f"{colour}PaletteColorLookupTableDescriptor",
                f"{prefix}{colour}PaletteColorLookupTableData",
                little_endian=little_endian,
                signed=described.signed,
                segmented=segmented,
            )
            for colour in ("Red", "Green", "Blue")
        ]
        bits = min(described.stored, 16)
        self._offset = 2 ** (bits - 1) if described.signed else 0
        inputs = np.arange(2**bits) - self._offset
        entries = np.stack([table.apply(inputs) for table in tables], axis=-1)
        # tables of sixteen bits often hold eight-bit colours all the same
        wide = any(table.bits > 8 for table in tables) and int(entries.max()) > 255
        self._table: RGB = (entries >> 8 if wide else entries).astype(np.uint8)

    def apply(self, indices: Pixels) -> RGB:
        """`(rows, columns)` entries to `(rows, columns, 3)` colours."""
        shifted = indices.astype(np.int32) + self._offset if self._offset else indices
        return np.asarray(self._table[np.clip(shifted, 0, len(self._table) - 1)])
