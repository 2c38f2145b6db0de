"""What the predictor says of one picture, and the plain words for why it is uncertain or refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["scored", "uncertain", "refused"]
Remark = dict[str, str]
LABELS = ("benign", "malignant")

MODALITY_WORDS = {
    "US": "ultrasound picture",
    "MG": "mammogram",
    "MR": "magnetic resonance picture",
    "CT": "tomography picture",
}
NOVELTY_WORDS = {
    "texture": ("unlike_training_pictures", "its brightness and texture are unlike the pictures that the model knows"),
    "kind": ("looks_like_something_else", "its grain and edges are those of another kind of picture"),
    "features": ("unfamiliar_content", "what it shows is unlike the pictures that the model knows"),
    "reconstruction_error": ("unfamiliar_pattern", "its pattern can't be rebuilt from what the model knows"),
    "fake_score": ("outside_training_region", "it lies outside the region that the training pictures fill"),
}


@dataclass(frozen=True)
class ImagePrediction:
    """One picture's answer.

    Attributes:
        status: `scored` (one label in the set), `uncertain` (both) or `refused` (no answer; the reason says why).
        score: the ensemble's probability of malignant before calibration.
        probability_malignant: calibrated; None when refused.
        interval: the calibrated probabilities that the middle 90 % of members give; None when refused.
        threshold: the calibrated probability from which the decision is malignant.
        prediction_set: labels that the conformal set holds; empty when refused.
        reason: why it is uncertain or refused, in plain words; empty when scored.
        reasons: all remarks on the picture: `code`, `message`.
        novelty: `score`, `threshold`, `readings`.
        evidence: `(h, w)` float32 in −1…1 with the picture's aspect: above 0 where what is there speaks for malignant,
            so that changing it would lower the answer; below 0 where it speaks against; None when refused.
        seen_in_training: the model was trained on this picture or a near duplicate of it.
        tile_slot: the picture's place in the batch that computed it, for replay.
    """

    status: Status
    score: float
    probability_malignant: float | None
    interval: tuple[float, float] | None
    threshold: float
    prediction_set: tuple[str, ...]
    reason: str
    reasons: list[Remark]
    novelty: dict[str, Any]
    evidence: NDArray[np.float32] | None
    seen_in_training: bool
    tile_slot: int

    def as_dict(self) -> dict[str, Any]:
        """The answer in JSON's types, without the evidence map."""
        answer = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "evidence"}
        answer["prediction_set"] = list(self.prediction_set)
        answer["interval"] = list(self.interval) if self.interval else None
        return answer


def refused(
    objections: Sequence[Remark],
    score: float,
    threshold: float,
    *,
    novelty: dict[str, Any],
    seen: bool,
    slot: int,
) -> ImagePrediction:
    """A refusal for these reasons."""
    return ImagePrediction(
        status="refused",
        score=score,
        probability_malignant=None,
        interval=None,
        threshold=threshold,
        prediction_set=(),
        reason=" ".join(remark["message"] for remark in objections),
        reasons=list(objections),
        novelty=novelty,
        evidence=None,
        seen_in_training=seen,
        tile_slot=slot,
    )


def novelty_remark(scaled: dict[str, float], threshold: float, modality: str) -> Remark | None:
    """The refusal for the readings (on novelty's common scale) beyond the threshold, or None; the largest is named."""
    name, value = max(scaled.items(), key=lambda entry: entry[1])
    if value <= threshold:
        return None
    code, words = NOVELTY_WORDS[name]
    wanted = MODALITY_WORDS.get(modality, "picture of the kind that this model reads")
    return {"code": code, "message": f"The picture does not look like {_article(wanted)} {wanted}: {words}."}


def uncertain_reason(probability: float, coverage: float) -> str:
    """Why both labels remain."""
    return (
        f"At a probability of malignancy of {probability:.0%} neither benign nor malignant can be ruled out "
        f"with {coverage:.0%} confidence. Judge this picture without the model."
    )


def _article(noun: str) -> str:
    return "an" if (noun[0] in "aeiou" and not noun.startswith("u")) or noun.startswith("ultra") else "a"
