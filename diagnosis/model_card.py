"""A model card's figures as its page shows them. Cards differ: what a card does not have is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Card = Mapping[str, Any]

# Rates read as percentages; the others are pure numbers.
RATES = {
    "accuracy": "Accuracy",
    "recall": "Sensitivity (recall): of the malignant, found malignant",
    "specificity": "Specificity: of the benign, found benign",
    "precision": "Precision: of those found malignant, truly malignant",
    "f1": "F1 score",
}
NUMBERS = {
    "auc": "Area under the ROC curve (1 is perfect)",
    "brier": "Brier score of the probabilities (0 is perfect)",
    "ece": "Expected calibration error (0 is perfect)",
}
CONFORMAL = {
    "coverage": "Sets that hold the true diagnosis",
    "coverage_benign": "… among benign cases",
    "coverage_malignant": "… among malignant cases",
    "singletons": "Cases whose set is one diagnosis",
    "accuracy_of_singletons": "… and it is the true one",
}


@dataclass(frozen=True)
class Figure:
    """One result: its mean over the repeats, and the 95 % interval where the card has one."""

    label: str
    mean: str
    interval: str = ""


@dataclass(frozen=True)
class Refusal:
    """How well one kind of spoilt row is told from a genuine one, and how often it is refused."""

    kind: str
    auroc: float
    refused: float


def performance(card: Card) -> list[Figure]:
    """Results on cases that the model had not seen."""
    measured = card.get("evaluation", {}).get("performance", {})
    rates = [_figure(label, measured[name], _percent) for name, label in RATES.items() if name in measured]
    return rates + [_figure(label, measured[name], _number) for name, label in NUMBERS.items() if name in measured]


def conformal(card: Card) -> list[Figure]:
    """What the prediction sets did on cases that the model had not seen."""
    measured = card.get("evaluation", {}).get("conformal", {})
    return [Figure(label, _percent(measured[name])) for name, label in CONFORMAL.items() if name in measured]


def referral(card: Card) -> list[Figure]:
    """Accuracy on the cases that stay, by the share of the least certain ones that is referred."""
    measured = card.get("evaluation", {}).get("referral", {})
    return [Figure(share, _percent(accuracy)) for share, accuracy in measured.items() if isinstance(accuracy, float)]


def refusals(card: Card) -> list[Refusal]:
    """How each kind of spoilt row fares."""
    kinds = card.get("evaluation", {}).get("novelty", {}).get("kinds", {})
    return [Refusal(kind, figures["auroc"], figures["refused"]) for kind, figures in kinds.items()]


def calibration_bins(card: Card) -> list[dict[str, Any]]:
    """Bins of the calibrated probability that hold cases: `low`, `high`, `cases`, `predicted`, `observed`."""
    bins = card.get("calibration", {}).get("bins", {}).get("after", [])
    return [entry for entry in bins if entry["cases"]]


def _figure(label: str, measured: Mapping[str, float], show: Any) -> Figure:
    low, high = measured.get("low"), measured.get("high")
    if low is None or high is None:
        return Figure(label, show(measured["mean"]))
    # An interval from few repeats may reach beyond what a share can be.
    return Figure(label, show(measured["mean"]), f"{show(max(low, 0.0))} to {show(min(high, 1.0))}")


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"


def _number(value: float) -> str:
    return f"{value:.4f}"
