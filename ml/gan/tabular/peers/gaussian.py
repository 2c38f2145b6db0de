"""One Gaussian a class: the simplest generator that knows means, spreads and correlations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.gan.tabular.peers.by_class import draw_by_class


class PerClassGaussian:
    """Mean and covariance of each class's measurements."""

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> Self:
        """Learn from `X` (n, 30) and `y` (n,)."""
        self.means_ = {int(label): X[y == label].mean(axis=0) for label in np.unique(y)}
        self.covariances_ = {int(label): np.cov(X[y == label], rowvar=False) for label in np.unique(y)}
        return self

    def sample(self, counts: Mapping[int, int], seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """New rows: `counts[label]` of each class, in random order."""
        return draw_by_class(counts, seed, self._draw)

    def _draw(self, label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        # measurements differ in scale by 10⁵: nothing is checked about a covariance that rounding left indefinite
        return rng.multivariate_normal(self.means_[label], self.covariances_[label], count, check_valid="ignore")
