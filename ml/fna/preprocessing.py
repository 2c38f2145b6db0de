"""Cleaning and scaling of FNA feature rows.

The papers scale by min-max or z-score; both are here. What works better, and is the default, is the z-score
beside its Yeo-Johnson transform (Yeo & Johnson, 2000): the first keeps distances between large nuclei, the
second spreads the crowded small values of skewed features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import PowerTransformer
from sklearn.utils.validation import check_is_fitted, validate_data

Method = Literal["zscore", "minmax", "zscore+yeo-johnson"]
METHODS: tuple[Method, ...] = ("zscore", "minmax", "zscore+yeo-johnson")
REVISION = 1


@dataclass(frozen=True)
class Cleaned:
    """A training table fit to learn from, and what was taken out of it."""

    X: NDArray[np.float64]
    y: NDArray[np.int64]
    kept: NDArray[np.int64]  # indices of the kept rows
    incomplete: int  # rows dropped for a missing or infinite value
    duplicates: int  # rows dropped for repeating an earlier row exactly


def clean(X: NDArray[np.float64], y: NDArray[np.int64]) -> Cleaned:
    """Drop incomplete rows and exact repeats from a training table `(n, features)`.

    Repeats would sit on both sides of a cross-validation split and flatter it.
    """
    complete = np.isfinite(X).all(axis=1)
    candidates = np.flatnonzero(complete)
    _, first = np.unique(X[candidates], axis=0, return_index=True)
    kept = candidates[np.sort(first)]
    return Cleaned(
        X=X[kept],
        y=y[kept],
        kept=kept,
        incomplete=int((~complete).sum()),
        duplicates=int(len(candidates) - len(kept)),
    )


def yeo_johnson(x: NDArray[np.float64], lambdas: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Yeo-Johnson transform of `(n, features)` with one λ a feature."""
    lambdas = np.broadcast_to(lambdas, x.shape)
    grown = np.log1p(np.abs(x))
    # below zero the transform is that of |x| with 2 − λ, mirrored
    power = np.where(x >= 0, lambdas, 2.0 - lambdas)
    flat = np.abs(power) < 1e-8
    bent = np.expm1(np.where(flat, 0.0, power) * grown) / np.where(flat, 1.0, power)
    return np.where(x >= 0, 1.0, -1.0) * np.where(flat, grown, bent)


class FnaPreprocessor(TransformerMixin, BaseEstimator):
    """Scale rows of measurements for the networks.

    Args:
        method: `"zscore"`, `"minmax"` (to [−1, 1]), or `"zscore+yeo-johnson"`, which gives two columns a
            feature: its z-score and the standardised Yeo-Johnson transform of that.
        clip: scaled values are clipped to ±`clip`.
    """

    def __init__(self, method: Method = "zscore+yeo-johnson", clip: float = 4.0) -> None:
        self.method = method
        self.clip = clip

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Learn centres, scales and λ from `(n, features)`; constant features get scale 1."""
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}; got {self.method!r}")
        rows: NDArray[np.float64] = validate_data(self, X, dtype=np.float64)
        if self.method == "minmax":
            low, high = rows.min(axis=0), rows.max(axis=0)
            self.center_, self.scale_ = (low + high) / 2.0, _usable((high - low) / 2.0)
            return self
        self.center_, self.scale_ = rows.mean(axis=0), _usable(rows.std(axis=0))
        if self.method == "zscore+yeo-johnson":
            z = (rows - self.center_) / self.scale_
            self.lambdas_ = PowerTransformer(standardize=False).fit(z).lambdas_
            bent = yeo_johnson(z, self.lambdas_)
            self.bent_center_, self.bent_scale_ = bent.mean(axis=0), _usable(bent.std(axis=0))
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scale `(n, features)` to `(n, features)`, or `(n, 2 × features)` with Yeo-Johnson; clipped."""
        check_is_fitted(self)
        return self.scale(validate_data(self, X, dtype=np.float64, reset=False))

    def scale(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """`transform` without its checks, for rows known to be complete."""
        z = (X - self.center_) / self.scale_
        if self.method == "zscore+yeo-johnson":
            z = np.concatenate([z, self._bend(z)], axis=1)
        return np.asarray(np.clip(z, -self.clip, self.clip))

    def gaussianise(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """One column a feature, `(n, features)`, as near to normal as the method allows; not clipped."""
        z = np.asarray((X - self.center_) / self.scale_)
        return self._bend(z) if self.method == "zscore+yeo-johnson" else z

    def _bend(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((yeo_johnson(z, self.lambdas_) - self.bent_center_) / self.bent_scale_)

    @property
    def preprocessing_version(self) -> str:
        """Names the arithmetic that predictions went through, such as `zscore+yeo-johnson/1 clip 4`."""
        return f"{self.method}/{REVISION} clip {self.clip:g}"

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` has run."""
        return hasattr(self, "center_")


def _usable(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scales of constant features become 1, so that nothing divides by zero."""
    return np.where(scale > 1e-12, scale, 1.0)
