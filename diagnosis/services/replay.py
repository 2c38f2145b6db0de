"""Proving that a stored prediction is what the model answers to the stored input."""

import struct
from dataclasses import dataclass
from typing import Any

from diagnosis.image_reading import pixels_of, pixels_sha256
from diagnosis.models import Prediction
from diagnosis.services.models import fna_predictor, image_predictor
from ml.fna.digest import input_sha256


@dataclass(frozen=True)
class Difference:
    """One field in which the replay and the stored prediction are not the same."""

    field: str
    stored: Any
    replayed: Any


def replay(prediction: Prediction) -> list[Difference]:
    """Computes the prediction again from the stored input; an empty list says: the same, bit for bit."""
    if prediction.instance is not None:
        predictor: Any = image_predictor(prediction.weights_sha256)
        values: Any = pixels_of(prediction.instance, prediction.frame or 1)
        digest = pixels_sha256(values)
    else:
        predictor = fna_predictor(prediction.weights_sha256)
        values = prediction.case.fna_sample.as_array()
        digest = input_sha256(values)
    identity = [
        Difference(field, stored, now)
        for field, stored, now in (
            ("weights_sha256", prediction.weights_sha256, predictor.weights_sha256),
            ("preprocessing_version", prediction.preprocessing_version, predictor.preprocessing_version),
            ("input_sha256", prediction.input_sha256, digest),
        )
        if stored != now
    ]
    if identity:
        return identity
    answer = predictor.replay(values, prediction.tile_slot)
    return [
        Difference(field, stored, replayed)
        for field, stored, replayed in _pairs(prediction, answer)
        if _bits(stored) != _bits(replayed)
    ]


def _pairs(prediction: Prediction, answer: Any) -> list[tuple[str, Any, Any]]:
    low, high = answer.interval or (None, None)
    pairs = [
        ("status", prediction.status, answer.status),
        ("score", prediction.score, answer.score),
        ("probability", prediction.probability, answer.probability_malignant),
        ("interval_low", prediction.interval_low, low),
        ("interval_high", prediction.interval_high, high),
        ("threshold", prediction.threshold, answer.threshold),
        ("prediction_set", prediction.prediction_set, list(answer.prediction_set)),
        ("reason", prediction.reason, answer.reason),
        ("novelty", prediction.novelty, answer.novelty),
    ]
    if prediction.instance_id is None:
        pairs += [
            ("contributions", prediction.contributions, answer.contributions),
            ("neighbours", prediction.neighbours, answer.neighbours),
        ]
    return pairs


def _bits(value: Any) -> Any:
    """The value with each number as its eight bytes, so that equality means equality of bits."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return struct.pack("<d", value)
    if isinstance(value, dict):
        return {key: _bits(inner) for key, inner in value.items()}
    return [_bits(inner) for inner in value]
