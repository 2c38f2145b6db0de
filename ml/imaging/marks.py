"""Burned-in marks: a bank of drawn ones for augmentation, and their detection and masking in real pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from torch import Tensor

LETTERS = "ABCDEFGHLMNOPRSTX0123456789.:-+ "
COLOUR_LIMIT = 40  # difference between the largest and smallest channel of a coloured mark
BRIGHT_LIMIT = 60  # how much brighter than its surroundings a thin mark is
MARK_RADIUS = 4  # of the surroundings, in pixels of a 256 pixel picture


class MarkBank:
    """Ready-drawn layers of marks, put on pictures at random."""

    def __init__(self, size: int, layers: int = 256, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        drawn = np.stack([_layer(rng, size) for _ in range(layers)])
        self.layers = torch.from_numpy(drawn.astype(np.float32) / 255.0)[:, None]  # (layers, 1, size, size), opacity

    def draw(self, pictures: Tensor) -> Tensor:
        """Put a random layer, in a random bright grey, on each of `(n, 1, size, size)` pictures in [0, 1]."""
        count = len(pictures)
        opacity = self.layers[torch.randint(0, len(self.layers), (count,))]
        grey = 0.65 + 0.35 * torch.rand(count, 1, 1, 1)
        return pictures * (1.0 - opacity) + grey * opacity


def _layer(rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """One layer, drawn at twice the size: one or two pairs of calipers with dotted lines, or a line of text."""
    image = Image.new("L", (2 * size, 2 * size))
    draw = ImageDraw.Draw(image)
    kind = rng.random()
    if kind < 0.75:
        for _ in range(int(rng.integers(1, 3))):
            _calipers(draw, rng, 2 * size)
    if kind > 0.55:
        place = rng.uniform(0.02, 0.85, 2) * 2 * size
        text = "".join(rng.choice(list(LETTERS), int(rng.integers(2, 12))))
        draw.text((float(place[0]), float(place[1])), text, fill=255, font_size=float(rng.uniform(10, 20)))
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))


def _calipers(draw: ImageDraw.ImageDraw, rng: np.random.Generator, size: int) -> None:
    ends = rng.uniform(0.1, 0.9, (2, 2)) * size
    if np.hypot(*(ends[0] - ends[1])) > 0.6 * size:
        ends[1] = ends[0] + 0.5 * (ends[1] - ends[0])
    arm = float(rng.uniform(3, 7))
    turned = rng.random() < 0.3
    for x, y in ends:
        if turned:
            draw.line((x - arm, y - arm, x + arm, y + arm), fill=255, width=2)
            draw.line((x - arm, y + arm, x + arm, y - arm), fill=255, width=2)
        else:
            draw.line((x - arm, y, x + arm, y), fill=255, width=2)
            draw.line((x, y - arm, x, y + arm), fill=255, width=2)
    if rng.random() < 0.7:
        steps = int(np.hypot(*(ends[0] - ends[1])) / rng.uniform(6, 14)) + 1
        for share in np.linspace(0.0, 1.0, steps):
            x, y = ends[0] + share * (ends[1] - ends[0])
            draw.ellipse((x - 1, y - 1, x + 1, y + 1), fill=int(rng.integers(150, 256)))


def find_marks(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a picture (h, w) or (h, w, 3) seems to bear burned-in marks: coloured, or thin, bright and sharp.

    It finds most calipers and letters and, here and there, a bright strand of tissue: a measuring aid, no proof.
    """
    coloured = np.zeros(picture.shape[:2], dtype=np.bool_)
    grey = picture
    if picture.ndim == 3:
        spread = picture.max(axis=2).astype(np.int16) - picture.min(axis=2)
        coloured = spread > COLOUR_LIMIT
        grey = picture.max(axis=2)
    radius = max(2, round(MARK_RADIUS * min(grey.shape) / 256))
    opened = ndimage.grey_opening(grey, size=(radius, radius))
    thin = (grey.astype(np.int16) - opened > BRIGHT_LIMIT) & (grey > 150)
    return np.asarray(ndimage.binary_dilation(coloured | thin, iterations=1))


def mask_marks(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey copy (h, w) of the picture with its marks filled in from their surroundings."""
    grey = picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))
    marks = find_marks(picture)
    if not marks.any():
        return grey.copy()
    filled = np.where(marks, 0.0, grey.astype(np.float64))
    weights = (~marks).astype(np.float64)
    sigma = 3.0 * min(grey.shape) / 256
    around = ndimage.gaussian_filter(filled, sigma) / np.maximum(ndimage.gaussian_filter(weights, sigma), 1e-6)
    return np.where(marks, np.clip(around, 0, 255), grey).astype(np.uint8)
