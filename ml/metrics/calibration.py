"""How far probabilities are to be believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """One bin of predicted probability: its edges, number of cases, mean prediction and observed share."""

    low: float
    high: float
    cases: int
    predicted: float
    observed: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


def brier_score(y: NDArray[np.int64], probability: NDArray[np.float64]) -> float:
    """Mean squared difference between probability of malignant and outcome, in [0, 1]."""
    return float(np.square(probability - y).mean())


def reliability(y: NDArray[np.int64], probability: NDArray[np.float64], bins: int = BINS) -> list[ReliabilityBin]:
    """Equal-width bins of the probability of malignant that hold any case."""
    index = np.minimum((probability * bins).astype(np.int64), bins - 1)
    return [
        ReliabilityBin(
            low=bin_ / bins,
            high=(bin_ + 1) / bins,
            cases=int((index == bin_).sum()),
            predicted=float(probability[index == bin_].mean()),
            observed=float(y[index == bin_].mean()),
        )
        for bin_ in range(bins)
        if (index == bin_).any()
    ]


def expected_calibration_error(y: NDArray[np.int64], probability: NDArray[np.float64], bins: int = BINS) -> float:
    """Mean gap between predicted and observed share over equal-width bins, weighted by cases, in [0, 1]."""
    gaps = [entry.cases * abs(entry.predicted - entry.observed) for entry in reliability(y, probability, bins)]
    return float(sum(gaps) / len(y))


def calibration_error_if_perfect(
    probability: NDArray[np.float64], *, draws: int = 200, random_state: int = 0, bins: int = BINS
) -> float:
    """The expected calibration error that sampling alone would give, were these probabilities exactly right.

    Outcomes are drawn from the probabilities themselves, `draws` times. Read a measured error beside this mean.
    """
    rng = np.random.default_rng(random_state)
    errors = [
        expected_calibration_error((rng.random(len(probability)) < probability).astype(np.int64), probability, bins)
        for _ in range(draws)
    ]
    return float(np.mean(errors))
