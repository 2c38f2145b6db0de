"""Calibration metrics against arrays worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from ml.metrics.calibration import (
    brier_score,
    calibration_error_if_perfect,
    expected_calibration_error,
    reliability,
)

Y = np.array([0, 0, 1, 1, 1])
PROBABILITY = np.array([0.05, 0.15, 0.12, 0.95, 1.0])


def test_brier_score_by_hand() -> None:
    expected = (0.05**2 + 0.15**2 + 0.88**2 + 0.05**2 + 0.0) / 5

    assert brier_score(Y, PROBABILITY) == pytest.approx(expected)
    assert brier_score(Y, PROBABILITY) == pytest.approx(brier_score_loss(Y, PROBABILITY))


def test_bins_hold_what_falls_in_them_and_empty_ones_are_left_out() -> None:
    bins = reliability(Y, PROBABILITY)

    assert [(entry.low, entry.cases) for entry in bins] == [(0.0, 1), (0.1, 2), (0.9, 2)]
    assert bins[1].predicted == pytest.approx(0.135)
    assert bins[1].observed == pytest.approx(0.5)
    assert bins[2].observed == pytest.approx(1.0)


def test_expected_calibration_error_by_hand() -> None:
    expected = (1 * 0.05 + 2 * (0.5 - 0.135) + 2 * (1.0 - 0.975)) / 5

    assert expected_calibration_error(Y, PROBABILITY) == pytest.approx(expected)


def test_perfect_certainty_has_no_error() -> None:
    assert expected_calibration_error(Y, Y.astype(float)) == 0.0


def test_even_right_probabilities_show_an_error_that_shrinks_with_cases() -> None:
    few, many = (np.tile([0.25, 0.75], n // 2) for n in (100, 10_000))

    assert calibration_error_if_perfect(few) == pytest.approx(np.sqrt(0.25 * 0.75 / 50) * np.sqrt(2 / np.pi), rel=0.15)
    assert calibration_error_if_perfect(many) < calibration_error_if_perfect(few) / 5
    assert calibration_error_if_perfect(np.array([0.0, 1.0, 1.0])) == 0.0
