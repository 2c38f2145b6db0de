"""A model card's figures as its page shows them."""

from diagnosis import model_card
from diagnosis.model_card import Figure
from ml.artifacts import load_artifact
from ml.fna.predictor import SHIPPED_WEIGHTS


def test_rates_are_percentages_and_their_intervals_stay_within_what_a_share_can_be() -> None:
    card = {
        "evaluation": {
            "performance": {
                "recall": {"mean": 0.9577, "low": 0.8474, "high": 1.0679},
                "ece": {"mean": 0.01468, "sd": 0.0},
            }
        }
    }
    sensitivity, error = model_card.performance(card)
    assert (sensitivity.mean, sensitivity.interval) == ("95.77%", "84.74% to 100.00%")
    assert (error.mean, error.interval) == ("0.0147", "")


def test_a_bare_card_shows_nothing() -> None:
    for figures in (
        model_card.performance,
        model_card.conformal,
        model_card.referral,
        model_card.refusals,
        model_card.calibration_bins,
    ):
        assert figures({}) == []


def test_bins_without_cases_are_left_out() -> None:
    empty = {"low": 0.1, "high": 0.2, "cases": 0, "predicted": None, "observed": None}
    held = {"low": 0.0, "high": 0.1, "cases": 3, "predicted": 0.02, "observed": 0.0}
    assert model_card.calibration_bins({"calibration": {"bins": {"after": [held, empty]}}}) == [held]


def test_the_shipped_card_has_everything_that_the_page_can_show() -> None:
    card = load_artifact(SHIPPED_WEIGHTS).card
    assert len(model_card.performance(card)) == 8
    assert len(model_card.conformal(card)) == 5
    assert len(model_card.refusals(card)) >= 10
    assert sum(entry["cases"] for entry in model_card.calibration_bins(card)) >= 569
    assert all(isinstance(figure, Figure) for figure in model_card.referral(card))
    assert len(model_card.referral(card)) == 3
