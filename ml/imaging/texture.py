"""Simple figures of how a picture looks, for telling ultrasound from what is not, before any network reads it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.imaging.preprocessing import canvas, content_box, grey

SIDE = 128
COLOURED = 30  # difference between a pixel's largest and smallest channel from which it counts as coloured
FIGURES = (
    "mean",
    "spread",
    "black",
    "white",
    "flat",
    "steps_down",
    "steps_across",
    "layering",
    "fine_detail",
    "middle_detail",
    "coarse_detail",
    "skew",
    "depth_fall",
    "sparkle",
    "side_likeness",
    "levels",
)


def colour_share(picture: NDArray[np.uint8]) -> float:
    """Share of coloured pixels, of those that aren't black, of display pixels (h, w) or (h, w, 3)."""
    if picture.ndim == 2:
        return 0.0
    brightest = picture.max(axis=2)
    seen = brightest > 20
    if not seen.any():
        return 0.0
    return float(((brightest.astype(np.int16) - picture.min(axis=2) > COLOURED) & seen).sum() / seen.sum())


def brightness(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean grey of the picture's content, and the difference between its 99th and first percentile, in grey levels."""
    luma = grey(picture)
    box = content_box(luma)
    cut = luma[box.top : box.bottom, box.left : box.right]
    low, high = np.percentile(cut, [1.0, 99.0])
    return float(cut.mean()), float(high - low)


def texture_figures(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The figures named by FIGURES, `(16,)`, of display pixels of any size; roughly normal on ultrasound."""
    small = canvas(picture, SIDE).astype(np.float64) / 255.0
    spread = small.std()
    down, across = np.diff(small, axis=0), np.diff(small, axis=1)
    blurred = [small, *(ndimage.gaussian_filter(small, sigma) for sigma in (1.0, 2.0, 4.0, 12.0))]
    bands = [np.log((finer - coarser).std() + 1e-4) for finer, coarser in pairwise(blurred)]
    total = np.log(spread + 1e-4)
    fine = blurred[0] - blurred[2]
    centred = (small - small.mean()) / (spread + 1e-3)
    halves = small[: SIDE // 2].mean() - small[SIDE // 2 :].mean()
    mirrored = np.corrcoef(blurred[3].ravel(), blurred[3][:, ::-1].ravel())[0, 1] if blurred[3].std() > 1e-6 else 1.0
    return np.array(
        [
            small.mean(),
            spread,
            np.sqrt((small < 0.04).mean()),
            np.sqrt((small > 0.9).mean()),
            np.sqrt((np.abs(down[:, :-1]) + np.abs(across[:-1]) < 1e-9).mean()),
            np.log(np.abs(down).mean() + 1e-4),
            np.log(np.abs(across).mean() + 1e-4),
            np.log((np.square(down).mean() + 1e-6) / (np.square(across).mean() + 1e-6)),
            bands[0] - total,
            bands[1] - total,
            bands[2] - total,
            np.tanh((centred**3).mean() / 2.0),
            halves,
            np.log((np.square(fine).mean() ** 2 + 1e-9) / (np.power(fine, 4).mean() + 1e-9)),
            mirrored,
            np.log(len(np.unique(canvas(picture, SIDE)))),
        ]
    )
