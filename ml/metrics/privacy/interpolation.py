"""Records blended of two training records, as SMOTE and mixup make them: they lie on the line between the two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

NEIGHBOURS = 48  # nearest reference records whose pairs are tried: SMOTE takes pairs among the 5 nearest of a class


def segment_ratios(
    queries: NDArray[np.float64], reference: NDArray[np.float64], neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """Distance of each query `(n, d)` to the nearest segment between two of its nearest reference records, over the
    distance to the nearest record itself: `(n,)` in [0, 1].

    0 is a blend (or a copy); near 1 the segments come no closer than their ends.

    Raises:
        ValueError: when the reference has fewer than two records.
    """
    if len(reference) < 2:
        raise ValueError("segments need a reference of at least two records")
    count = min(neighbours, len(reference))
    first, second = np.triu_indices(count, 1)
    to_reference = cdist(queries, reference)
    order = np.argsort(to_reference, axis=1, kind="stable")[:, :count]
    ratios = np.empty(len(queries))
    for row, chosen in enumerate(order):
        steps = reference[chosen] - queries[row]
        nearest = to_reference[row, chosen[0]]
        ratios[row] = 0.0 if nearest == 0 else _to_segments(steps @ steps.T, first, second) / nearest
    return ratios


def _to_segments(products: NDArray[np.float64], first: NDArray[np.intp], second: NDArray[np.intp]) -> float:
    """Smallest distance from the origin to a segment between two points, given the points' inner products."""
    squares = np.diag(products)
    a, b, between = squares[first], squares[second], products[first, second]
    length = np.maximum(a + b - 2.0 * between, 0.0)
    share = np.divide(a - between, length, out=np.zeros_like(a), where=length > 0).clip(0.0, 1.0)
    remaining = a - 2.0 * share * (a - between) + share**2 * length
    return float(np.sqrt(max(float(remaining.min()), 0.0)))
