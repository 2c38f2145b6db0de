"""Planted leaks: "generators" that hand out their training rows more or less disguised.

They look excellent to every measure of quality and utility. They exist so that privacy measures and the release
gate can be tested against them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ml.gan.tabular.peers.by_class import draw_by_class

Table = tuple[NDArray[np.float64], NDArray[np.int64]]


def copy_rows(
    X: NDArray[np.float64], y: NDArray[np.int64], counts: Mapping[int, int], seed: int, *, jitter: float = 0.0
) -> Table:
    """Training rows drawn with replacement, each value moved by `jitter` standard deviations of its column."""

    def draw(label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        own = X[y == label]
        rows = own[rng.integers(len(own), size=count)]
        return np.asarray(rows + jitter * own.std(axis=0) * rng.standard_normal(rows.shape))

    return draw_by_class(counts, seed, draw)


def smote_rows(
    X: NDArray[np.float64], y: NDArray[np.int64], counts: Mapping[int, int], seed: int, *, neighbours: int = 5
) -> Table:
    """Points on the line from a training row to one of its nearest neighbours of the same class.

    As SMOTE does (Chawla et al., 2002); distances are of standardised measurements.
    """

    def draw(label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        own = X[y == label]
        nearest = _nearest(own, neighbours)
        first = rng.integers(len(own), size=count)
        second = nearest[first, rng.integers(nearest.shape[1], size=count)]
        return np.asarray(own[first] + rng.uniform(size=(count, 1)) * (own[second] - own[first]))

    return draw_by_class(counts, seed, draw)


def kde_rows(
    X: NDArray[np.float64], y: NDArray[np.int64], counts: Mapping[int, int], seed: int, *, bandwidth: float = 0.1
) -> Table:
    """A kernel density estimate: a training row plus noise of `bandwidth` times its class's covariance root."""

    def draw(label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        own = X[y == label]
        rows = own[rng.integers(len(own), size=count)]
        noise = rng.multivariate_normal(np.zeros(X.shape[1]), np.cov(own, rowvar=False), count, check_valid="ignore")
        return np.asarray(rows + bandwidth * noise)

    return draw_by_class(counts, seed, draw)


def _nearest(rows: NDArray[np.float64], neighbours: int) -> NDArray[np.int64]:
    spread = rows.std(axis=0)
    scaled = rows / np.where(spread > 0, spread, 1.0)
    squares = (scaled**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * scaled @ scaled.T
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1)[:, : min(neighbours, len(rows) - 1)]
