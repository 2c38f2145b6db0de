"""A model card's figures as its page shows them."""

from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.models import User
from diagnosis import model_card
from diagnosis.card_sections import sections_of
from diagnosis.model_card import Figure
from diagnosis.models import InstalledModel
from diagnosis.services.models import install_shipped_model
from ml.artifacts import load_artifact
from ml.fna.predictor import SHIPPED_WEIGHTS
from tests.cast import SignIn


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
        model_card.other_sections,
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


def image_card() -> dict[str, Any]:
    """The parts of an image model's card that an FNA card does not have, as its evaluation writes them."""
    return {
        "training_data": {"summary": "623 pictures", "benign": 345, "near_duplicates": {"groups": 470, "largest": 34}},
        "evidence": {"method": "every cell's share of the log-odds, which the discriminator adds up, over all members"},
        "evaluation": {
            "device": "cpu",
            "performance": {"auc": {"mean": 0.951, "low": 0.93, "high": 0.97}, "auc_by_fold": [0.94, 0.96]},
            "baseline": {"name": "ResNet-18", "auc": {"mean": 0.91, "low": 0.88, "high": 0.94}},
            "subgroups": [
                {
                    "name": "marked",
                    "cases": 100,
                    "malignant": 30,
                    "mean": 0.94,
                    "low": 0.9,
                    "high": 0.97,
                    "recall": 0.9,
                },
                {"name": "unmarked", "cases": 523, "malignant": 137, "mean": 0.95, "low": 0.93, "high": 0.97},
            ],
            "marks": {"pictures_with_marks": 100, "decisions_changed": 0.0123, "change": {"mean": -0.004}},
            "evidence": {"lesions": 512, "peak_inside": 0.74},
            "novelty": {
                "kinds": {"CT": {"pictures": 40.0, "auroc": 0.999, "refused": 1.0}},
                "other_ultrasound": {"GE-1": {"refused": 1.0, "novelty": None}},
            },
        },
    }


def test_what_an_image_model_reports_beside_is_shown_whole() -> None:
    sections = {section.key: section for section in model_card.other_sections(image_card())}
    assert list(sections) == ["baseline", "subgroups", "marks", "evidence", "other_ultrasound", "training_data"]
    (subgroups,) = sections["subgroups"].tables
    assert subgroups.columns == ("Cases", "Malignant", "AUC", "Recall")
    assert subgroups.rows == (
        ("Marked", ("100", "30", "0.94 (0.9 to 0.97)", "90.0%")),
        ("Unmarked", ("523", "137", "0.95 (0.93 to 0.97)", "–")),
    )
    assert sections["baseline"].facts == [("Name", "ResNet-18"), ("AUC", "0.91 (0.88 to 0.94)")]
    assert ("Decisions changed", "1.2%") in sections["marks"].facts
    assert ("Change", "−0.004") in sections["marks"].facts
    assert sections["evidence"].facts == [("Lesions", "512"), ("Peak inside", "74.0%")]
    assert sections["evidence"].notes[0].startswith("Every cell's share")
    assert sections["other_ultrasound"].tables[0].rows == (("GE-1", ("100.0%", "–")),)
    assert ("Largest", "34") in sections["training_data"].facts
    (refusal,) = model_card.refusals(image_card())
    assert (refusal.kind, refusal.refused, refusal.inputs) == ("CT", 1.0, 40)
    (area,) = model_card.performance(image_card())
    assert (area.mean, area.interval) == ("0.9510", "0.9300 to 0.9700")


DEEP = {"a": {"b": {"c": {"d": {"e": {"f": 1.5}}}}}}


@pytest.mark.parametrize(
    ("strange", "told"),
    [(DEEP, "1.5"), ({"a": [[1, 2], [3]]}, "1, 2"), ({"a": [{"n": 1}, 2]}, "N: 1"), ({"a": {"b": [0.25]}}, "0.25")],
)
def test_nothing_that_a_card_says_is_dropped_however_deep_it_lies(strange: dict[str, Any], told: str) -> None:
    (section,) = sections_of(strange)
    cells = [cell for table in section.tables for _, row in table.rows for cell in row]
    assert told in " | ".join([text for _, text in section.facts] + section.notes + cells)


def test_both_models_results_stand_side_by_side() -> None:
    fna = load_artifact(SHIPPED_WEIGHTS).card
    rows = {row.label: row for row in model_card.side_by_side({}, fna)}
    assert rows["Accuracy"].before is None
    assert rows["Accuracy"].after == model_card.performance(fna)[0]
    (row,) = [r for r in model_card.side_by_side(fna, image_card()) if "ROC" in r.label and "alone" not in r.label]
    assert (row.before is not None, row.after is not None) == (True, True)
    assert [figure.label for figure in model_card.headline(fna)] == [
        "Area under the ROC curve",
        "Sensitivity",
        "Specificity",
        "Accuracy",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("modality", ["FNA", "US"])
def test_the_page_of_each_shipped_model_shows_its_card(owner: User, sign_in: SignIn, modality: str) -> None:
    model = install_shipped_model(modality)
    shown = sign_in(owner).get(reverse("model-detail", args=[model.public_id])).content.decode()
    assert "Not a certified medical device" in shown
    assert escape(model.card["training_data"]["summary"]) in shown
    assert model.weights_sha256 in shown
    for section in model_card.other_sections(model.card):
        assert escape(section.title) in shown
        for _, value in section.facts:
            assert escape(value) in shown


@pytest.mark.django_db
def test_markup_in_a_card_is_inert(owner: User, sign_in: SignIn, candidate: InstalledModel) -> None:
    evil = "<script>alert(1)</script>"
    InstalledModel.objects.update(
        name=evil, card={**candidate.card, "task": evil, "limits": [evil], evil: {evil: evil}, "design": {evil: evil}}
    )
    for route, arguments in (("model-list", []), ("model-detail", [candidate.public_id])):
        shown = sign_in(owner).get(reverse(route, args=arguments)).content.decode()
        assert "<script>alert" not in shown
        assert "&lt;script&gt;" in shown
