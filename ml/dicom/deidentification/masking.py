"""Blanking parts of a picture, on every frame, for good: the file that results no longer has the values."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from ml.dicom.deidentification.cleaning import UNREADABLE
from ml.dicom.deidentification.marking import mark_pixels_clean
from ml.dicom.deidentification.quiet import quietly
from ml.dicom.frames import FrameSet
from ml.dicom.rendering import load_frame

_PALETTES: Final = tuple(
    f"{prefix}{colour}PaletteColorLookupTable{part}"
    for colour in ("Red", "Green", "Blue", "Alpha")
    for prefix, part in (("", "Data"), ("", "Descriptor"), ("Segmented", "Data"))
)
_OF_THE_OLD_PIXELS: Final = (
    *_PALETTES,
    "PaletteColorLookupTableUID",
    "ModalityLUTSequence",
    "SmallestImagePixelValue",
    "LargestImagePixelValue",
    "FloatPixelData",
    "DoubleFloatPixelData",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "PixelData",
)
_TYPES: Final = ("uint8", "uint16", "int16")


class NotMasked(Exception):
    """The picture is of a kind that can't be masked; it can still be rejected."""


@dataclass(frozen=True)
class Region:
    """A rectangle of pixels; the corners are both included and may come in any order."""

    x0: int
    y0: int
    x1: int
    y1: int

    def spans(self, rows: int, columns: int) -> tuple[slice, slice]:
        """Rows and columns of the rectangle, cut to the image.

        Raises:
            ValueError: no part of it lies in the image.
        """
        top, bottom = max(min(self.y0, self.y1), 0), min(max(self.y0, self.y1), rows - 1)
        left, right = max(min(self.x0, self.x1), 0), min(max(self.x0, self.x1), columns - 1)
        if top > bottom or left > right:
            raise ValueError("the rectangle lies outside the picture")
        return slice(top, bottom + 1), slice(left, right + 1)


def mask_frames(folder: Path, frames: FrameSet, regions: Sequence[Region]) -> None:
    """Overwrites the regions with black in every frame file of the folder, and nothing else."""
    spans = [region.spans(frames.rows, frames.columns) for region in regions]
    for index, name in enumerate(frames.files):
        frame = load_frame(folder, frames, index).copy()
        for span in spans:
            frame[span] = _black(frames)
        (folder / name).write_bytes(frame.tobytes())


def mask_regions(data: bytes, regions: Sequence[Region], *, folder: Path, frames: FrameSet) -> bytes:
    """The DICOM file with the regions black, its pixels uncompressed (Explicit VR Little Endian).

    Args:
        data: the file.
        regions: at least one.
        folder: its decoded frames, which are masked too.
        frames: what they are.

    Raises:
        NotMasked: the frames don't hold the file's own values (32-bit and float pixels), or it can't be written.
        ValueError: no region is given, or one lies outside the picture.
    """
    if not regions:
        raise ValueError("no region is given")
    if frames.dtype not in _TYPES:
        raise NotMasked("Pictures with such values can't be masked. Reject the picture and send it again masked.")
    mask_frames(folder, frames, regions)
    try:
        with quietly():
            return _rewritten(data, folder, frames)
    except UNREADABLE as error:
        raise NotMasked(
            f"The picture can't be masked ({type(error).__name__}). Reject it and send it masked."
        ) from None


def _rewritten(data: bytes, folder: Path, frames: FrameSet) -> bytes:
    ds = dcmread(BytesIO(data), force=True)
    for keyword in _OF_THE_OLD_PIXELS:
        if keyword in ds:
            del ds[keyword]
    _describe(ds, frames)
    pixels = b"".join((folder / name).read_bytes() for name in frames.files)
    ds.PixelData = pixels + bytes(len(pixels) % 2)
    ds["PixelData"].VR = "OB" if frames.dtype == "uint8" else "OW"
    ds["PixelData"].is_undefined_length = False
    mark_pixels_clean(ds, masked=True)
    ds.file_meta.TransferSyntaxUID = UID(ExplicitVRLittleEndian)
    out = BytesIO()
    dcmwrite(out, ds, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return out.getvalue()


def _describe(ds: Dataset, frames: FrameSet) -> None:
    """The header of pixels as decoding leaves them: interleaved, without tables, low bits used."""
    size = frames.numpy_dtype.itemsize * 8
    ds.PhotometricInterpretation = frames.photometric
    ds.SamplesPerPixel = frames.samples
    ds.BitsAllocated = size
    ds.BitsStored = min(frames.bits_stored, size) if frames.samples == 1 else size
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(frames.dtype == "int16")
    if frames.samples == 3:
        ds.PlanarConfiguration = 0
    elif "PlanarConfiguration" in ds:
        del ds.PlanarConfiguration
    if frames.samples == 1 and "RescaleSlope" in ds:
        ds.RescaleSlope, ds.RescaleIntercept = frames.slope, frames.intercept


def _black(frames: FrameSet) -> Any:
    if frames.samples == 3:
        return 0
    value = frames.maximum if frames.photometric == "MONOCHROME1" else frames.minimum
    return frames.numpy_dtype.type(value)


def same_outside(before: NDArray[Any], after: NDArray[Any], regions: Sequence[Region]) -> bool:
    """Whether two frames agree outside the regions, and the later one is of one value in each of them."""
    if before.shape != after.shape or before.dtype != after.dtype:
        return False
    outside = np.ones(before.shape[:2], dtype=bool)
    for region in regions:
        spans = region.spans(*before.shape[:2])
        outside[spans] = False
        if not (after[spans] == after[spans][0, 0]).all():
            return False
    return bool((before[outside] == after[outside]).all())
