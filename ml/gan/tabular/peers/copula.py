"""A Gaussian copula a class over the training values themselves: exact distributions, linear dependence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from ml.gan.tabular.peers.by_class import draw_by_class


class EmpiricalCopula:
    """Sorted training values of each class, and the correlation of their normal scores."""

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> Self:
        """Learn from `X` (n, 30) and `y` (n,)."""
        self.values_ = {int(label): np.sort(X[y == label], axis=0) for label in np.unique(y)}
        self.correlations_ = {int(label): _score_correlation(X[y == label]) for label in np.unique(y)}
        return self

    def sample(self, counts: Mapping[int, int], seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """New rows: `counts[label]` of each class, in random order; between two training values on the line."""
        return draw_by_class(counts, seed, self._draw)

    def _draw(self, label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        values, correlation = self.values_[label], self.correlations_[label]
        scores = rng.multivariate_normal(np.zeros(len(correlation)), correlation, count, check_valid="ignore")
        levels = (np.arange(len(values)) + 0.5) / len(values)
        return np.stack(
            [np.interp(ndtr(score), levels, column) for score, column in zip(scores.T, values.T, strict=True)], axis=1
        )


def _score_correlation(X: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.corrcoef(ndtri((rankdata(X, axis=0) - 0.5) / len(X)), rowvar=False))
