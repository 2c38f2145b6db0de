"""Calibration from few pictures stays near what the networks say; sets follow from left-out pictures alone."""

import numpy as np
import pytest

from ml.calibration import fit_calibration
from ml.imaging.conclusion import certainty
from ml.imaging.ensemble import Readings


def outcomes_from(log_odds: np.ndarray, seed: int) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))).astype(np.int64)


def test_an_expectation_holds_few_cases_back_and_gives_way_to_many() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.normal(0, 2, 20), rng.normal(0, 2, 20_000)
    made = 1.0  # the shift that made the outcomes
    free, held = (fit_calibration(few, outcomes_from(few + made, 1), expected=prior) for prior in (None, (0.2, 0.2)))
    assert abs(held.shift) < abs(free.shift)
    assert abs(np.log(held.temperature)) < abs(np.log(free.temperature)) + 1e-6
    assert fit_calibration(many, outcomes_from(many + made, 2), expected=(0.2, 0.2)).shift == pytest.approx(1, abs=0.1)


def test_only_pictures_that_a_network_left_out_count() -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 200)
    log_odds = np.where(labels == 1, 1.5, -1.5) + rng.normal(0, 1, (2, 200))
    left_out = np.zeros((2, 200), dtype=np.bool_)
    left_out[0, :60] = left_out[1, 60:120] = True
    spoilt = log_odds.copy()
    spoilt[1, :60] = spoilt[0, 60:120] = spoilt[:, 120:] = 99.0
    nothing = np.zeros((2, 200))

    def told(odds: np.ndarray) -> object:
        readings = Readings(odds, nothing, nothing, np.zeros((2, 200, 1)), np.zeros((2, 200, 1, 1), dtype=np.float32))
        return certainty(readings, labels, left_out, 0.9)

    assert told(log_odds) == told(spoilt)


def test_one_outcome_alone_calibrates_nothing_and_rules_nothing_out() -> None:
    nothing = np.zeros((1, 30))
    readings = Readings(nothing, nothing, nothing, np.zeros((1, 30, 1)), np.zeros((1, 30, 1, 1), dtype=np.float32))
    calibration, conformal = certainty(readings, np.zeros(30, dtype=np.int64), np.ones((1, 30), dtype=np.bool_), 0.95)
    assert (calibration.temperature, calibration.shift) == (1.0, 0.0)
    assert conformal.contains(np.array([0.01, 0.99]), 0.5).all()
