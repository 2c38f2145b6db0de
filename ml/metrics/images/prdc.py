"""Precision and recall (Kynkäänniemi et al., 2019), density and coverage (Naeem et al., 2020) of a generator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

Features = NDArray[np.float64]
NEIGHBOURS = 5


@dataclass(frozen=True)
class Manifold:
    """How two sets of features overlap.

    Attributes:
        precision: share of fakes within a real picture's neighbourhood.
        recall: share of real pictures within a fake's neighbourhood.
        density: how many real neighbourhoods a fake lies in, over k; above 1 where fakes crowd together.
        coverage: share of real pictures with a fake in their neighbourhood.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def prdc(real: Features, fake: Features, k: int = NEIGHBOURS) -> Manifold:
    """Compare features `(n, d)` of real pictures with `(m, d)` of fakes.

    A picture's neighbourhood is the ball that reaches to its k-th nearest other picture of the same set. Coverage and
    density depend on n and m: compare at equal sizes. For sets from one distribution of equal size the expected
    coverage is 1 − Π (n − i) / (2n − i) for i = 1…k, about 1 − 2⁻ᵏ (Naeem et al., eq. 9): .97 for k = 5.

    Raises:
        ValueError: when a set has no more than k rows, or features don't fit together.
    """
    if real.ndim != 2 or fake.ndim != 2 or real.shape[1] != fake.shape[1]:
        raise ValueError(f"expected features (n, d) and (m, d); got {real.shape} and {fake.shape}")
    if k < 1 or min(len(real), len(fake)) <= k:
        raise ValueError(f"{k} neighbours need more than {k} rows in both sets; got {len(real)} and {len(fake)}")
    real_radii, fake_radii = _radii(real, k), _radii(fake, k)
    between = cdist(real, fake)
    in_real = between <= real_radii[:, None]
    return Manifold(
        precision=float(in_real.any(axis=0).mean()),
        recall=float((between <= fake_radii[None, :]).any(axis=1).mean()),
        density=float(in_real.sum(axis=0).mean() / k),
        coverage=float(in_real.any(axis=1).mean()),
    )


def _radii(rows: Features, k: int) -> NDArray[np.float64]:
    """Distance of every row from its k-th nearest other row."""
    distances = cdist(rows, rows)
    np.fill_diagonal(distances, np.inf)
    return np.asarray(np.partition(distances, k - 1, axis=1)[:, k - 1])
