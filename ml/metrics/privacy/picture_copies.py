"""Pictures that are copies or blends of reference pictures, however mirrored, shifted, brightened or compressed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ml.imaging.data import Progress
from ml.metrics.privacy.alignment import Aligned, align


@dataclass(frozen=True)
class PictureCloseness:
    """How close pictures come to reference pictures once aligned, as `ml.metrics.privacy.tails` takes it.

    Attributes:
        nearest: `(n,)`, the most alike reference picture of each.
        correlations: `(n,)`, with that one.
        copy_ratios: `(n,)` in [0, 1], distance to the most alike picture over the distance to the most alike one of
            another group (patient); 0 is a copy.
        blend_ratios: `(n,)` in [0, 1], what the best two pictures together leave unexplained over what the best one
            alone leaves; 0 is a blend.
    """

    nearest: NDArray[np.int64]
    correlations: NDArray[np.float64]
    copy_ratios: NDArray[np.float64]
    blend_ratios: NDArray[np.float64]

    def select(self, rows: NDArray[np.bool_]) -> PictureCloseness:
        """Those of the chosen pictures."""
        return PictureCloseness(
            self.nearest[rows], self.correlations[rows], self.copy_ratios[rows], self.blend_ratios[rows]
        )


def picture_closeness(
    queries: Tensor, reference: Tensor, groups: NDArray[np.int64], progress: Progress | None = None
) -> PictureCloseness:
    """Compare `queries` `(n, 1, h, w)` uint8 with `reference` `(m, 1, h, w)` uint8 whose patients are `groups` `(m,)`.

    Raises:
        ValueError: when the reference has pictures of one group only.
    """
    if len(np.unique(groups)) < 2:
        raise ValueError("closeness needs reference pictures of at least two patients or groups")
    found = align(queries, reference, progress=progress)
    return PictureCloseness(
        found.rows[:, 0], found.correlations[:, 0], _copy_ratios(found, groups[found.rows]), _blend_ratios(found)
    )


def _copy_ratios(found: Aligned, groups: NDArray[np.int64]) -> NDArray[np.float64]:
    """Distances between unit vectors: the square root of twice what the correlation lacks to 1."""
    distances = np.sqrt(2.0 * np.maximum(1.0 - found.correlations, 0.0))
    other = groups != groups[:, :1]
    second = np.where(other, distances, np.inf).min(axis=1)
    second = np.where(other.any(axis=1), second, distances[:, -1])  # all candidates are the same patient's
    return np.asarray(np.divide(distances[:, 0], second, out=np.zeros(len(second)), where=second > 0))


def _blend_ratios(found: Aligned) -> NDArray[np.float64]:
    """Residuals of least squares on each pair of windows, where both take part with a positive weight."""
    first, second = np.triu_indices(found.correlations.shape[1], 1)
    a, b = found.correlations[:, first], found.correlations[:, second]
    between = found.products[:, first, second]
    independent = np.maximum(1.0 - between**2, 1e-6)
    weight_a, weight_b = (a - b * between) / independent, (b - a * between) / independent
    explained = np.where((weight_a > 0) & (weight_b > 0), weight_a * a + weight_b * b, 0.0).max(axis=1)
    alone = np.sqrt(np.maximum(1.0 - np.clip(found.correlations[:, 0], 0.0, 1.0) ** 2, 0.0))
    together = np.minimum(np.sqrt(np.maximum(1.0 - explained, 0.0)), alone)
    return np.asarray(np.divide(together, alone, out=np.zeros(len(alone)), where=alone > 1e-6))
