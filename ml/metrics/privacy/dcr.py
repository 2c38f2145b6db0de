"""Distance to the closest record: do synthetic records lie nearer to the training records than to held-out ones?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ml.metrics.privacy.intervals import Estimate, normal_interval

RESAMPLES = 200
MOST = 2000  # synthetic records measured; more make no difference beside the hold-out's sampling error


def dcr_share(
    train: NDArray[np.float64], holdout: NDArray[np.float64], synthetic: NDArray[np.float64], seed: int = 0
) -> Estimate:
    """Share of synthetic records nearer to a training record than to a hold-out record, at equal numbers of both.

    The larger of the two samples is thinned to the size of the smaller again and again, and the shares are averaged;
    a tie counts half. 0.5 says that training records are no nearer than others. The interval is a bootstrap's over
    training, hold-out and synthetic records.

    Args:
        train: `(n, d)`, in the same space as the others.
        holdout: `(m, d)`.
        synthetic: `(k, d)`.
        seed: of the thinning and of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    if len(synthetic) > MOST:
        synthetic = synthetic[rng.choice(len(synthetic), MOST, replace=False)]
    to_train, to_holdout = cdist(synthetic, train), cdist(synthetic, holdout)
    size = min(len(train), len(holdout))
    shares, resampled = np.empty(RESAMPLES), np.empty(RESAMPLES)
    for turn in range(RESAMPLES):
        shares[turn] = _share(
            to_train[:, rng.choice(len(train), size, replace=False)],
            to_holdout[:, rng.choice(len(holdout), size, replace=False)],
        )
        rows = rng.integers(len(synthetic), size=len(synthetic))
        resampled[turn] = _share(
            to_train[:, rng.integers(len(train), size=size)][rows],
            to_holdout[:, rng.integers(len(holdout), size=size)][rows],
        )
    return normal_interval(float(shares.mean()), float(resampled.std(ddof=1)))


def _share(to_train: NDArray[np.float64], to_holdout: NDArray[np.float64]) -> float:
    near, far = to_train.min(axis=1), to_holdout.min(axis=1)
    return float((near < far).mean() + 0.5 * (near == far).mean())
