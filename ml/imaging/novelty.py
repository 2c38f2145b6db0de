"""How unlike the training pictures a picture is.

Five readings are put on one scale, 0 at the training pictures' median and 1 at their 99th percentile (measured on
pictures, plain and gently changed, by models that did not see them); the novelty is the largest.

- *texture*: Mahalanobis distance of the picture's simple figures (`ml.imaging.texture`) from the training pictures'.
- *kind*: log-odds of "something else" against "ultrasound" by a logistic regression on those figures and their
  products, taught with drawn counterexamples (`ml.imaging.counterexamples`).
- *features*: Mahalanobis distance of the discriminator's last hidden layer, mean over members.
- *reconstruction error* of the autoencoders, mean over members.
- *fake score*: the discriminators' log-odds of "fake" against "real", mean over members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

READINGS = ("texture", "kind", "features", "reconstruction_error", "fake_score")
SCALE_QUANTILE = 0.99
FIGURE_LIMIT = 12.0  # standard deviations beyond which a figure says nothing more

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Distance:
    """Mahalanobis distance from training rows, with a shrunken covariance (Ledoit and Wolf, 2004)."""

    centre: Values  # (features,)
    precision: Values  # (features, features)

    @classmethod
    def fit(cls, rows: Values) -> Self:
        """Learn from rows `(n, features)`."""
        covariance, _ = ledoit_wolf(rows)
        ridge = 1e-6 * max(float(np.trace(covariance)) / len(covariance), 1e-9)
        return cls(rows.mean(axis=0), np.linalg.inv(covariance + ridge * np.eye(len(covariance))))

    def of(self, rows: Values) -> Values:
        """Distances `(n,)` of rows `(n, features)`, per feature (so about 1 on training rows)."""
        away = rows - self.centre
        squares = np.maximum(((away @ self.precision) * away).sum(axis=1), 0.0)
        return np.asarray(np.sqrt(squares / away.shape[1]))


@dataclass(frozen=True)
class KindBoundary:
    """Logistic regression between ultrasound and other pictures, on standardised figures and their products."""

    centre: Values  # (figures,)
    scale: Values  # (figures,)
    weights: Values  # (figures + products,)
    bias: float

    @classmethod
    def fit(cls, genuine: Values, others: Values) -> Self:
        """Learn from the figures of genuine pictures `(n, figures)` and of others `(m, figures)`."""
        rows = np.concatenate([genuine, others])
        scaler = StandardScaler().fit(rows)
        products = _products(_limited(scaler.transform(rows)))
        inner = StandardScaler().fit(products)
        model = LogisticRegression(C=0.1, max_iter=5000, class_weight="balanced")
        model.fit(inner.transform(products), np.repeat([0, 1], [len(genuine), len(others)]))
        weights = model.coef_[0] / inner.scale_
        bias = float(model.intercept_[0] - (weights * inner.mean_).sum())
        return cls(np.asarray(scaler.mean_), np.asarray(scaler.scale_), weights, bias)

    def of(self, rows: Values) -> Values:
        """Log-odds `(n,)` of "something else" for figures `(n, figures)`."""
        return np.asarray(_products(_limited((rows - self.centre) / self.scale)) @ self.weights + self.bias)


@dataclass(frozen=True)
class NoveltyScale:
    """Puts the readings on one scale and holds the refusal threshold."""

    median: Values  # (5,), in the order of READINGS
    spread: Values  # (5,): 99th percentile − median
    threshold: float

    @classmethod
    def fit(cls, readings: Values, refused_share: float) -> Self:
        """Learn from readings `(n, 5)` of genuine pictures by models that did not see them.

        Args:
            readings: columns as in READINGS.
            refused_share: the share of these pictures that the threshold may refuse.
        """
        median = np.median(readings, axis=0)
        spread = np.maximum(np.quantile(readings, SCALE_QUANTILE, axis=0) - median, 1e-6)
        scores = ((readings - median) / spread).max(axis=1)
        return cls(median, spread, float(np.quantile(scores, 1.0 - refused_share)))

    def scaled(self, readings: Values) -> Values:
        """Readings `(n, 5)` on the common scale."""
        return np.asarray((readings - self.median) / self.spread)

    def score(self, readings: Values) -> Values:
        """Novelty `(n,)` of readings `(n, 5)`."""
        return np.asarray(self.scaled(readings).max(axis=1))


def _limited(rows: Values) -> Values:
    return np.clip(rows, -FIGURE_LIMIT, FIGURE_LIMIT)


def _products(rows: Values) -> Values:
    """The figures, then the products of every two of them, a figure with itself included."""
    first, second = np.triu_indices(rows.shape[1])
    return np.concatenate([rows, rows[:, first] * rows[:, second]], axis=1)
