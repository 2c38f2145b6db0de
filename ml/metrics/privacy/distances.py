"""Distances to the nearest records, in a standardised or a feature space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

_BLOCK = 1024


@dataclass(frozen=True)
class Nearest:
    """The nearest reference records of each query, nearest first.

    Attributes:
        distances: `(queries, k)`, Euclidean.
        rows: `(queries, k)`, indices into the reference.
    """

    distances: NDArray[np.float64]
    rows: NDArray[np.int64]


@dataclass(frozen=True)
class Standardiser:
    """Moves every column to mean 0 and standard deviation 1; a constant column is only centred."""

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, *samples: NDArray[np.float64]) -> Standardiser:
        """Learn from real records `(n, d)`: training and hold-out together, so that neither is favoured."""
        pooled = np.concatenate(samples)
        deviation = pooled.std(axis=0)
        return cls(pooled.mean(axis=0), np.where(deviation > 0, deviation, 1.0))

    def __call__(self, records: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standardised records `(n, d)`."""
        return (np.asarray(records, dtype=np.float64) - self.centre) / self.scale


def nearest(queries: NDArray[np.float64], reference: NDArray[np.float64], k: int = 1) -> Nearest:
    """The `k` nearest of `reference` `(m, d)` to each of `queries` `(n, d)`, by exact search.

    Raises:
        ValueError: when the reference has fewer than `k` records.
    """
    if len(reference) < k:
        raise ValueError(f"{k} nearest records need a reference of at least {k}, not {len(reference)}")
    distances, rows = np.empty((len(queries), k)), np.empty((len(queries), k), dtype=np.int64)
    for start in range(0, len(queries), _BLOCK):
        block = cdist(queries[start : start + _BLOCK], reference)
        chosen = np.argpartition(block, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(block, chosen, axis=1)
        order = np.argsort(found, axis=1, kind="stable")
        distances[start : start + _BLOCK] = np.take_along_axis(found, order, axis=1)
        rows[start : start + _BLOCK] = np.take_along_axis(chosen, order, axis=1)
    return Nearest(distances, rows)


def nearest_distances(queries: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each query `(n, d)` to its nearest reference record `(m, d)`: `(n,)`."""
    return nearest(queries, reference).distances[:, 0]


def distance_ratios(queries: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nearest-neighbour distance ratio of each query, `(n,)` in [0, 1]: nearest distance over the second nearest.

    0 is a copy; two nearest records that are both at distance 0 also count as one.
    """
    two = nearest(queries, reference, 2).distances
    return np.divide(two[:, 0], two[:, 1], out=np.zeros(len(two)), where=two[:, 1] > 0)
