"""A stored prediction as a clinician reads it: what it means, what speaks for it, how sure it is."""

from dataclasses import dataclass
from typing import Any

from diagnosis.models import Case, Prediction
from ml.fna.schema import FEATURES

Status, Finding = Prediction.Status, Prediction.Finding


@dataclass(frozen=True)
class Measurement:
    """One of the sample's 30 values beside what is usual."""

    label: str
    value: float
    unit: str
    typical: str
    is_unusual: bool


@dataclass(frozen=True)
class Evidence:
    """What stands beside the answer on a case's page."""

    headline: str
    meaning: str
    measurements: list[Measurement]
    agrees_with_known: bool | None


def evidence_of(case: Case) -> Evidence:
    """The words and numbers for one case."""
    return Evidence(
        headline=_headline(case.answer),
        meaning=_meaning(case.answer),
        measurements=_measurements(case),
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
    share = (
        "fewer than 1" if per_hundred < 1 else "more than 99" if per_hundred > 99 else f"about {per_hundred}"
    )
    meaning = f"Of 100 samples that the model scores like this one, {share} would be malignant."
    if answer.status == Status.UNCERTAIN:
        return f"{meaning} That is too close to call: treat this as no second opinion."
    return meaning


def _measurements(case: Case) -> list[Measurement]:
    return [
        Measurement(
            label=feature.label,
            value=value,
            unit=feature.unit,
            typical=f"{feature.typical_low:g} – {feature.typical_high:g}",
            is_unusual=not feature.typical_low <= value <= feature.typical_high,
        )
        for feature, value in zip(FEATURES, case.fna_sample.measurements, strict=True)
    ]


def _agrees(case: Case) -> bool | None:
    known: Any = case.fna_sample.known_outcome
    if known is None or case.answer is None or not case.answer.finding:
        return None
    return (case.answer.finding == Finding.MALIGNANT) == bool(known)
