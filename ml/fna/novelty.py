"""How unlike the training cases a row is, and which measurements make it so.

Three readings, each on its own scale, are put on one: 0 at the training cases' median and 1 at their 99th
percentile. The novelty is the largest of the three.

- *misfit*: how far a measurement lies from what the other ones imply, in standard deviations; the largest
  over the measurements. It is the residual of each (Gaussianised) feature's linear regression on all others, read
  from the inverse of their covariance.
- *reconstruction error* of the autoencoder, root mean square over its inputs.
- *fake score*: the discriminator's log-odds of "fake" against "real".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

READINGS = ("misfit", "reconstruction_error", "fake_score")
RIDGE = 1e-3  # added to the correlation matrix: WDBC's radius, perimeter and area are nearly collinear
SCALE_QUANTILE = 0.99
MISFIT_LIMIT = 1e6


@dataclass(frozen=True)
class Misfit:
    """Residuals of every feature's regression on the others."""

    precision: NDArray[np.float64]  # (features, features)

    @classmethod
    def fit(cls, bent: NDArray[np.float64]) -> Self:
        """Learn from Gaussianised features `(rows, features)`."""
        features = bent.shape[1]
        covariance = np.atleast_2d(np.cov(bent, rowvar=False)) if len(bent) > 1 else np.eye(features)
        precision = np.linalg.inv(covariance + RIDGE * np.eye(features))
        return cls(np.asarray(precision, dtype=np.float64))

    def residuals(self, bent: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardised residuals `(rows, features)`; positive where the value is higher than implied."""
        limited = torch.from_numpy(np.clip(bent, -MISFIT_LIMIT, MISFIT_LIMIT))
        # through torch, which the predictor holds to one thread: NumPy's product may take several
        products: NDArray[np.float64] = (limited @ torch.from_numpy(self.precision)).numpy()
        return products / np.sqrt(np.diag(self.precision))


@dataclass(frozen=True)
class NoveltyScale:
    """Puts the three readings on one scale and holds the refusal threshold."""

    median: NDArray[np.float64]  # (3,), in the order of READINGS
    spread: NDArray[np.float64]  # (3,): 99th percentile − median
    threshold: float

    @classmethod
    def fit(cls, readings: NDArray[np.float64], refused_share: float) -> Self:
        """Learn from readings `(rows, 3)` of training cases by models that did not see them.

        Args:
            readings: columns as in READINGS.
            refused_share: the share of genuine cases that the threshold may refuse.
        """
        median = np.median(readings, axis=0)
        spread = np.maximum(np.quantile(readings, SCALE_QUANTILE, axis=0) - median, 1e-9)
        scores = ((readings - median) / spread).max(axis=1)
        return cls(median, spread, float(np.quantile(scores, 1.0 - refused_share)))

    def score(self, readings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Novelty `(rows,)` of readings `(rows, 3)`."""
        return np.asarray(((readings - self.median) / self.spread).max(axis=1))
