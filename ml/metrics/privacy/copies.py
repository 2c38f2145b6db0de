"""Records that are copies of real records up to rounding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.metrics.privacy.distances import nearest_distances

ROUNDING = 1e-3  # root mean square difference, in standard deviations, that writing a number with few digits may make


def exact_copies(records: NDArray[np.float64], real: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of `records` `(n, d)` are one of `real` `(m, d)` but for rounding; both standardised: `(n,)`."""
    return np.asarray(nearest_distances(records, real) <= ROUNDING * records.shape[1] ** 0.5)
