"""What of a table needs no network: each class's distributions and linear dependence, as smooth functions.

A row of a class is thirty standard normal numbers (whitened), which the class's root of a covariance turns into
thirty dependent normal scores, which the class's quantile functions turn into coordinates, which geometry turns into
measurements. The functions are kept at a few dozen fixed scores and are straight between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from ml.gan.tabular.coordinates import INDENTED, from_coordinates, to_coordinates

CLASSES: Final = 2
REACH: Final = 3.4  # normal scores at which the functions end: one row in 1,500 lies beyond
KNOTS: Final = 49
LEVELS: Final = np.linspace(-REACH, REACH, KNOTS)
_BANDWIDTH: Final = 0.15  # of the quantile functions' smoothing, in scores
_DECIDES: Final = INDENTED[0]


@dataclass(frozen=True)
class Copula:
    """Both classes' distributions, all tensors float64.

    Attributes:
        knots: (2, 30, KNOTS) coordinates at LEVELS, not decreasing.
        roots: (2, 30, 30) lower triangular roots of the scores' covariances.
        smooth_shares: (2,) share of rows without indentations (concavity and concave points 0).
    """

    knots: Tensor
    roots: Tensor
    smooth_shares: Tensor

    def single(self) -> Copula:
        """The same in float32, for training."""
        return Copula(self.knots.float(), self.roots.float(), self.smooth_shares.float())

    def scores(self, whitened: Tensor, classes: Tensor) -> Tensor:
        """Normal scores (n, 30) of whitened rows (n, 30) of `classes` (n,)."""
        by_class = torch.stack([whitened @ root.T for root in self.roots])
        return by_class[classes, torch.arange(len(whitened))]

    def measurements(self, scores: Tensor, classes: Tensor) -> Tensor:
        """Measurements (n, 30) at normal scores (n, 30) of `classes` (n,); differentiable."""
        place = ((scores.clamp(-REACH, REACH) + REACH) * ((KNOTS - 1) / (2 * REACH))).clamp(max=KNOTS - 1 - 1e-4)
        below = place.detach().floor().long()
        knots = self.knots[classes]
        low, high = (knots.gather(2, index[..., None])[..., 0] for index in (below, below + 1))
        coordinates = low + (place - below) * (high - low)
        X = from_coordinates(coordinates)
        without = torch.special.ndtr(scores[:, _DECIDES]) < self.smooth_shares[classes]
        zeroed = torch.zeros(X.shape[1], dtype=torch.bool)
        zeroed[list(INDENTED)] = True
        return torch.where(without[:, None] & zeroed, torch.zeros_like(X), X)


def fit_copula(
    X: NDArray[np.float64], y: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Copula, NDArray[np.float64]]:
    """Learn both classes' distributions from measurements (n, 30) and outcomes (n,).

    Returns:
        The distributions, and the rows whitened by them (n, 30).
    """
    coordinates = to_coordinates(X)
    knots, roots, shares, whitened = [], [], [], np.empty_like(X)
    for label in range(CLASSES):
        own = coordinates[y == label]
        shares.append(float(np.isnan(own[:, _DECIDES]).mean()))
        knots.append(np.stack([_smoothed(column) for column in own.T]))
        scores = _scores(own, knots[-1], shares[-1], rng)
        roots.append(_root(scores))
        whitened[y == label] = np.linalg.solve(roots[-1], scores.T).T
    return Copula(*(torch.from_numpy(np.array(part)) for part in (knots, roots, shares))), whitened


def _scores(
    coordinates: NDArray[np.float64], knots: NDArray[np.float64], smooth_share: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Normal scores of one class's coordinates; those of NaN are drawn from the lowest `smooth_share`."""
    columns = [np.interp(column, values, LEVELS) for column, values in zip(coordinates.T, knots, strict=True)]
    scores = np.stack(columns, axis=1)
    missing = np.isnan(coordinates)
    scores[missing] = ndtri(rng.uniform(0.0, smooth_share, int(missing.sum())))
    return np.asarray(np.clip(scores, -REACH, REACH))


def _smoothed(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """The quantile function of `column` (n,) at LEVELS; NaN counts as smaller than everything.

    A local linear regression of the sorted values on their normal scores: a function through the values
    themselves would give every one of them away again.
    """
    values = np.sort(column[~np.isnan(column)])
    ranks = np.arange(len(column) - len(values), len(column))
    scores = ndtri((ranks + 0.5) / len(column))
    levels = np.clip(LEVELS, scores[0], scores[-1])
    weights = np.exp(-0.5 * ((levels[:, None] - scores) / _BANDWIDTH) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    centre, middle = weights @ scores, weights @ values
    moved = scores - centre[:, None]
    slope = (weights * moved * (values - middle[:, None])).sum(axis=1) / ((weights * moved**2).sum(axis=1) + 1e-3)
    return np.asarray(np.maximum.accumulate(middle + np.maximum(slope, 0.0) * (LEVELS - centre)))


def _root(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower triangular root of the scores' covariance (30, 30), shrunk a little so that it can be inverted."""
    covariance = np.cov(scores, rowvar=False)
    shrinkage = 1.0 / len(scores)
    diagonal = np.diag(np.diag(covariance))
    shrunk = (1.0 - shrinkage) * covariance + shrinkage * diagonal + 1e-6 * np.eye(len(covariance))
    return np.asarray(np.linalg.cholesky(shrunk))
