"""Fréchet distance between the Gaussians that fit two sets of features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float64]
SPLITS = 10


def frechet_distance(one: Features, other: Features) -> float:
    """Squared Fréchet (2-Wasserstein) distance between Gaussians with the means and covariances of two sets.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½), as Heusel et al. (2017) use it, on features `(n, d)` and `(m, d)`.

    The covariances are the plain sample covariances (divisor n − 1), not shrunk: shrinking would hide a generator that
    varies too little. The trace of the root is the sum of the singular values of R₁R₂ᵀ, R being the triangular factors
    of the centred features. So no covariance is ever formed or rooted, and the result is exact for n < d too, where
    the covariances are singular. It is biased upwards the more the smaller n is: compare at equal n only (`ratio`).

    Raises:
        ValueError: for fewer than two rows, other dimensions, or values that aren't finite.
    """
    _check(one, other)
    first, second = one - one.mean(axis=0), other - other.mean(axis=0)
    left = np.linalg.qr(first, mode="r") / np.sqrt(len(one) - 1)
    right = np.linalg.qr(second, mode="r") / np.sqrt(len(other) - 1)
    shift = one.mean(axis=0) - other.mean(axis=0)
    overlap = np.linalg.svd(left @ right.T, compute_uv=False).sum()
    distance = shift @ shift + (left**2).sum() + (right**2).sum() - 2.0 * overlap
    return max(float(distance), 0.0)


@dataclass(frozen=True)
class FrechetRatio:
    """How near to real pictures the synthetic ones come, held against how near other real ones come (1 is ideal).

    Attributes:
        ratio: real_real / real_synthetic. (The mean of the splits' ratios would be too high: the divisor is noisy.)
        spread: standard deviation of the splits' own ratios.
        real_real: mean Fréchet distance of training pictures from the held-out ones.
        real_synthetic: mean Fréchet distance of synthetic pictures from the held-out ones.
        count: rows on each side of every distance.
        splits: how many equal parts were drawn.
    """

    ratio: float
    spread: float
    real_real: float
    real_synthetic: float
    count: int
    splits: int


def ratio(
    train: Features, holdout: Features, synthetic: Features, *, seed: int = 0, splits: int = SPLITS
) -> FrechetRatio:
    """FD(real, real) / FD(real, synthetic) at equal n, as medigan reports it (Osuala et al., 2023).

    Each split draws as many rows from all three sets, without replacement: nine tenths of the smallest set's, so that
    the smallest varies too. Both distances are taken from the same held-out rows, so a perfect copy of the training
    pictures reaches 1 and nothing is gained by having learnt the held-out ones by heart.

    Raises:
        ValueError: when a set has fewer than three rows, or features don't fit together.
    """
    smallest = min(len(train), len(holdout), len(synthetic))
    if smallest < 3:
        raise ValueError(f"the ratio needs three pictures or more in every set; the smallest has {smallest}")
    count = max(2, round(0.9 * smallest))
    rng = np.random.default_rng(seed)
    real, fake = np.empty(splits), np.empty(splits)
    for split in range(splits):
        kept = holdout[rng.choice(len(holdout), count, replace=False)]
        real[split] = frechet_distance(kept, train[rng.choice(len(train), count, replace=False)])
        fake[split] = frechet_distance(kept, synthetic[rng.choice(len(synthetic), count, replace=False)])
    fake = np.maximum(fake, np.finfo(np.float64).tiny)
    spread = float((real / fake).std(ddof=1))
    return FrechetRatio(float(real.mean() / fake.mean()), spread, float(real.mean()), float(fake.mean()), count, splits)


def _check(one: Features, other: Features) -> None:
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise ValueError(f"expected features (n, d) and (m, d); got {one.shape} and {other.shape}")
    if min(len(one), len(other)) < 2:
        raise ValueError(f"a covariance needs two rows or more; got {len(one)} and {len(other)}")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("some features are not finite")
