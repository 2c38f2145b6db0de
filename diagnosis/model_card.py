"""A model card's figures as its page shows them. Cards differ: what a card does not have is left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from diagnosis.card_sections import Section, sections_of

Card = Mapping[str, Any]

# Rates read as percentages; the others are pure numbers.
RATES = {
    "accuracy": "Accuracy",
    "recall": "Sensitivity (recall): of the malignant, found malignant",
    "sensitivity": "Sensitivity (recall): of the malignant, found malignant",
    "specificity": "Specificity: of the benign, found benign",
    "precision": "Precision: of those found malignant, truly malignant",
    "f1": "F1 score",
}
NUMBERS = {
    "auc": "Area under the ROC curve (1 is perfect)",
    "auc_malignant_against_benign_lesions": "… malignant against benign lesions alone",
    "brier": "Brier score of the probabilities (0 is perfect)",
    "ece": "Expected calibration error (0 is perfect)",
}
SHORT = {"auc": "Area under the ROC curve", "recall": "Sensitivity", "sensitivity": "Sensitivity"} | {
    "specificity": "Specificity",
    "accuracy": "Accuracy",
}
CONFORMAL = {
    "coverage": "Sets that hold the true diagnosis",
    "coverage_benign": "… among benign cases",
    "coverage_malignant": "… among malignant cases",
    "singletons": "Cases whose set is one diagnosis",
    "accuracy_of_singletons": "… and it is the true one",
}
# Parts of a card's evaluation that have a table of their own, or say where it ran; the others are shown as they are.
OWN_TABLES = frozenset({"protocol", "performance", "conformal", "referral", "novelty", "device", "torch"})
# Parts of the card itself that the page shows elsewhere.
OWN_PLACES = frozenset(
    {
        *("name", "version", "task", "modality", "intended_use", "limits", "training_data", "software", "weights"),
        *("preprocessing_version", "design", "evaluation", "calibration", "decision_threshold", "interval"),
        *("conformal", "novelty", "contributions"),
    }
)
OF_TRAINING = frozenset({"summary", "source", "licence", "sha256"})


@dataclass(frozen=True)
class Figure:
    """One result: its mean over the repeats, and the 95 % interval where the card has one."""

    label: str
    mean: str
    interval: str = ""


@dataclass(frozen=True)
class Refusal:
    """How well one kind of spoilt input is told from a genuine one, and how often it is refused."""

    kind: str
    refused: float
    auroc: float | None
    inputs: int | None


@dataclass(frozen=True)
class Compared:
    """One result of two models."""

    label: str
    before: Figure | None
    after: Figure | None


@dataclass(frozen=True)
class CardFigures:
    """Everything numeric on a card."""

    performance: list[Figure]
    conformal: list[Figure]
    referral: list[Figure]
    refusals: list[Refusal]
    calibration_bins: list[dict[str, Any]]
    others: list[Section]


def figures(card: Card) -> CardFigures:
    """The card's figures, ready to be shown."""
    return CardFigures(
        performance=performance(card),
        conformal=conformal(card),
        referral=referral(card),
        refusals=refusals(card),
        calibration_bins=calibration_bins(card),
        others=other_sections(card),
    )


def performance(card: Card) -> list[Figure]:
    """Results on cases that the model had not seen."""
    return list(_performance(card).values())


def headline(card: Card) -> list[Figure]:
    """The few results by which people know a model, named shortly."""
    measured = _performance(card)
    return [Figure(short, measured[name].mean) for name, short in SHORT.items() if name in measured]


def side_by_side(before: Card, after: Card) -> list[Compared]:
    """The results that either card has, of both."""
    old, new = _performance(before), _performance(after)
    return [
        Compared((new.get(name) or old[name]).label, old.get(name), new.get(name))
        for name in [*RATES, *NUMBERS]
        if name in old or name in new
    ]


def conformal(card: Card) -> list[Figure]:
    """What the prediction sets did on cases that the model had not seen."""
    measured = _evaluation(card, "conformal")
    return [Figure(label, _percent(measured[name])) for name, label in CONFORMAL.items() if name in measured]


def referral(card: Card) -> list[Figure]:
    """Accuracy on the cases that stay, by the share of the least certain ones that is referred."""
    measured = _evaluation(card, "referral")
    return [Figure(share, _percent(accuracy)) for share, accuracy in measured.items() if isinstance(accuracy, float)]


def refusals(card: Card) -> list[Refusal]:
    """How each kind of spoilt or foreign input fares."""
    kinds = _evaluation(card, "novelty").get("kinds", {})
    return [
        Refusal(
            kind=kind,
            refused=measured["refused"],
            auroc=measured.get("auroc"),
            inputs=int(measured["pictures"]) if "pictures" in measured else None,
        )
        for kind, measured in kinds.items()
    ]


def calibration_bins(card: Card) -> list[dict[str, Any]]:
    """Bins of the calibrated probability that hold cases: `low`, `high`, `cases`, `predicted`, `observed`."""
    bins = card.get("calibration", {}).get("bins", {}).get("after", [])
    return [entry for entry in bins if entry["cases"]]


def other_sections(card: Card) -> list[Section]:
    """What the card tells beyond the tables that every card has: subgroups, baselines, near duplicates …"""
    parts = {name: value for name, value in card.get("evaluation", {}).items() if name not in OWN_TABLES}
    for name, value in card.items():
        if name not in OWN_PLACES:
            parts[name] = {**parts[name], **value} if _both_map(parts.get(name), value) else value
    parts["other_ultrasound"] = _evaluation(card, "novelty").get("other_ultrasound", {})
    data = card.get("training_data", {})
    parts["training_data"] = {
        name: value for name, value in data.items() if name not in OF_TRAINING and value != parts.get(name)
    }
    return sections_of(parts)


def _both_map(one: Any, other: Any) -> bool:
    return isinstance(one, Mapping) and isinstance(other, Mapping)


def _performance(card: Card) -> dict[str, Figure]:
    return dict(_measured(_evaluation(card, "performance")))


def _measured(results: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
    for labels, show in ((RATES, _percent), (NUMBERS, _number)):
        for name, label in labels.items():
            if name in results:
                yield name, _figure(label, results[name], show)


def _evaluation(card: Card, part: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = card.get("evaluation", {}).get(part, {})
    return found


def _figure(label: str, measured: Mapping[str, float] | float, show: Any) -> Figure:
    if not isinstance(measured, Mapping):
        return Figure(label, show(measured))
    value = measured["mean"] if "mean" in measured else measured["value"]
    low, high = measured.get("low"), measured.get("high")
    if low is None or high is None:
        return Figure(label, show(value))
    # An interval from few repeats may reach beyond what a share can be.
    return Figure(label, show(value), f"{show(max(low, 0.0))} to {show(min(high, 1.0))}")


def _percent(value: float) -> str:
    return f"{100 * value:.2f}%"


def _number(value: float) -> str:
    return f"{value:.4f}"
