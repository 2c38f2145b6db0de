"""What the predictor says of one row, and the plain words for why it is uncertain or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES, FEATURES
from ml.fna.schema import Finding

Status = Literal["scored", "uncertain", "refused"]
NAMED_MISFITS = 3


@dataclass(frozen=True)
class FnaPrediction:
    """One row's answer.

    Attributes:
        status: `scored` (one label in the set), `uncertain` (both) or `refused` (unlike the training cases).
        score: the ensemble's probability of malignant before calibration.
        probability_malignant: calibrated; None when refused.
        interval: the calibrated probabilities that the middle 90 % of members give; None when refused.
        threshold: the calibrated probability from which the decision is malignant.
        prediction_set: labels that the conformal set holds; empty when refused.
        reason: why it is uncertain or refused, in plain words; empty when scored.
        reasons: all remarks on the row: `code`, `message`, `features`.
        novelty: `score`, `threshold`, and its three readings.
        contributions: by feature, in calibrated log-odds, positive towards malignant; empty when refused.
        neighbours: nearest training cases; empty when refused.
        seen_in_training: the model was trained on exactly these thirty values.
        tile_slot: the row's place in the matrix product that computed it, for replay.
    """

    status: Status
    score: float
    probability_malignant: float | None
    interval: tuple[float, float] | None
    threshold: float
    prediction_set: tuple[str, ...]
    reason: str
    reasons: list[dict[str, Any]]
    novelty: dict[str, float]
    contributions: dict[str, float]
    neighbours: list[dict[str, Any]]
    seen_in_training: bool
    tile_slot: int

    def as_dict(self) -> dict[str, Any]:
        """The answer in JSON's types."""
        answer = asdict(self)
        answer["prediction_set"] = list(self.prediction_set)
        answer["interval"] = list(self.interval) if self.interval else None
        return answer


def remark(finding: Finding) -> dict[str, Any]:
    """A finding of the schema as an entry of `reasons`."""
    return {"code": finding.code, "message": finding.message, "features": list(finding.features)}


def novelty_remarks(
    scaled_readings: NDArray[np.float64], residuals: NDArray[np.float64], threshold: float
) -> list[dict[str, Any]]:
    """Which readings pass the refusal threshold, and which measurements make them.

    Args:
        scaled_readings: `(3,)`, on novelty's common scale, in the order of `ml.fna.novelty.READINGS`.
        residuals: `(30,)`, in standard deviations.
        threshold: the refusal threshold.
    """
    misfit, reconstruction, fake = (bool(value > threshold) for value in scaled_readings)
    remarks = []
    if misfit:
        sizes = np.abs(residuals)
        largest = [index for index in np.argsort(-sizes, kind="stable") if sizes[index] > sizes.max() / 2.0]
        remarks += [_misfit_remark(int(index), residuals[index]) for index in largest[:NAMED_MISFITS]]
    if reconstruction:
        message = "Taken together, the measurements form a pattern that no training case shows."
        remarks.append({"code": "unlike_training_cases", "message": message, "features": []})
    if fake:
        message = "The measurements lie outside the region that the training cases fill."
        remarks.append({"code": "outside_training_region", "message": message, "features": []})
    return remarks


def _misfit_remark(index: int, residual: float) -> dict[str, Any]:
    side = "higher" if residual > 0 else "lower"
    message = f"{FEATURES[index].label}: the value is far {side} than the other measurements imply."
    return {"code": f"misfit:{FEATURE_NAMES[index]}", "message": message, "features": [FEATURE_NAMES[index]]}


def refusal_reason(remarks: Sequence[dict[str, Any]]) -> str:
    """One sentence or two from the remarks that led to a refusal."""
    shown = " ".join(entry["message"] for entry in remarks[:NAMED_MISFITS])
    return f"Not scored: the row is not like the training cases. {shown}"


def uncertain_reason(probability: float, coverage: float) -> str:
    """Why both labels stay possible."""
    return (
        f"The probability of malignant, {probability:.0%}, lies where training cases of both outcomes are "
        f"found: neither benign nor malignant can be ruled out with {coverage:.0%} coverage."
    )
