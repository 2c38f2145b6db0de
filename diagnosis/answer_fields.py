"""What every stored prediction has, whatever it is about."""

from typing import Any

from diagnosis.models import InstalledModel
from jobs.services import ClaimedJob
from ml.fna.answers import FnaPrediction
from ml.imaging.answers import ImagePrediction


def answer_fields(
    answer: FnaPrediction | ImagePrediction, *, job: ClaimedJob, model: InstalledModel, provenance: dict[str, Any]
) -> dict[str, Any]:
    """The fields of `Prediction` that an answer, the job that computed it and the model that gave it fill."""
    low, high = answer.interval or (None, None)
    return {
        "model": model,
        "job_id": job.pk,
        "attempt": job.attempt,
        "status": answer.status,
        "finding": answer.prediction_set[0] if answer.status == "scored" else "",
        "score": answer.score,
        "probability": answer.probability_malignant,
        "interval_low": low,
        "interval_high": high,
        "threshold": answer.threshold,
        "prediction_set": list(answer.prediction_set),
        "reason": answer.reason,
        "reasons": answer.reasons,
        "novelty": answer.novelty,
        "seen_in_training": answer.seen_in_training,
        "weights_sha256": model.weights_sha256,
        "preprocessing_version": model.preprocessing_version,
        "tile_slot": answer.tile_slot,
        "provenance": provenance,
    }
