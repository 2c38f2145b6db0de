"""The job that runs a candidate model over an institution's past cases.

As in scoring, each chunk's answers, its audit events and the progress are one transaction that only the job's current
attempt can commit; an attempt goes on where the one before it stopped. No case and no answer on file is changed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Exists, OuterRef, QuerySet

from accounts import audit
from accounts.models import Action
from diagnosis.image_reading import pixels_of
from diagnosis.models import InstalledModel, Instance, Prediction, Rehearsal, RehearsedAnswer
from diagnosis.services.models import FNA, fna_predictor, image_predictor, predictor_for
from jobs.errors import UserFacingJobError
from jobs.registry import register
from jobs.services import ClaimedJob

if TYPE_CHECKING:
    from ml.fna.answers import FnaPrediction
    from ml.imaging.answers import ImagePrediction

    Answer = FnaPrediction | ImagePrediction

UPGRADE_REHEARSAL = "upgrade-rehearsal"
MOST = 20_000  # the newest answers; more would hardly change the picture, and keep the workers busy for long
SAMPLES_AT_ONCE = 500
IMAGES_AT_ONCE = 8


@register(UPGRADE_REHEARSAL)
def rehearse(job: ClaimedJob) -> None:
    """Has the candidate answer what it has not answered yet in this rehearsal."""
    rehearsal = Rehearsal.objects.select_related("institution", "candidate").get(public_id=job.subject_id)
    candidate = rehearsal.candidate
    _load(candidate)
    rehearsed = set(rehearsal.answers.values_list("prediction_id", flat=True))
    waiting = [pk for pk in past_answers(rehearsal).values_list("pk", flat=True) if pk not in rehearsed]
    done = len(rehearsed)
    job.report_progress(done, done + len(waiting))
    at_once = SAMPLES_AT_ONCE if candidate.modality == FNA else IMAGES_AT_ONCE
    for start in range(0, len(waiting), at_once):
        chunk = waiting[start : start + at_once]
        answered = _answer(candidate, chunk)
        done += len(chunk)
        with job.writing(done=done):
            _store(rehearsal, answered)


def past_answers(rehearsal: Rehearsal) -> QuerySet[Prediction]:
    """The answers on file that the candidate is compared with, the newest `MOST` of them, newest first.

    Of each sample or image it is the newest answer, where another model gave it and it was there when the rehearsal
    was asked for. Images that wait for review or were rejected are left out.
    """
    candidate = rehearsal.candidate
    answers = Prediction.objects.filter(case__institution=rehearsal.institution, model__modality=candidate.modality)
    if rehearsal.created_at:
        answers = answers.filter(created_at__lte=rehearsal.created_at)
    if candidate.modality == FNA:
        answers = answers.filter(instance=None)
        newer = answers.filter(case=OuterRef("case"), pk__gt=OuterRef("pk"))
    else:
        answers = answers.filter(instance__state=Instance.State.READY)
        newer = answers.filter(instance=OuterRef("instance"), pk__gt=OuterRef("pk"))
    return answers.filter(~Exists(newer)).exclude(model=candidate).order_by("-pk")[:MOST]


def _load(candidate: InstalledModel) -> None:
    try:
        predictor_for(candidate)
    except (OSError, ValueError) as error:  # what reading a damaged file raises
        raise UserFacingJobError(
            "model_unavailable",
            "The model's kept file is missing or damaged, so it cannot be rehearsed. Have the operator install it "
            "again (manage.py install_models).",
        ) from error


def _answer(candidate: InstalledModel, ids: Sequence[int]) -> "list[tuple[Prediction, Answer]]":
    """The predictions, and what the candidate answers to the same input."""
    predictions = Prediction.objects.filter(pk__in=ids).select_related(
        "case__fna_sample", "case__study__patient", "instance"
    )
    return (_answer_samples if candidate.modality == FNA else _answer_images)(candidate, list(predictions))


def _answer_samples(candidate: InstalledModel, predictions: Sequence[Prediction]) -> "list[tuple[Prediction, Answer]]":
    rows = np.stack([prediction.case.fna_sample.as_array() for prediction in predictions])
    return list(zip(predictions, fna_predictor(candidate.weights_sha256).predict(rows), strict=True))


def _answer_images(candidate: InstalledModel, predictions: Sequence[Prediction]) -> "list[tuple[Prediction, Answer]]":
    """An image whose pixels cannot be read any more is left out; the rehearsal's page says how many were."""
    readable, images = [], []
    for prediction in predictions:
        assert prediction.instance is not None  # `past_answers` asks for images alone
        try:
            images.append(pixels_of(prediction.instance, prediction.frame or 1))
        except OSError:
            continue
        readable.append(prediction)
    return list(zip(readable, image_predictor(candidate.weights_sha256).predict(images), strict=True))


def _store(rehearsal: Rehearsal, answered: "Sequence[tuple[Prediction, Answer]]") -> None:
    RehearsedAnswer.objects.bulk_create(_rehearsed(rehearsal, prediction, answer) for prediction, answer in answered)
    cases = dict.fromkeys((prediction.case.public_id, prediction.case.pseudonym) for prediction, _ in answered)
    audit.record_each(Action.REHEARSE, object_type="case", subjects=cases, purpose="quality")


def _rehearsed(rehearsal: Rehearsal, prediction: Prediction, answer: "Answer") -> RehearsedAnswer:
    finding = answer.prediction_set[0] if answer.status == "scored" else ""
    return RehearsedAnswer(
        rehearsal=rehearsal,
        prediction=prediction,
        status=answer.status,
        finding=finding,
        probability=answer.probability_malignant,
        flips=(answer.status, finding) != (prediction.status, prediction.finding),
    )
