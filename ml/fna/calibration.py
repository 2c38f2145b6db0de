"""Calibration of the ensemble's log-odds into probabilities, by temperature scaling (Guo et al., 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

INTERVAL_MASS = 0.9


@dataclass(frozen=True)
class TemperatureCalibration:
    """probability = sigmoid(log-odds / temperature)."""

    temperature: float

    def probability(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability of malignant in [0, 1] for raw log-odds of any shape."""
        return np.asarray(expit(log_odds / self.temperature))

    def interval(self, member_log_odds: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The range that the middle 90 % of ensemble members give, as probabilities.

        It says how far the members disagree: members differ in their starting weights, in the order of
        learning and in the tenth of the training cases that each did not see. It holds the ensemble's own
        answer by construction, and it says nothing of errors that all members share.

        Args:
            member_log_odds: `(members, rows)`.
        """
        tail = (1.0 - INTERVAL_MASS) / 2.0
        low, high = np.quantile(member_log_odds, [tail, 1.0 - tail], axis=0)
        centre = member_log_odds.mean(axis=0)
        return self.probability(np.minimum(low, centre)), self.probability(np.maximum(high, centre))


def fit_temperature(log_odds: NDArray[np.float64], y: NDArray[np.int64]) -> TemperatureCalibration:
    """The temperature in [0.2, 5] with the least log loss on cases that the scoring members did not see.

    Args:
        log_odds: `(rows,)`, out-of-fold.
        y: `(rows,)`, 0 benign, 1 malignant.
    """
    signed = log_odds * (2 * y - 1)

    def log_loss(log_temperature: float) -> float:
        return float(np.logaddexp(0.0, -signed / np.exp(log_temperature)).mean())

    found = minimize_scalar(log_loss, bounds=(np.log(0.2), np.log(5.0)), method="bounded")
    return TemperatureCalibration(float(np.exp(found.x)))
