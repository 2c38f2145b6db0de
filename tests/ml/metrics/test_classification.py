"""Classification metrics against arrays worked out by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from ml.metrics.classification import (
    accuracy_after_referral,
    area_under_roc,
    corrected_interval,
    decision_metrics,
)


def test_decisions_counted_by_hand() -> None:
    y = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    decided = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0])

    found = decision_metrics(y, decided)

    assert found.accuracy == pytest.approx(8 / 10)
    assert found.precision == pytest.approx(3 / 4)
    assert found.recall == pytest.approx(3 / 4)
    assert found.specificity == pytest.approx(5 / 6)
    assert found.f1 == pytest.approx(3 / 4)


def test_no_positive_decision_counts_as_zero() -> None:
    found = decision_metrics(np.array([1, 0]), np.array([0, 0]))

    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)


def test_roc_area_by_hand_with_a_tie() -> None:
    # pairs: (.8 > .3), (.8 > .5), (.5 > .3), (.5 = .5) → 3.5 of 4
    assert area_under_roc(np.array([0, 1, 0, 1]), np.array([0.3, 0.8, 0.5, 0.5])) == pytest.approx(3.5 / 4)


def test_roc_area_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both classes"):
        area_under_roc(np.array([1, 1]), np.array([0.1, 0.2]))


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=200)
    score = np.round(rng.random(200) + 0.3 * y, 1)  # with ties
    decided = (score > 0.6).astype(int)

    found = decision_metrics(y, decided)

    assert found.accuracy == pytest.approx(metrics.accuracy_score(y, decided))
    assert found.precision == pytest.approx(metrics.precision_score(y, decided))
    assert found.recall == pytest.approx(metrics.recall_score(y, decided))
    assert found.f1 == pytest.approx(metrics.f1_score(y, decided))
    assert area_under_roc(y, score) == pytest.approx(metrics.roc_auc_score(y, score))


def test_referral_takes_the_least_confident_and_rounds_down() -> None:
    y = np.array([1, 0, 1, 0, 1])
    decided = np.array([1, 0, 0, 1, 1])
    confidence = np.array([0.9, 0.8, 0.1, 0.2, 0.7])

    assert accuracy_after_referral(y, decided, confidence, 0.0) == pytest.approx(3 / 5)
    assert accuracy_after_referral(y, decided, confidence, 0.39) == pytest.approx(3 / 4)
    assert accuracy_after_referral(y, decided, confidence, 0.4) == pytest.approx(1.0)


def test_corrected_interval_is_wider_than_the_plain_one() -> None:
    values = np.array([0.9, 0.95, 1.0, 0.95])

    found = corrected_interval(values, test_share=0.25)

    # variance 0.0016667 × (1/4 + .25/.75), t(3 df, 97.5 %) = 3.18245
    assert found.mean == pytest.approx(0.95)
    assert found.high - found.mean == pytest.approx(3.18245 * (0.005 / 3 * (1 / 4 + 1 / 3)) ** 0.5, rel=1e-4)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)
