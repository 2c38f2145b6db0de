"""Calibration, intervals, prediction sets and novelty on numbers that can be followed by hand."""

import numpy as np
import pytest
from scipy.special import expit

from ml.calibration import LogisticCalibration, fit_calibration
from ml.conformal import fit_conformal
from ml.fna.novelty import Misfit, NoveltyScale


@pytest.mark.parametrize(("temperature", "shift"), [(0.5, 0.0), (1.0, 0.7), (3.0, -1.0)])
def test_calibration_finds_what_made_the_outcomes(temperature: float, shift: float) -> None:
    rng = np.random.default_rng(0)
    log_odds = rng.normal(scale=4.0, size=20_000)
    y = (rng.random(20_000) < expit(log_odds / temperature + shift)).astype(int)

    found = fit_calibration(log_odds, y)

    assert found.temperature == pytest.approx(temperature, rel=0.06)
    assert found.shift == pytest.approx(shift, abs=0.1)


def test_sharpening_multiplies_the_temperature_alone() -> None:
    log_odds = np.array([-2.0, -1.0, 0.5, 1.0, 3.0, -0.5])
    y = np.array([0, 0, 1, 0, 1, 1])

    plain, sharp = fit_calibration(log_odds, y), fit_calibration(log_odds, y, 0.8)

    assert sharp.temperature == pytest.approx(0.8 * plain.temperature)
    assert sharp.shift == plain.shift


def test_interval_holds_the_answer_and_grows_with_disagreement() -> None:
    calibration = LogisticCalibration(2.0, 0.0)
    agreed = np.array([[0.9], [1.0], [1.1]])
    split = np.array([[-4.0], [1.0], [6.0]])

    narrow, wide = (calibration.interval(members) for members in (agreed, split))

    for low, high in (narrow, wide):
        assert low[0] <= expit(0.5) <= high[0]
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
    assert wide[0] == pytest.approx(expit(np.quantile([-4, 1, 6], 0.05) / 2))


def test_one_far_member_cannot_push_the_answer_out_of_its_interval() -> None:
    members = np.array([[0.0]] * 40 + [[1000.0]])

    low, high = LogisticCalibration(1.0, 0.0).interval(members)

    assert low[0] <= expit(members.mean()) <= high[0]


def test_conformal_thresholds_by_hand() -> None:
    # 19 malignant cases: rank ⌊.1 × 20⌋ = 2, so the second smallest; 9 benign: ⌊.1 × 10⌋ = 1, the smallest
    malignant = np.linspace(0.05, 0.95, 19)
    benign = 1.0 - np.linspace(0.1, 0.9, 9)
    probability = np.concatenate([malignant, benign])
    y = np.array([1] * 19 + [0] * 9)

    sets = fit_conformal(probability, y, coverage=0.9)

    assert sets.malignant_threshold == pytest.approx(0.1)
    assert sets.benign_threshold == pytest.approx(0.1)


def test_too_few_cases_rule_nothing_out() -> None:
    sets = fit_conformal(np.array([0.1, 0.9]), np.array([0, 1]))

    assert sets.contains(np.array([0.0, 0.5, 1.0]), 0.5).all()


def test_sets_cover_what_they_promise_and_are_never_empty() -> None:
    rng = np.random.default_rng(1)

    def draw(cases: int) -> tuple[np.ndarray, np.ndarray]:
        y = rng.integers(2, size=cases)
        return expit(rng.normal(loc=4.0 * y - 2.0, scale=2.0)), y

    sets = fit_conformal(*draw(4000), coverage=0.9)
    probability, y = draw(4000)
    labels = sets.contains(probability, 0.5)
    covered = labels[np.arange(4000), y]

    assert labels.any(axis=1).all()
    assert covered[y == 0].mean() > 0.885
    assert covered[y == 1].mean() > 0.885
    assert 0.1 < (labels.sum(axis=1) == 1).mean() < 1.0


def test_a_lone_label_is_always_the_decision() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(2, size=500)
    sets = fit_conformal(np.clip(rng.normal(0.35 + 0.3 * y, 0.2), 0.0, 1.0), y)
    probability = np.linspace(0, 1, 101)

    labels = sets.contains(probability, 0.5)

    lone = labels.sum(axis=1) == 1
    assert lone.any()
    np.testing.assert_array_equal(labels[lone, 1], probability[lone] >= 0.5)


@pytest.mark.parametrize("coverage", [0.0, 1.0, 95.0])
def test_coverage_is_a_share(coverage: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        fit_conformal(np.array([0.5]), np.array([1]), coverage)


def test_misfit_is_the_regression_residual() -> None:
    rng = np.random.default_rng(3)
    first = rng.normal(size=5000)
    second = first + 0.1 * rng.normal(size=5000)
    rows = np.stack([first, second, rng.normal(size=5000)], axis=1)

    residuals = Misfit.fit(rows).residuals(np.array([[1.0, 1.0, 0.0], [1.0, 2.0, 0.0], [2.0, 2.0, 0.0]]))

    assert np.abs(residuals[[0, 2]]).max() < 2.5  # far out, but in line with each other
    assert residuals[1, 1] == pytest.approx(10.0, rel=0.1)  # ten standard deviations of the noise
    assert residuals[1, 0] < -8.5


def test_novelty_is_0_at_the_median_and_1_at_the_99th_percentile() -> None:
    readings = np.stack([np.arange(1001.0), np.zeros(1001), -np.arange(1001.0)], axis=1)

    scale = NoveltyScale.fit(readings, refused_share=0.0)

    np.testing.assert_allclose(scale.score(np.array([[500.0, 0.0, -500.0], [990.0, 0.0, -500.0]])), [0.0, 1.0])


def test_the_threshold_refuses_the_share_that_it_may() -> None:
    readings = np.random.default_rng(4).normal(size=(1000, 3))

    scale = NoveltyScale.fit(readings, refused_share=0.05)

    assert (scale.score(readings) > scale.threshold).sum() == 50
