"""What the discriminator sees of a row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from ml.gan.tabular.copula import Copula

_STRENGTHS = (0.1, 1.0)  # inverse regularisation of the two logistic regressions
_WEIGHT = 6.0  # of the diagnostic directions beside the scores: they matter most
_FLAT = 1e-6  # spread of log-odds where the classes don't differ at all


@dataclass(frozen=True)
class Diagnostic:
    """Directions in the standardised measurements along which the classes part.

    A generator of either class alone leaves the gap between the classes to chance, and a classifier trained on its
    rows then draws the line in the wrong place. Shown these directions, the discriminator judges the gap as well.

    Attributes:
        centre: (30,) float32 of the measurements.
        scale: (30,) float32.
        directions: (directions, 31) float32, the last column a constant.
    """

    centre: Tensor
    scale: Tensor
    directions: Tensor

    @classmethod
    def of(cls, X: NDArray[np.float64], y: NDArray[np.int64]) -> Diagnostic:
        """Logistic regressions on `X` (n, 30) and `y` (n,), their log-odds scaled to a spread of _WEIGHT."""
        centre, scale = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-12)
        rows = (X - centre) / scale
        directions = []
        for strength in _STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=2000).fit(rows, y)
            direction = np.append(model.coef_[0], model.intercept_[0])
            spread = max(float(model.decision_function(rows).std()), _FLAT)
            directions.append(_WEIGHT * direction / spread)
        return cls(*(torch.from_numpy(np.array(part, dtype=np.float32)) for part in (centre, scale, directions)))

    def __call__(self, X: Tensor) -> Tensor:
        """Places along the directions (n, directions) of measurements (n, 30)."""
        return (X - self.centre) / self.scale @ self.directions[:, :-1].T + self.directions[:, -1]


@dataclass(frozen=True)
class View:
    """Whitened scores, beside them the scores, and where the row lies along the diagnostic directions."""

    copula: Copula
    diagnostic: Diagnostic | None

    def __call__(self, whitened: Tensor, classes: Tensor) -> Tensor:
        """Inputs of the discriminator (n, inputs) of whitened rows (n, 30) and `classes` (n,)."""
        scores = self.copula.scores(whitened, classes)
        parts = [whitened, scores]
        if self.diagnostic is not None:
            parts.append(self.diagnostic(self.copula.measurements(scores, classes)))
        return torch.cat(parts, dim=1)
