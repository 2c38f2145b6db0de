"""Small samples that are as near to the generator's distribution as large ones.

A few hundred independent rows miss their own generator's means and correlations by several per cent. Balanced draws
don't, and are spread over the distribution just the same; only within one call do rows depend on each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri


def evenly_ranked(scores: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Scores (n, columns) spread over the normal distribution as a Latin hypercube, each column in its old order.

    One score falls in each n-th of the distribution, so that a small sample's distributions are as near to the
    generator's as a large one's (Stein, "Large sample properties of simulations using Latin hypercube sampling",
    Technometrics, 1987).
    """
    order = scores.argsort(axis=0).argsort(axis=0)
    return np.asarray(ndtri((order + rng.uniform(1e-3, 1.0, scores.shape)) / (len(scores) + 1e-3)))


def decorrelated(rows: NDArray[np.float64], strength: float) -> NDArray[np.float64]:
    """Rows (n, width) moved so that their mean is 0 and their covariance nearer to the identity.

    Moment matching, as in Monte Carlo finance (Barraquand, 1995). At strength 1 the covariance is exactly the
    identity; at 0 it stays. Fewer than two rows a column are left as they are.
    """
    count, width = rows.shape
    if count < 2 * width:
        return rows
    centred = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / count)
    return np.asarray(centred @ (vectors * values ** (-strength / 2)) @ vectors.T)
