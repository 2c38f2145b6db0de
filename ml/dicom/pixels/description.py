"""What a data set says of its pixels (PS3.3 C.7.6.3, the Image Pixel module)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydicom.dataset import Dataset

from ml.dicom.limits import MAX_FRAME_BYTES, MAX_FRAMES, MAX_IMAGE_BYTES, MAX_SIDE
from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.values import text, whole

GREY: Final = ("MONOCHROME1", "MONOCHROME2")
PALETTE: Final = "PALETTE COLOR"
COLOURS: Final = (
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
)
_FLOAT_BITS: Final = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True)
class PixelDescription:
    """The size of the frames and the layout of their samples.

    `keyword` is the element that holds the pixels: PixelData, FloatPixelData or DoubleFloatPixelData.
    `stored` bits of each sample's `allocated` bits count, the highest of them being `high_bit`.
    """

    keyword: str
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool

    @property
    def is_float(self) -> bool:
        """The samples are IEEE floats."""
        return self.keyword in _FLOAT_BITS

    @property
    def pixels(self) -> int:
        """Pixels in a frame."""
        return self.rows * self.columns

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one decoded frame."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)


def describe(dataset: Dataset, keyword: str) -> PixelDescription:
    """Read and check the description.

    Raises Refusal missing_pixel_description, too_many_pixels or too_many_frames.
    """
    rows, columns = _required(dataset, "Rows"), _required(dataset, "Columns")
    allocated = _FLOAT_BITS.get(keyword) or _required(dataset, "BitsAllocated")
    samples = whole(dataset, "SamplesPerPixel") or 1
    photometric = text(dataset, "PhotometricInterpretation").upper() or ("RGB" if samples == 3 else "MONOCHROME2")
    stored = min(whole(dataset, "BitsStored") or allocated, allocated)
    high_bit = whole(dataset, "HighBit")
    described = PixelDescription(
        keyword=keyword,
        rows=rows,
        columns=columns,
        frames=_frames(dataset),
        samples=samples,
        photometric=photometric.replace("_", " ") if photometric == "PALETTE_COLOR" else photometric,
        planar=whole(dataset, "PlanarConfiguration") or 0,
        allocated=allocated,
        stored=stored,
        high_bit=high_bit if high_bit is not None and stored - 1 <= high_bit < allocated else stored - 1,
        signed=whole(dataset, "PixelRepresentation") == 1,
    )
    _check_layout(described)
    _check_size(described)
    return described


def _required(dataset: Dataset, keyword: str) -> int:
    value = whole(dataset, keyword)
    if value is None or value < 1:
        message = f"The image does not say its {keyword}. Export it again from the system that made it."
        raise Refusal("missing_pixel_description", message, attribute=keyword)
    return value


def _frames(dataset: Dataset) -> int:
    if text(dataset, "NumberOfFrames") == "":
        return 1
    frames = whole(dataset, "NumberOfFrames")
    if frames is None or frames < 0:
        message = "The image's number of frames is not a whole number. Export it again from the system that made it."
        raise Refusal("missing_pixel_description", message, attribute="NumberOfFrames")
    return frames or 1


def _check_layout(described: PixelDescription) -> None:
    if described.samples == 1:
        fits = described.photometric in {*GREY, PALETTE}
    else:
        fits = described.samples == 3 and described.photometric in COLOURS
    if not fits:
        message = (
            f"The image has {described.samples} samples a pixel and is marked as “{described.photometric[:16]}”, "
            "which can't be shown here. Export it as grey or RGB."
        )
        raise Refusal("missing_pixel_description", message, attribute="PhotometricInterpretation")
    if described.allocated not in {1, 8, 16, 32, 64}:
        message = f"The image has {described.allocated} bits a sample; 1, 8, 16, 32 or 64 can be read. Export it again."
        raise Refusal("missing_pixel_description", message, attribute="BitsAllocated")


def _check_size(described: PixelDescription) -> None:
    """Refuse more than the limits, before anything is read."""
    if max(described.rows, described.columns) > MAX_SIDE:
        message = f"The image has {described.columns:,} × {described.rows:,} pixels; a side may have {MAX_SIDE:,}."
        raise Refusal("too_many_pixels", message, rows=described.rows, columns=described.columns)
    if described.frames > MAX_FRAMES:
        message = f"The image has {described.frames:,} frames; at most {MAX_FRAMES:,} can be taken in."
        raise Refusal("too_many_frames", message, frames=described.frames)
    frame_bytes = described.pixels * described.samples * max(described.allocated // 8, 1)
    if frame_bytes > MAX_FRAME_BYTES or frame_bytes * described.frames > MAX_IMAGE_BYTES:
        message = (
            f"The image unpacks to {frame_bytes * described.frames / 2**20:,.0f} MiB; at most "
            f"{MAX_FRAME_BYTES >> 20:,} MiB a frame and {MAX_IMAGE_BYTES >> 20:,} MiB in all can be taken in."
        )
        raise Refusal("too_many_pixels", message, bytes=frame_bytes * described.frames)
