"""Small pictures beside the frames: the thumbnail for lists, and the mask of the overlays."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.dicom.frames import FrameSet
from ml.dicom.rendering import load_frame, to_display

SIDE: Final = 256


def write_thumbnail(frames: FrameSet, folder: Path) -> None:
    """Write the middle frame as it is shown, as a PNG of at most 256 pixels a side, its pixels square."""
    frame = load_frame(folder, frames, frames.frames // 2)
    # of a large frame, some of the rows and columns are enough to make a small one of
    step = max(min(frames.rows, frames.columns) // (2 * SIDE), 1)
    levels = to_display(np.ascontiguousarray(frame[::step, ::step]), frames)
    rows, columns = frames.rows * frames.aspect, float(frames.columns)
    scale = min(SIDE / max(rows, columns), 1.0)
    size = max(round(columns * scale), 1), max(round(rows * scale), 1)
    image = Image.fromarray(levels)
    small = image.resize(size, Image.Resampling.BILINEAR)
    small.save(folder / frames.thumbnail, format="PNG", compress_level=3)


def write_mask(mask: NDArray[np.bool_], path: Path) -> None:
    """Write a mask as a PNG of single bits."""
    Image.fromarray(mask).save(path, format="PNG")
