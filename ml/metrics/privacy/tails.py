"""How improbable a closeness is, going by the closeness of records that can't have leaked.

In a space of intrinsic dimension d the ratio r of a record's nearest to its second nearest distance has
P(r < x) ≈ x^d: that is what makes volumes. So −log r is nearly exponential, and the tail that held-out records show
can be carried on beyond the closest of them (Hill, Annals of Statistics 3, 1975).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

TAIL_SHARE = 0.25  # of the control records that the tail's slope is learnt from
FEWEST_IN_TAIL = 10
LEVEL = 0.01
OUTRIGHT = 1e-6
CAUTION = 0.01  # chance that the true tail falls off more slowly than what is used


@dataclass(frozen=True)
class Tail:
    """The tail of a closeness, beyond a threshold.

    Attributes:
        threshold: where the tail begins.
        share: of control records beyond it.
        rate: how fast it falls off, a lower confidence limit.
    """

    threshold: float
    share: float
    rate: float

    @classmethod
    def of(cls, closeness: NDArray[np.float64]) -> Tail:
        """Learn from control records' closeness `(n,)`, larger meaning closer.

        Raises:
            ValueError: with fewer than 11 control records.
        """
        count = max(FEWEST_IN_TAIL, round(TAIL_SHARE * len(closeness)))
        if len(closeness) <= count:
            raise ValueError(f"a tail needs more than {count} control records, not {len(closeness)}")
        ordered = np.sort(closeness)[::-1]
        excess = ordered[:count] - ordered[count]
        rate = float(gamma.ppf(CAUTION, count) / max(excess.sum(), 1e-12))
        return cls(float(ordered[count]), count / len(closeness), rate)

    def chance(self, closeness: NDArray[np.float64]) -> NDArray[np.float64]:
        """Chance `(n,)` that a record that can't have leaked is at least so close; 1 below the threshold."""
        beyond = closeness - self.threshold
        return np.where(beyond > 0, self.share * np.exp(-self.rate * np.maximum(beyond, 0.0)), 1.0)


def closeness_of(ratios: NDArray[np.float64]) -> NDArray[np.float64]:
    """−log of ratios `(n,)` in [0, 1]; a ratio of 0 gives infinity."""
    with np.errstate(divide="ignore"):
        return -np.log(ratios)


def too_close(
    suspects: NDArray[np.float64],
    holdout: NDArray[np.float64],
    untrained: NDArray[np.float64],
    level: float = LEVEL,
) -> NDArray[np.bool_]:
    """Which synthetic records come closer to training records than chance explains: `(n,)`.

    Two controls must agree. Held-out records show how close strangers come to training records. The synthetic records'
    own closeness to held-out records, which they can't have been copied from, shows what the generator's way of drawing
    does by itself: smooth pictures are closer to everything. The second is overruled where the first is beyond doubt
    (`OUTRIGHT`), so that a generator that was given the held-out records as well can't hide behind it.

    `level` holds for all suspects together (Bonferroni): it is the chance of naming any record of an honest set.

    Args:
        suspects: ratios `(n,)` in [0, 1] of synthetic against training records, small meaning close.
        holdout: of held-out against training records.
        untrained: of synthetic against held-out records.
        level: see above.
    """
    closeness = closeness_of(suspects)
    chance = len(suspects) * Tail.of(closeness_of(holdout[holdout > 0])).chance(closeness)
    named = chance < level
    genuine = untrained[untrained > 0]
    if len(genuine) > max(FEWEST_IN_TAIL, len(untrained) // 2):
        own = len(suspects) * Tail.of(closeness_of(genuine)).chance(closeness)
        named &= (own < level) | (chance < OUTRIGHT)
    return np.asarray(named)


@dataclass(frozen=True)
class Ratios:
    """Ratios `(n,)` in [0, 1] to the nearest reference records, small meaning close, by whose and to which.

    Attributes:
        made_to_train: of synthetic records to training records.
        made_to_holdout: of synthetic records to held-out records.
        holdout_to_train: of held-out records to training records.
        train_to_holdout: of training records to held-out records.
    """

    made_to_train: NDArray[np.float64]
    made_to_holdout: NDArray[np.float64]
    holdout_to_train: NDArray[np.float64]
    train_to_holdout: NDArray[np.float64]


def too_close_to_either(ratios: Ratios, level: float = LEVEL) -> NDArray[np.bool_]:
    """Which synthetic records come closer to training or to held-out records than chance explains: `(n,)`.

    Held-out records are patients' as well, and a set made from them instead would look like a stranger to the training
    records. Each side is the other's control; `level` is divided between the two.
    """
    return too_close(ratios.made_to_train, ratios.holdout_to_train, ratios.made_to_holdout, level / 2) | too_close(
        ratios.made_to_holdout, ratios.train_to_holdout, ratios.made_to_train, level / 2
    )
