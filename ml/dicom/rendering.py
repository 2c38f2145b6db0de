"""Frames as a screen shows them: the grey-scale transformations of PS3.3 C.11 down to eight bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.dicom.frames import FrameSet, VoiLut, Window

_FEW: Final = 4096


def load_frame(source: Path | bytes, frames: FrameSet, index: int = 0) -> NDArray[Any]:
    """A frame's stored values, `frames.shape`, from its folder or from the bytes of its file.

    Raises IndexError for a frame that isn't there, ValueError for a file of another length, OSError.
    """
    if not 0 <= index < len(frames.files):
        raise IndexError(index)
    data = source if isinstance(source, bytes) else (source / frames.files[index]).read_bytes()
    return np.frombuffer(data, dtype=frames.numpy_dtype).reshape(frames.shape)


def to_display(frame: NDArray[Any], frames: FrameSet, window: Window | VoiLut | None = None) -> NDArray[np.uint8]:
    """Grey levels `(rows, columns)` or colours `(rows, columns, 3)`, 0 to 255.

    Rescales, applies `window` (by default the image's first VOI table, else its first window), inverts MONOCHROME1,
    and shows padding as black. Colours are shown as they are.
    """
    if frames.samples == 3:
        return np.asarray(frame, dtype=np.uint8)
    offered: tuple[Window | VoiLut, ...] = (*frames.voi_luts, *frames.windows)
    chosen = window or offered[0]
    if frame.dtype.kind in "ui" and frame.size > _FEW:
        lowest, highest = int(frame.min()), int(frame.max())
        if highest - lowest < frame.size:
            # quicker to compute once for every value that there can be
            table = _levels(np.arange(lowest, highest + 1), frames, chosen)
            return np.asarray(table[np.subtract(frame, lowest, dtype=np.intp)])
    return _levels(frame, frames, chosen)


def _levels(stored: NDArray[Any], frames: FrameSet, window: Window | VoiLut) -> NDArray[np.uint8]:
    values = stored.astype(np.float64)
    values *= frames.slope
    values += frames.intercept
    fractions = _look_up(values, window) if isinstance(window, VoiLut) else apply_window(values, window)
    if frames.photometric == "MONOCHROME1":
        fractions = 1.0 - fractions
    levels = np.floor(fractions * 255.0 + 0.5).astype(np.uint8)
    if frames.padding is not None:
        low, high = frames.padding
        levels[(stored >= low) & (stored <= high)] = 0
    return levels


def apply_window(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """Fractions of the display's range, 0 to 1 (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2)."""
    if window.function == "SIGMOID":
        exponent = np.clip(-4.0 * (values - window.center) / window.width, -700.0, 700.0)
        return np.asarray(1.0 / (1.0 + np.exp(exponent)))
    if window.function == "LINEAR_EXACT":
        return np.clip((values - window.center) / window.width + 0.5, 0.0, 1.0)
    center, width = window.center - 0.5, window.width - 1.0
    if width <= 0:
        return np.asarray(np.where(values > center, 1.0, 0.0))
    return np.clip((values - center) / width + 0.5, 0.0, 1.0)


def _look_up(values: NDArray[np.float64], lut: VoiLut) -> NDArray[np.float64]:
    table = np.array(lut.values, dtype=np.float64) / (2.0**lut.bits - 1.0)
    indices = np.rint(values).astype(np.int64) - lut.first
    return np.asarray(np.clip(table[np.clip(indices, 0, len(table) - 1)], 0.0, 1.0))
