"""Kernel Inception distance's estimator (Bińkowski et al., 2018), on the features of any extractor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float64]
SUBSETS = 100
SUBSET_SIZE = 100


@dataclass(frozen=True)
class KernelDistance:
    """Squared maximum mean discrepancy between two sets, over random subsets.

    Attributes:
        mean: over the subsets; 0 for sets from one distribution, and sometimes below it.
        std: standard deviation over the subsets.
        low: 2.5 % quantile over the subsets.
        high: 97.5 % quantile over the subsets.
        subset_size: rows of either set in each subset.
    """

    mean: float
    std: float
    low: float
    high: float
    subset_size: int

    def covers(self, value: float) -> bool:
        """Whether a value lies between the quantiles."""
        return self.low <= value <= self.high


def kid(one: Features, other: Features, seed: int = 0, *, subsets: int = SUBSETS) -> KernelDistance:
    """The kernel distance between features `(n, d)` and `(m, d)`.

    Each subset takes as many rows of either set without replacement: 100, or half of the smaller set where that is
    less, so that subsets differ. The same call on two sets of real pictures gives the real-real interval to hold a
    generator's mean against.

    Raises:
        ValueError: for fewer than four rows, or features that don't fit together.
    """
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise ValueError(f"expected features (n, d) and (m, d); got {one.shape} and {other.shape}")
    smaller = min(len(one), len(other))
    if smaller < 4:
        raise ValueError(f"the kernel distance needs four rows or more of either set; got {smaller}")
    size = min(SUBSET_SIZE, smaller // 2)
    rng = np.random.default_rng(seed)
    found = np.array(
        [
            squared_mmd(one[rng.choice(len(one), size, False)], other[rng.choice(len(other), size, False)])
            for _ in range(subsets)
        ]
    )
    low, high = np.quantile(found, [0.025, 0.975])
    return KernelDistance(float(found.mean()), float(found.std(ddof=1)), float(low), float(high), size)


def squared_mmd(one: Features, other: Features) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy (Gretton et al., 2012, eq. 3) under the kernel
    (x·y / d + 1)³, of features `(n, d)` and `(m, d)`."""
    n, m = len(one), len(other)
    within_one, within_other = _kernel(one, one), _kernel(other, other)
    return float(
        (within_one.sum() - np.trace(within_one)) / (n * (n - 1))
        + (within_other.sum() - np.trace(within_other)) / (m * (m - 1))
        - 2.0 * _kernel(one, other).mean()
    )


def _kernel(one: Features, other: Features) -> Features:
    return np.asarray((one @ other.T / one.shape[1] + 1.0) ** 3)
