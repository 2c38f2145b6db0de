"""A stored prediction as a clinician reads it: what it means, what speaks for it, how sure it is."""

from dataclasses import dataclass
from typing import Any

from diagnosis.models import Case, Prediction
from ml.fna.schema import FEATURE_NAMES, FEATURES, FEATURES_BY_NAME, Feature

Status, Finding = Prediction.Status, Prediction.Finding


@dataclass(frozen=True)
class Measurement:
    """One of the sample's 30 values beside what is usual; questioned when a remark of the answer names it."""

    label: str
    value: float
    unit: str
    typical: str
    is_unusual: bool
    is_questioned: bool


@dataclass(frozen=True)
class Neighbour:
    """A training case near the sample: its row in the training table, and its values for the compared features."""

    row: int
    outcome: str
    distance: float
    values: list[float]


@dataclass(frozen=True)
class Neighbours:
    """The nearest training cases beside the sample itself, for the features that tell most."""

    features: list[Feature]
    own_values: list[float]
    cases: list[Neighbour]


@dataclass(frozen=True)
class Evidence:
    """What stands beside the answer on a case's page."""

    headline: str
    meaning: str
    measurements: list[Measurement]
    neighbours: Neighbours | None
    agrees_with_known: bool | None


def evidence_of(case: Case) -> Evidence:
    """The words and numbers for one case."""
    return Evidence(
        headline=_headline(case.answer),
        meaning=_meaning(case.answer),
        measurements=_measurements(case),
        neighbours=_neighbours(case),
        agrees_with_known=_agrees(case),
    )


def _headline(answer: Prediction | None) -> str:
    if answer is None:
        return "No answer yet"
    if answer.status == Status.REFUSED:
        return "Not scored"
    if answer.status == Status.UNCERTAIN:
        return "Uncertain: benign and malignant both remain possible"
    return f"Reads {answer.get_finding_display().lower()}"


def _meaning(answer: Prediction | None) -> str:
    if answer is None:
        return "The sample is waiting to be read. This page shows the answer as soon as it is there."
    if answer.status == Status.REFUSED:
        return (
            "The model was not trained on samples like this one, so it gives no probability. "
            "Check the measurements below, or rely on the usual work-up alone."
        )
    assert answer.probability is not None
    per_hundred = round(100 * answer.probability)
    share = "fewer than 1" if per_hundred < 1 else "more than 99" if per_hundred > 99 else f"about {per_hundred}"
    meaning = f"Of 100 samples that the model scores like this one, {share} would be malignant."
    if answer.status == Status.UNCERTAIN:
        return f"{meaning} That is too close to call: treat this as no second opinion."
    return meaning


def _measurements(case: Case) -> list[Measurement]:
    remarks = case.answer.reasons if case.answer else []
    questioned = {name for remark in remarks for name in remark["features"]}
    return [
        Measurement(
            label=feature.label,
            value=value,
            unit=feature.unit,
            typical=f"{feature.typical_low:g} to {feature.typical_high:g}",
            is_unusual=not feature.typical_low <= value <= feature.typical_high,
            is_questioned=feature.name in questioned,
        )
        for feature, value in zip(FEATURES, case.fna_sample.measurements, strict=True)
    ]


def _neighbours(case: Case) -> Neighbours | None:
    if case.answer is None or not case.answer.neighbours:
        return None
    shown = case.answer.neighbours[0]["features"]
    own = dict(zip(FEATURE_NAMES, case.fna_sample.measurements, strict=True))
    return Neighbours(
        features=[FEATURES_BY_NAME[name] for name in shown],
        own_values=[own[name] for name in shown],
        cases=[
            Neighbour(
                row=near["index"] + 1,
                outcome=near["outcome"],
                distance=near["distance"],
                values=[near["features"][name] for name in shown],
            )
            for near in case.answer.neighbours
        ],
    )


def _agrees(case: Case) -> bool | None:
    known: Any = case.fna_sample.known_outcome
    if known is None or case.answer is None or not case.answer.finding:
        return None
    return (case.answer.finding == Finding.MALIGNANT) == bool(known)
