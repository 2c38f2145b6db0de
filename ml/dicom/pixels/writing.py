"""Frames into their folder, one at a time, with what is learned of their values on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.dicom.limits import MAX_FRAME_BYTES, MAX_IMAGE_BYTES
from ml.dicom.outcomes import Refusal

_SAMPLE: Final = 2**18


class FrameWriter:
    """Writes the frames of one image and keeps their range and a sample of their values.

    Raises Refusal too_many_pixels when what is written outgrows the limits.
    """

    def __init__(self, folder: Path, frames: int, padding: tuple[float, float] | None) -> None:
        self._folder = folder
        self._padding = padding
        self._digits = max(4, len(str(frames)))
        self._share = max(_SAMPLE // frames, 256)
        self._bytes = 0
        self._samples: list[NDArray[Any]] = []
        self._ranges: list[tuple[float, float]] = []
        self._empty_ranges: list[tuple[float, float]] = []
        self.files: list[str] = []

    def write(self, frame: NDArray[Any]) -> None:
        """Write the next frame, `(rows, columns)` or `(rows, columns, 3)`, in its own little-endian type."""
        values = np.ascontiguousarray(frame, dtype=frame.dtype.newbyteorder("<"))
        self._bytes += values.nbytes
        if values.nbytes > MAX_FRAME_BYTES or self._bytes > MAX_IMAGE_BYTES:
            raise Refusal("too_many_pixels", bytes=self._bytes)
        name = f"{len(self.files) + 1:0{self._digits}d}.raw"
        values.tofile(self._folder / name)
        self.files.append(name)
        self._learn(values)

    def _learn(self, values: NDArray[Any]) -> None:
        flat = values.reshape(-1)
        whole_range = (float(flat.min()), float(flat.max()))
        sample = flat[:: max(flat.size // self._share, 1)]
        if self._padding is None or whole_range[0] > self._padding[1] or whole_range[1] < self._padding[0]:
            self._ranges.append(whole_range)
        else:
            low, high = self._padding
            imaged = flat[(flat < low) | (flat > high)]
            if imaged.size:
                self._ranges.append((float(imaged.min()), float(imaged.max())))
            else:
                self._empty_ranges.append(whole_range)
            sample = sample[(sample < low) | (sample > high)]
        self._samples.append(sample.copy())

    def range(self) -> tuple[float, float]:
        """The lowest and highest value of all frames without padding; of the padding if there is nothing else."""
        ranges = self._ranges or self._empty_ranges
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    def sample(self) -> NDArray[Any]:
        """A sample of the values of all frames, padding left out."""
        return np.concatenate(self._samples)
