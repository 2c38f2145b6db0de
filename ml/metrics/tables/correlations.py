"""Columns two by two: the difference between correlation matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class CorrelationDifference:
    """Mean absolute difference of Pearson's correlation over all pairs of columns, in [0, 2].

    `pooled` is over all rows; `within` is the mean over the classes of the difference among that class's rows,
    which the classes' distance can't hide.
    """

    pooled: float
    within: float


def correlation_difference(real: Table, synthetic: Table) -> CorrelationDifference:
    """Compare `(X, y)` of two tables; both need two rows or more of every class.

    Raises:
        ValueError: when a class is missing from one of them.
    """
    labels = np.union1d(real[1], synthetic[1])
    for X, y in (real, synthetic):
        if any((y == label).sum() < 2 for label in labels) or len(X) != len(y):
            raise ValueError("correlations within classes need two rows or more of each class in both tables")
    within = [_difference(real[0][real[1] == label], synthetic[0][synthetic[1] == label]) for label in labels]
    return CorrelationDifference(_difference(real[0], synthetic[0]), float(np.mean(within)))


def _difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    pairs = np.triu_indices(one.shape[1], k=1)
    return float(np.abs(_correlations(one) - _correlations(other))[pairs].mean())


def _correlations(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's, a constant column being uncorrelated with all."""
    spread = X.std(axis=0)
    scaled = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.asarray(scaled.T @ scaled / len(X))
