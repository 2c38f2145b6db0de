"""One Gaussian a class under differential privacy, in the plainest way: noisy first and second moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURES
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular.peers.by_class import draw_by_class
from ml.gan.tabular.privacy import gaussian_noise

_HARD = np.array([(feature.minimum, feature.maximum) for feature in FEATURES]).T


class DpGaussian:
    """Mean and covariance of each class's measurements, scaled by the schema's hard limits.

    Each row, scaled to within ±1 in every measurement, adds at most √30 to its class's sum and 30 to its second
    moments; half of the budget goes to each. Class sizes are taken as known, in favour of this peer.
    """

    def __init__(self, budget: PrivacyBudget) -> None:
        self.budget = budget

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64]) -> Self:
        """Learn from `X` (n, 30) and `y` (n,); the noise is fresh with every fit."""
        rng = np.random.default_rng()
        self.means_, self.covariances_ = {}, {}
        multiplier = gaussian_noise(self.budget) * 2**0.5
        rows = 2.0 * (X - _HARD[0]) / (_HARD[1] - _HARD[0]) - 1.0
        width = X.shape[1]
        for label in (int(label) for label in np.unique(y)):
            own = rows[y == label]
            mean = (own.sum(axis=0) + multiplier * width**0.5 * rng.standard_normal(width)) / len(own)
            upper = np.triu(rng.standard_normal((width, width)), k=1) / 2**0.5
            noise = upper + upper.T + np.diag(rng.standard_normal(width))
            moments = (own.T @ own + multiplier * width * noise) / len(own)
            values, vectors = np.linalg.eigh(moments - np.outer(mean, mean))
            self.means_[label] = mean
            self.covariances_[label] = (vectors * np.maximum(values, 1e-6)) @ vectors.T
        return self

    def sample(self, counts: Mapping[int, int], seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """New rows: `counts[label]` of each class, in random order."""
        return draw_by_class(counts, seed, self._draw)

    def _draw(self, label: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        drawn = rng.multivariate_normal(self.means_[label], self.covariances_[label], count, check_valid="ignore")
        return np.asarray(_HARD[0] + (drawn + 1.0) / 2.0 * (_HARD[1] - _HARD[0]))
