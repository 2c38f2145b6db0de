"""Each column by itself: the Kolmogorov-Smirnov complement."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ks_complements(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 less the largest gap between the two cumulative distributions, for each column (features,).

    1 says that the distributions are the same, 0 that they don't overlap. Two honest samples of 455 rows reach
    0.94 on average.

    Args:
        real: (n, features).
        synthetic: (m, features).
    """
    return np.array([1.0 - _largest_gap(one, other) for one, other in zip(real.T, synthetic.T, strict=True)])


def ks_complement(real: NDArray[np.float64], synthetic: NDArray[np.float64]) -> float:
    """The mean of `ks_complements` over the columns."""
    return float(ks_complements(real, synthetic).mean())


def _largest_gap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    places = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(values), places, side="right") / len(values) for values in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())
