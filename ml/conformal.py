"""Conformal prediction sets with the promised coverage in each class (Mondrian; Vovk et al., 2005)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ConformalSets:
    """A label belongs to the set where its probability reaches the label's own threshold.

    Where neither label or both belong, or the one that belongs is not the decision, the case is uncertain and
    the set holds both: a larger set never covers less than was promised.
    """

    coverage: float
    benign_threshold: float
    malignant_threshold: float

    def contains(self, probability: NDArray[np.float64], decision_threshold: float) -> NDArray[np.bool_]:
        """Which labels belong: `(rows, 2)`, benign then malignant, never an empty set.

        Args:
            probability: calibrated probability of malignant, `(rows,)`.
            decision_threshold: the probability from which the decision is malignant.
        """
        benign = 1.0 - probability >= self.benign_threshold
        malignant = probability >= self.malignant_threshold
        uncertain = (benign == malignant) | (malignant != (probability >= decision_threshold))
        return np.stack([benign | uncertain, malignant | uncertain], axis=1)


def fit_conformal(probability: NDArray[np.float64], y: NDArray[np.int64], coverage: float = 0.95) -> ConformalSets:
    """Thresholds from cases that the scoring members did not see (cross-conformal: Vovk, 2015).

    Args:
        probability: calibrated probability of malignant, out-of-fold, `(rows,)`.
        y: `(rows,)`, 0 benign, 1 malignant.
        coverage: share of each class's cases whose set shall hold the true label.

    Raises:
        ValueError: when `coverage` is not between 0 and 1.
    """
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"coverage must lie between 0 and 1; got {coverage}")
    return ConformalSets(
        coverage=coverage,
        benign_threshold=_threshold(1.0 - probability[y == 0], coverage),
        malignant_threshold=_threshold(probability[y == 1], coverage),
    )


def _threshold(own_probability: NDArray[np.float64], coverage: float) -> float:
    """The smallest probability whose conformal p-value exceeds 1 − coverage; 0 with too few cases."""
    # the tiny amount undoes rounding: (1 − .9) × 20 is a little less than 2
    rank = int(np.floor((1.0 - coverage) * (len(own_probability) + 1) + 1e-9))
    return float(np.sort(own_probability)[rank - 1]) if rank >= 1 else 0.0
