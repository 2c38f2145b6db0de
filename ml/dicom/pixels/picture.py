"""PNG, JPEG and TIFF pictures to frames, as they are meant to be seen: turned upright, grey or RGB."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ml.dicom.frames import FrameSet
from ml.dicom.limits import MAX_FRAME_BYTES, MAX_FRAMES
from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.grey import Rescale, computed_window, full_range
from ml.dicom.pixels.thumbnail import write_thumbnail
from ml.dicom.pixels.writing import FrameWriter

PICTURE_STARTS: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_FORMATS: Final = ("PNG", "JPEG", "TIFF")
_PHOTOMETRIC_TAG: Final = 262


def decode_picture(path: Path, into: Path) -> FrameSet:
    """Write the picture into the folder; the pages of a TIFF that are as large as its first become frames.

    Grey of more than eight bits is kept; colours get eight bits, transparent ones lie on black.
    Raises Refusal picture_too_large, and OSError or another error for damaged data.
    """
    Image.MAX_IMAGE_PIXELS = None  # checked here, against the same limit as DICOM
    with Image.open(path, formats=_FORMATS) as image:
        inverted = _is_white_zero(image)
        pages = _pages(image)
        first = next(pages)
        count = min(getattr(image, "n_frames", 1), MAX_FRAMES) if image.format == "TIFF" else 1
        writer = FrameWriter(into, count, None)
        writer.write(first)
        for page in pages:
            if page.shape == first.shape and page.dtype == first.dtype:
                writer.write(page)
    low, high = writer.range()
    grey = first.ndim == 2
    bits = 8 * first.dtype.itemsize
    window = full_range(8) if first.dtype == np.uint8 else computed_window(writer.sample(), Rescale())
    frames = FrameSet(
        rows=first.shape[0],
        columns=first.shape[1],
        frames=len(writer.files),
        samples=1 if grey else 3,
        dtype=first.dtype.name,
        photometric="RGB" if not grey else "MONOCHROME1" if inverted else "MONOCHROME2",
        bits_stored=bits,
        slope=1.0,
        intercept=0.0,
        units="",
        windows=(window,) if grey else (),
        voi_luts=(),
        minimum=low,
        maximum=high,
        padding=None,
        spacing=None,
        spacing_source="",
        aspect=1.0,
        frame_ms=None,
        regions=(),
        overlays=False,
        files=tuple(writer.files),
    )
    write_thumbnail(frames, into)
    return frames


def _is_white_zero(image: Image.Image) -> bool:
    """A TIFF of more than eight bits in which 0 is white; Pillow turns those of eight bits round itself."""
    tags = getattr(image, "tag_v2", {})
    return tags.get(_PHOTOMETRIC_TAG) == 0 and image.mode.startswith(("I", "F"))


def _pages(image: Image.Image) -> Iterator[NDArray[Any]]:
    """Each page, `(rows, columns)` or `(rows, columns, 3)`; of anything but a TIFF only the first."""
    count = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    for index in range(min(count, MAX_FRAMES)):
        if index:
            image.seek(index)
        width, height = image.size
        if width * height * 4 > MAX_FRAME_BYTES * 2:
            message = f"The picture has {width:,} × {height:,} pixels, more than can be taken in. Send a smaller one."
            raise Refusal("picture_too_large", message, rows=height, columns=width)
        yield _values(ImageOps.exif_transpose(image))


def _values(image: Image.Image) -> NDArray[Any]:
    if image.mode in {"1", "L"}:
        return np.asarray(image.convert("L"))
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    if image.mode in {"I", "F"}:
        return _wide(np.asarray(image))
    if image.mode in {"LA", "La"}:
        return np.asarray(_on_black(image, "L"))
    see_through = image.mode in {"RGBA", "RGBa", "PA"} or "transparency" in image.info
    return np.asarray(_on_black(image, "RGB") if see_through else image.convert("RGB"))


def _wide(values: NDArray[Any]) -> NDArray[Any]:
    """Integers or floats of 32 bits; many files hold sixteen-bit values in them."""
    fits = values.dtype.kind == "i" and int(values.min()) >= 0 and int(values.max()) < 2**16
    return values.astype(np.uint16) if fits else np.nan_to_num(values.astype(np.float32))


def _on_black(image: Image.Image, mode: str) -> Image.Image:
    with_alpha = image.convert("LA" if mode == "L" else "RGBA")
    black = Image.new(mode, image.size)
    black.paste(with_alpha.convert(mode), mask=with_alpha.getchannel("A"))
    return black
