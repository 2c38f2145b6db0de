"""What decoding leaves behind: frames as raw little-endian values in a folder, and a `FrameSet` that says how
to read and show them.

Frame files hold `rows × columns × samples` values without any header, row by row, colours interleaved.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

THUMBNAIL: Final = "thumbnail.png"
OVERLAY: Final = "overlay.png"

VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
Spacing = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """A window of values to spread over the display's range (PS3.3 C.11.2.1.2), in `FrameSet.units`."""

    center: float
    width: float
    name: str = ""
    function: VoiFunction = "LINEAR"


@dataclass(frozen=True)
class VoiLut:
    """A table from values (after rescale) to grey levels of `bits` bits; `first` is the value of entry 0."""

    first: int
    values: tuple[int, ...]
    bits: int
    name: str = ""


@dataclass(frozen=True)
class Region:
    """A calibrated region of an ultrasound image: corners in pixels, both included (PS3.3 C.8.5.5).

    `spacing` is mm per pixel (row, column), and None where the region's axes are not lengths (Doppler, M-mode).
    """

    x0: int
    y0: int
    x1: int
    y1: int
    spacing: Spacing | None


@dataclass(frozen=True)
class FrameSet:
    """The decoded frames of one image and how to show them.

    `rows`, `columns`, `frames`; `samples` is 1 (grey) or 3 (RGB, interleaved, always uint8).
    `dtype` is "uint8", "uint16", "int16" or "float32", little-endian.
    `photometric` is "MONOCHROME1", "MONOCHROME2" or "RGB"; MONOCHROME1 values are not inverted: showing inverts.
    `bits_stored` is what the file says of its samples.
    `slope` and `intercept` are still to be applied to grey values and lead to `units`. A Modality LUT, and a
    rescale that differs between frames, is applied already (slope 1, intercept 0).
    `windows` come from the file, the first frame's where frames differ, else one is computed, named "Computed".
    `minimum` and `maximum` are of the values in the frame files, padding left out; so are the bounds of `padding`.
    `spacing` is mm per pixel (row, column), and `spacing_source` the attribute that it comes from.
    `aspect` is a pixel's height over its width; `frame_ms` the time from frame to frame in a cine loop.
    `overlays` tells that `overlay.png` lies beside the frames: a mask of the graphic overlays, cut to the image.
    `files` are the frames' file names in the folder.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    dtype: str
    photometric: str
    bits_stored: int
    slope: float
    intercept: float
    units: str
    windows: tuple[Window, ...]
    voi_luts: tuple[VoiLut, ...]
    minimum: float
    maximum: float
    padding: tuple[float, float] | None
    spacing: Spacing | None
    spacing_source: str
    aspect: float
    frame_ms: float | None
    regions: tuple[Region, ...]
    overlays: bool
    files: tuple[str, ...]
    thumbnail: str = THUMBNAIL

    @property
    def numpy_dtype(self) -> np.dtype[Any]:
        """`dtype` as numpy knows it, little-endian on every machine."""
        return np.dtype(self.dtype).newbyteorder("<")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one frame: (rows, columns), or (rows, columns, 3) in colour."""
        return (self.rows, self.columns) if self.samples == 1 else (self.rows, self.columns, self.samples)

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON values; `from_dict` is its inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FrameSet:
        """From what `as_dict` gave, after a trip through JSON or not."""
        return cls(
            **{
                **values,
                "windows": tuple(Window(**window) for window in values["windows"]),
                "voi_luts": tuple(VoiLut(**{**lut, "values": tuple(lut["values"])}) for lut in values["voi_luts"]),
                "padding": _pair(values["padding"]),
                "spacing": _pair(values["spacing"]),
                "regions": tuple(Region(**{**r, "spacing": _pair(r["spacing"])}) for r in values["regions"]),
                "files": tuple(values["files"]),
            }
        )


def _pair(values: list[float] | tuple[float, float] | None) -> tuple[float, float] | None:
    return None if values is None else (values[0], values[1])
