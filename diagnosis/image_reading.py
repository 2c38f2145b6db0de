"""The job that has a model read one image: its prediction, its evidence map and its study's answer.

One job an image: a worker's death costs one image's reading, several workers share a study, and images that come late
to a study need no other job to notice them.
"""

import hashlib
import io

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db.models import F
from numpy.typing import NDArray
from PIL import Image

from accounts import audit
from accounts.models import Action
from diagnosis.answer_fields import answer_fields
from diagnosis.models import Case, InstalledModel, Instance, Prediction
from diagnosis.services.image_objects import read_frame
from diagnosis.services.image_routing import IMAGE_READING, no_model_reason, read_frame_number, say_unread
from diagnosis.services.models import active_model, image_predictor
from jobs.registry import register
from jobs.services import ClaimedJob
from ml.dicom.rendering import load_frame, to_display
from ml.imaging.routing import route

# Where images of one study disagree, the study's answer is the most suspicious one's.
ORDER = {Prediction.Status.SCORED: 1, Prediction.Status.UNCERTAIN: 1, Prediction.Status.REFUSED: 0}


@register(IMAGE_READING)
def read_image(job: ClaimedJob) -> None:
    """Reads the job's image with the model that answers for its modality at its institution."""
    instance = Instance.objects.select_related("series__study__case", "institution").get(public_id=job.subject_id)
    if instance.state != Instance.State.READY or instance.frames is None:
        return
    frame = read_frame_number(instance.frames)
    pixels = pixels_of(instance, frame)
    routed = route(instance.series.modality, instance.series.body_part, pixels)
    model = None if routed.reason else active_model(routed.modality, instance.institution)
    if model is None:
        with job.writing(done=1):
            _leave_unread(instance, routed.reason or no_model_reason(routed.modality, instance.institution))
    elif not Prediction.objects.filter(instance=instance, model=model).exists():
        _answer(job, instance, frame, pixels, model)


def pixels_of(instance: Instance, frame: int) -> NDArray[np.uint8]:
    """One frame as it is shown, (rows, columns) or (rows, columns, 3): the model's input.

    Raises:
        FileNotFoundError: there is no such frame.
    """
    frames = instance.frames
    assert frames is not None  # read_frame says so first
    return to_display(load_frame(read_frame(instance, frame), frames, 0), frames)


def pixels_sha256(pixels: NDArray[np.uint8]) -> str:
    """Names the model's input: SHA-256 of its shape and its values."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def _answer(job: ClaimedJob, instance: Instance, frame: int, pixels: NDArray[np.uint8], model: InstalledModel) -> None:
    predictor = image_predictor(model.weights_sha256)
    answer = predictor.predict([pixels])[0]
    prediction = Prediction(
        case=instance.series.study.case,
        instance=instance,
        frame=frame,
        has_evidence_map=answer.evidence is not None,
        input_sha256=pixels_sha256(pixels),
        **answer_fields(answer, job=job, model=model, provenance=predictor.provenance()),
    )
    if answer.evidence is not None:
        storages["phi"].save(prediction.evidence_key, ContentFile(_png(answer.evidence)))
    try:
        with job.writing(done=1):
            prediction.save(force_insert=True)
            Instance.objects.filter(pk=instance.pk).update(reading=Instance.Reading.READ, reading_reason="")
            choose_answer(prediction.case)
            audit.record_each(Action.PREDICT, object_type="case", subjects=[_subject(prediction.case)])
    except BaseException:
        storages["phi"].delete(prediction.evidence_key)
        raise


def _subject(case: Case) -> tuple[object, object]:
    return case.public_id, case.pseudonym


def choose_answer(case: Case) -> None:
    """Makes the study's most suspicious image its answer; the newest prediction of each image counts."""
    Case.objects.select_for_update().get(pk=case.pk)
    newest: dict[int, Prediction] = {}
    for prediction in case.predictions.filter(instance__state=Instance.State.READY).order_by("created_at", "pk"):
        assert prediction.instance_id is not None  # a study's predictions are about images
        newest[prediction.instance_id] = prediction
    leading = max(
        newest.values(), key=lambda p: (ORDER[Prediction.Status(p.status)], p.probability or 0.0), default=None
    )
    Case.objects.filter(pk=case.pk).update(answer=leading, unread_reason="" if leading else F("unread_reason"))


def _leave_unread(instance: Instance, reason: str) -> None:
    Instance.objects.filter(pk=instance.pk).update(reading=Instance.Reading.NOT_READ, reading_reason=reason)
    say_unread(instance.series.study.case, reason)


def _png(evidence: NDArray[np.float32]) -> bytes:
    """The evidence map as a picture with transparency, to lay over the image."""
    from ml.imaging.evidence import render_overlay  # noqa: PLC0415 brings torch, which only workers need

    out = io.BytesIO()
    Image.fromarray(render_overlay(evidence)).save(out, format="PNG", optimize=True)
    return out.getvalue()
