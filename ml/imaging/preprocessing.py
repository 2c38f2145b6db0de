"""From display pixels of any size to the networks' input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

PREPROCESSING_VERSION = "image-1"
CANVAS_MARGIN = 1.25  # canvases are that much larger than the networks' input, for zooming in
BLACK = 10  # grey level up to which a border counts as empty
LEAST_CONTENT = 0.25  # of either side that cropping must leave


@dataclass(frozen=True)
class Box:
    """The part of a picture that holds anything: rows `top` to `bottom`, columns `left` to `right`."""

    top: int
    bottom: int
    left: int
    right: int


def grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (ITU-R BT.601) of display pixels (h, w) or (h, w, 3).

    Raises:
        ValueError: for another shape, another type, or an empty picture.
    """
    if picture.dtype != np.uint8 or picture.size == 0:
        raise ValueError(f"expected a picture of 8-bit display values; got {picture.dtype} of shape {picture.shape}")
    if picture.ndim == 2:
        return picture
    if picture.ndim == 3 and picture.shape[2] == 3:
        return np.asarray(Image.fromarray(np.ascontiguousarray(picture)).convert("L"))
    raise ValueError(f"expected a picture of shape (h, w) or (h, w, 3); got {picture.shape}")


def content_box(picture: NDArray[np.uint8]) -> Box:
    """Where a grey picture (h, w) holds more than empty borders; the whole of it where that would leave little."""
    height, width = picture.shape
    bright = picture > BLACK
    rows = np.flatnonzero(bright.mean(axis=1) > 0.02)
    columns = np.flatnonzero(bright.mean(axis=0) > 0.02)
    whole = Box(0, height, 0, width)
    if not len(rows) or not len(columns):
        return whole
    box = Box(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)
    if box.bottom - box.top < LEAST_CONTENT * height or box.right - box.left < LEAST_CONTENT * width:
        return whole
    return box


def canvas(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The content of display pixels as a grey square (side, side); the aspect is not kept."""
    luma = grey(picture)
    box = content_box(luma)
    cut = np.ascontiguousarray(luma[box.top : box.bottom, box.left : box.right])
    return np.asarray(Image.fromarray(cut).resize((side, side), Image.Resampling.BILINEAR))


def canvases(pictures: Sequence[NDArray[np.uint8]], side: int) -> Tensor:
    """Canvases of many pictures, `(n, 1, side, side)` uint8."""
    return torch.from_numpy(np.stack([canvas(picture, side) for picture in pictures]))[:, None]


def standardise(pictures: Tensor) -> Tensor:
    """Each of `(n, 1, h, w)` pictures to mean 0 and standard deviation 1, whatever the gain."""
    mean = pictures.mean((1, 2, 3), keepdim=True)
    deviation = pictures.std((1, 2, 3), keepdim=True)
    return (pictures - mean) / (deviation + 0.02)
