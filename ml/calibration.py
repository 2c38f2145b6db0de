"""Calibration of the ensemble's log-odds into probabilities, by logistic (Platt) scaling.

Sources: Platt, "Probabilistic outputs for support vector machines", 1999; Guo et al., "On calibration of modern
neural networks", 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

INTERVAL_MASS = 0.9
_BOUNDS = ((np.log(0.2), np.log(5.0)), (-2.0, 2.0))


@dataclass(frozen=True)
class LogisticCalibration:
    """probability = sigmoid(log-odds / temperature + shift)."""

    temperature: float
    shift: float

    def log_odds(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated log-odds of malignant for raw log-odds of any shape."""
        return np.asarray(log_odds / self.temperature + self.shift)

    def probability(self, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Calibrated probability of malignant in [0, 1] for raw log-odds of any shape."""
        return np.asarray(expit(self.log_odds(log_odds)))

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


def fit_calibration(
    log_odds: NDArray[np.float64],
    y: NDArray[np.int64],
    sharpening: float = 1.0,
    *,
    expected: tuple[float, float] | None = None,
) -> LogisticCalibration:
    """The temperature in [0.2, 5] and shift in [-2, 2] of least log loss on cases that the members did not see.

    Args:
        log_odds: `(rows,)`, out-of-fold.
        y: `(rows,)`, 0 benign, 1 malignant.
        sharpening: multiplies the temperature found.
        expected: how far, before any case is seen, the temperature's logarithm and the shift are expected to lie from
            0 (standard deviations of a normal prior); None for no expectation. Few cases need one.
    """
    signs = 2 * y - 1

    def log_loss(parameters: NDArray[np.float64]) -> float:
        log_temperature, shift = parameters
        loss = float(np.logaddexp(0.0, -signs * (log_odds / np.exp(log_temperature) + shift)).mean())
        if expected is None:
            return loss
        unlikely = (log_temperature / expected[0]) ** 2 + (shift / expected[1]) ** 2
        return float(loss + unlikely / (2.0 * len(y)))

    found = minimize(
        log_loss, np.zeros(2), method="Nelder-Mead", bounds=_BOUNDS, options={"xatol": 1e-6, "fatol": 1e-10}
    )
    return LogisticCalibration(sharpening * float(np.exp(found.x[0])), float(found.x[1]))
