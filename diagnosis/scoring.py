"""The job that scores a batch of FNA samples.

Samples are scored in chunks. A chunk's predictions, the cases' answers, the audit events and the progress are one
transaction that the job's current attempt alone can commit, so a killed worker loses at most one chunk of
computing and a second worker can double nothing. An attempt goes on where the one before it stopped.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db.models import OuterRef, Subquery

from accounts import audit
from accounts.models import Action
from diagnosis.answer_fields import answer_fields
from diagnosis.models import Case, FnaBatch, FnaSample, InstalledModel, Prediction
from diagnosis.services.models import FNA, active_model, fna_predictor
from jobs.registry import register
from jobs.services import ClaimedJob
from ml.fna.answers import FnaPrediction
from ml.fna.digest import input_sha256

FNA_SCORING = "fna-scoring"
CHUNK = 500


@register(FNA_SCORING)
def score_batch(job: ClaimedJob) -> None:
    """Scores the samples of the job's batch that this model has not answered yet."""
    batch = FnaBatch.objects.select_related("institution").get(public_id=job.subject_id)
    model = active_model(FNA, batch.institution)
    assert model is not None  # an FNA model ships with every release
    predictor = fna_predictor(model.weights_sha256)
    open_samples = batch.samples.exclude(case__predictions__model=model).select_related("case").order_by("row_number")
    ids = list(open_samples.values_list("pk", flat=True))
    done = batch.row_count - len(ids)
    for start in range(0, len(ids), CHUNK):
        chunk = list(open_samples.filter(pk__in=ids[start : start + CHUNK]))
        answers = predictor.predict(np.stack([sample.as_array() for sample in chunk]))
        done += len(chunk)
        with job.writing(done=done):
            _store(job, model, predictor.provenance(), chunk, answers)


def _store(
    job: ClaimedJob,
    model: InstalledModel,
    provenance: dict[str, Any],
    samples: Sequence[FnaSample],
    answers: Sequence[FnaPrediction],
) -> None:
    Prediction.objects.bulk_create(
        _prediction(sample, answer, job=job, model=model, provenance=provenance)
        for sample, answer in zip(samples, answers, strict=True)
    )
    newest = Prediction.objects.filter(case=OuterRef("pk"), model=model).values("pk")
    Case.objects.filter(pk__in=[sample.case_id for sample in samples]).update(answer=Subquery(newest))
    cases = [sample.case for sample in samples]
    audit.record_each(Action.PREDICT, object_type="case", subjects=[(case.public_id, case.pseudonym) for case in cases])


def _prediction(
    sample: FnaSample,
    answer: FnaPrediction,
    *,
    job: ClaimedJob,
    model: InstalledModel,
    provenance: dict[str, Any],
) -> Prediction:
    return Prediction(
        case_id=sample.case_id,
        contributions=answer.contributions,
        neighbours=answer.neighbours,
        input_sha256=input_sha256(sample.as_array()),
        **answer_fields(answer, job=job, model=model, provenance=provenance),
    )
