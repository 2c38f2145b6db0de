"""The synthetic pictures that come closest to real ones, beside those, for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.metrics.privacy.distances import nearest_distances
from ml.metrics.privacy.picture_copies import picture_closeness

_SIDE = 16
_ALIGNED = 256


@dataclass(frozen=True)
class Pair:
    """A synthetic picture and the training picture most like it.

    Attributes:
        synthetic: row of the synthetic pictures.
        real: row of the training pictures.
        distance: 1 less the correlation of the two once aligned, 0 for a copy.
        holdout_distance: the same of the held-out picture of this rank and its most alike training picture: how alike
            pictures of different patients are.
    """

    synthetic: int
    real: int
    distance: float
    holdout_distance: float


def nearest_real_gallery(
    train: Tensor, groups: NDArray[np.int64], holdout: Tensor, synthetic: Tensor, count: int = 12
) -> list[Pair]:
    """The `count` synthetic pictures most like a training picture, the closest first.

    Of large sets the pictures that are closest when reduced to 16 × 16 pixels are compared in full.

    Args:
        train: `(n, 1, h, w)` uint8.
        groups: `(n,)`, the training pictures' patients.
        holdout: `(m, 1, h, w)` uint8.
        synthetic: `(k, 1, h, w)` uint8.
        count: pairs; fewer come back where there are fewer pictures.
    """
    (rows, reals, distances), (_, _, control) = (
        _closest(pictures, train, groups, count) for pictures in (synthetic, holdout)
    )
    return [
        Pair(int(row), int(real), float(distance), float(control[min(rank, len(control) - 1)]))
        for rank, (row, real, distance) in enumerate(zip(rows, reals, distances, strict=True))
    ]


def _closest(
    pictures: Tensor, train: Tensor, groups: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    small, views = _reduced(pictures), _reduced(train)
    mirrored = np.concatenate([views, views[:, :, ::-1]]).reshape(2 * len(train), -1)
    likely = np.argsort(nearest_distances(small.reshape(len(small), -1), mirrored), kind="stable")[:_ALIGNED]
    found = picture_closeness(pictures[likely.tolist()], train, groups)
    order = np.argsort(-found.correlations, kind="stable")[:count]
    return likely[order], found.nearest[order], 1.0 - found.correlations[order]


def _reduced(pictures: Tensor) -> NDArray[np.float64]:
    """Standardised grey pictures of 16 × 16 pixels, `(n, 16, 16)`."""
    small = functional.interpolate(pictures.float(), size=(_SIDE, _SIDE), mode="bilinear", antialias=True)
    grey = small[:, 0].double().numpy()
    deviation = grey.std(axis=(1, 2), keepdims=True)
    return np.asarray((grey - grey.mean(axis=(1, 2), keepdims=True)) / np.maximum(deviation, 1e-6))
