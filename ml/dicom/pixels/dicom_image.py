"""A DICOM image to frames in a folder: the whole path, one frame in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.dicom.frames import OVERLAY, FrameSet, VoiLut, Window
from ml.dicom.pixels.colour import Palette, to_rgb
from ml.dicom.pixels.dataset import OpenImage, open_image
from ml.dicom.pixels.description import GREY, PALETTE, PixelDescription, describe
from ml.dicom.pixels.geometry import frame_milliseconds, read_geometry
from ml.dicom.pixels.grey import (
    Rescale,
    computed_window,
    full_range,
    modality_table,
    padding_of,
    read_voi_luts,
    read_windows,
    rescales_of,
)
from ml.dicom.pixels.overlays import overlay_mask
from ml.dicom.pixels.sampling import FrameReader
from ml.dicom.pixels.thumbnail import write_mask, write_thumbnail
from ml.dicom.pixels.writing import FrameWriter

Pixels = NDArray[Any]
_FLOAT_LIMIT: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class _Open:
    """A file being decoded: what is read of it, and where its frames go."""

    image: OpenImage
    described: PixelDescription
    folder: Path


@dataclass(frozen=True)
class _Look:
    """How the written values are to be shown."""

    photometric: str
    rescale: Rescale = field(default_factory=Rescale)
    windows: tuple[Window, ...] = ()
    voi_luts: tuple[VoiLut, ...] = ()
    padding: tuple[float, float] | None = None


def decode_dicom(path: Path, into: Path) -> FrameSet:
    """Write the frames of a DICOM file into the folder.

    Raises Refusal, and what a codec raises for damaged data.
    """
    with open_image(path, into) as image:
        opened = _Open(image, describe(image.dataset, image.element.keyword), into)
        return _grey(opened) if opened.described.photometric in GREY else _colour(opened)


def _stored_frames(opened: _Open) -> Iterator[tuple[Pixels, str]]:
    """Each frame's stored values and colour space; the overlays are written with the first."""
    image, described = opened.image, opened.described
    reader = FrameReader(image, described)
    for index in range(described.frames):
        frame = reader.read(index)
        if index == 0:
            mask = overlay_mask(image.dataset, described.rows, described.columns, frame.raw, image.little_endian)
            if mask is not None:
                write_mask(mask, opened.folder / OVERLAY)
        yield frame.values, frame.photometric


def _colour(opened: _Open) -> FrameSet:
    image, described = opened.image, opened.described
    palette = None
    if described.photometric == PALETTE:
        palette = Palette(image.dataset, described, little_endian=image.little_endian)
    writer = FrameWriter(opened.folder, described.frames, None)
    for values, photometric in _stored_frames(opened):
        if palette is not None:
            writer.write(palette.apply(values))
        else:
            unsigned = values.view(f"u{values.dtype.itemsize}")
            writer.write(to_rgb(unsigned, photometric, min(described.stored, 8 * values.dtype.itemsize)))
    return _frame_set(opened, writer, _Look("RGB"), "uint8")


def _grey(opened: _Open) -> FrameSet:
    image, described = opened.image, opened.described
    dataset, little = image.dataset, image.little_endian
    table = modality_table(dataset, described, little)
    rescales = [Rescale(units=table[1])] if table else rescales_of(dataset, described.frames)
    plain = table is None and len(rescales) == 1
    # a table may give other pixels the values of padding, so nothing is padding after it
    padding = padding_of(dataset, described) if plain else None
    writer = FrameWriter(opened.folder, described.frames, padding)
    dtype = ""
    for index, (stored, _) in enumerate(_stored_frames(opened)):
        values = stored
        if table is not None:
            values = table[0].apply(values)
        elif not plain:
            own = rescales[index]
            values = values.astype(np.float32) * np.float32(own.slope) + np.float32(own.intercept)
        values = _storable(values)
        dtype = values.dtype.name
        writer.write(values)
    rescale = rescales[0] if plain else Rescale(units=rescales[0].units)
    windows = read_windows(dataset, whole_values=not described.is_float)
    if not windows:
        as_it_is = plain and rescale == Rescale() and dtype == "uint8"
        windows = (full_range(described.stored) if as_it_is else computed_window(writer.sample(), rescale),)
    may_be_negative = described.signed or rescales[0].intercept < 0
    luts = read_voi_luts(dataset, little_endian=little, signed=may_be_negative)
    return _frame_set(opened, writer, _Look(described.photometric, rescale, windows, luts, padding), dtype)


def _storable(values: Pixels) -> Pixels:
    """As uint8, uint16, int16 or float32; what is no number becomes the lowest number of the frame."""
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "u" and size <= 2:
        return values
    if kind == "i" and size <= 2:
        return values.astype(np.int16, copy=False)
    if kind == "f":
        finite = np.isfinite(values)
        if not finite.all():
            values = np.where(finite, values, values[finite].min() if finite.any() else 0)
        if size > 4:
            values = np.clip(values, -_FLOAT_LIMIT, _FLOAT_LIMIT)
    return values.astype(np.float32, copy=False)


def _frame_set(opened: _Open, writer: FrameWriter, look: _Look, dtype: str) -> FrameSet:
    dataset, described = opened.image.dataset, opened.described
    geometry = read_geometry(dataset, described.rows, described.columns)
    low, high = writer.range()
    frames = FrameSet(
        rows=described.rows,
        columns=described.columns,
        frames=len(writer.files),
        samples=1 if look.photometric in GREY else 3,
        dtype=dtype,
        photometric=look.photometric,
        bits_stored=described.stored,
        slope=look.rescale.slope,
        intercept=look.rescale.intercept,
        units=look.rescale.units[:16],
        windows=look.windows,
        voi_luts=look.voi_luts,
        minimum=low,
        maximum=high,
        padding=look.padding,
        spacing=geometry.spacing,
        spacing_source=geometry.spacing_source,
        aspect=geometry.aspect,
        frame_ms=frame_milliseconds(dataset, described.frames),
        regions=geometry.regions,
        overlays=(opened.folder / OVERLAY).exists(),
        files=tuple(writer.files),
    )
    write_thumbnail(frames, opened.folder)
    return frames
