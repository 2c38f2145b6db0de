"""A study as the viewer needs it: one JSON document with everything but the pixels."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from accounts.models import User
from diagnosis import viewer_selectors
from diagnosis.models import Annotation, Instance, Prediction, Study
from diagnosis.reading_progress import ReadingProgress, reading_progress
from ml.dicom.frames import FrameSet

Json = dict[str, Any]
STOPPED = "The reading stopped before this image had an answer. The study’s page can start it again."
Kind, State, Reading = Instance.Kind, Instance.State, Instance.Reading


def manifest_of(study: Study, *, user: User) -> Json:
    """The document for a study that was read by `read_study_to_view`."""
    instances = list(viewer_selectors.study_instances(study))
    answers = _newest_answers(instances)
    case = getattr(study, "case", None)
    progress = reading_progress(study)
    return {
        "study": {
            "id": str(study.public_id),
            "date": study.date,
            "time": study.time,
            "description": study.description,
            "deidentified": study.is_deidentified,
            "annotationsUrl": reverse("annotation-list", args=[study.public_id]),
            "caseUrl": reverse("case-detail", args=[case.public_id]) if case else None,
        },
        "patient": {
            "name": study.patient.display_name,
            "id": study.patient.patient_id,
            "birthDate": study.patient.birth_date,
            "sex": study.patient.sex,
        },
        "series": list(_series(instances, answers, is_read=progress.is_on)),
        "reading": _reading(study, progress),
        "priors": [_prior(other, study) for other in viewer_selectors.other_studies(study)],
        "annotations": [annotation_json(mark, user=user) for mark in viewer_selectors.study_annotations(study)],
    }


def first_image(manifest: Json, wanted: str = "") -> Json | None:
    """The image that the viewer shows first: the wanted one, else the first that can be shown."""
    images = [image for series in manifest["series"] for image in series["images"] if image["frameUrl"]]
    return next((image for image in images if image["id"] == wanted), images[0] if images else None)


def annotation_json(mark: Annotation, *, user: User) -> Json:
    """A mark with its author; only the author may change it."""
    return {
        "id": str(mark.public_id),
        "url": reverse("annotation-detail", args=[mark.public_id]),
        "instance": str(mark.instance.public_id),
        "frame": mark.frame,
        "tool": mark.tool,
        "points": mark.data["points"],
        "label": mark.data.get("label", ""),
        "author": str(mark.created_by),
        "mine": mark.created_by_id == user.pk,
        "createdAt": mark.created_at.isoformat(timespec="seconds"),
    }


def _series(instances: Iterable[Instance], answers: dict[int, Prediction], *, is_read: bool) -> Iterable[Json]:
    by_series: dict[int, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_series[instance.series_id].append(instance)
    ordered = sorted(by_series.values(), key=lambda found: (found[0].series.number is None, found[0].series.number))
    for members in ordered:
        series = members[0].series
        yield {
            "id": str(series.public_id),
            "number": series.number,
            "modality": series.modality,
            "description": series.description,
            "bodyPart": series.body_part,
            "laterality": series.laterality,
            "images": [
                _image(found, answers.get(found.pk), is_read) for found in members if found.kind != Kind.DOCUMENT
            ],
            "documents": [_document(found) for found in members if found.kind == Kind.DOCUMENT],
        }


def _image(instance: Instance, answer: Prediction | None, is_read: bool) -> Json:
    frames = instance.frames
    shown = frames is not None and instance.state == State.READY
    place = [instance.public_id]
    is_stopped = instance.reading == Reading.WAITING and not is_read
    return {
        "id": str(instance.public_id),
        "number": instance.number,
        "laterality": instance.laterality or instance.series.laterality,
        "view": instance.view_position,
        "orientation": list(instance.header.get("patient_orientation") or ()),
        "lossy": bool(instance.header.get("lossy")),
        "format": instance.format,
        "kind": instance.kind,
        "keptAs": instance.kept_as,
        "conflict": instance.differs_from_id is not None,
        "state": instance.state,
        "message": _message(instance, frames),
        "warnings": [str(warning.get("message", "")) for warning in instance.warnings],
        "frameSet": _frame_set(frames) if shown and frames else None,
        "frameUrl": reverse("instance-frame", args=[instance.public_id, 1])[:-1] if shown else None,
        "thumbnailUrl": reverse("instance-thumbnail", args=place) if shown else None,
        "overlayUrl": reverse("instance-overlay", args=place) if shown and frames and frames.overlays else None,
        "fileUrl": reverse("instance-file", args=place) if instance.state == State.READY else None,
        "reading": _answer(instance, answer) if answer and shown else None,
        "readingState": "stopped" if is_stopped else instance.reading,
        "unreadReason": STOPPED if is_stopped else instance.reading_reason,
    }


def _message(instance: Instance, frames: FrameSet | None) -> str:
    """Why the image cannot be shown; empty when it can."""
    if instance.state == State.QUARANTINED:
        return instance.state_reason or "This image waits for review before it is shown."
    if instance.state == State.REJECTED:
        return instance.state_reason or "This image was rejected on review."
    if frames is None:
        return "The pixels of this file could not be read, so there is no picture to show."
    return ""


def _frame_set(frames: FrameSet) -> Json:
    described = frames.as_dict()
    del described["files"], described["thumbnail"]
    return described


def _document(instance: Instance) -> Json:
    ready = instance.state == State.READY
    return {
        "id": str(instance.public_id),
        "number": instance.number,
        "keptAs": instance.kept_as,
        "name": instance.header.get("sop_class_name", ""),
        "bytes": instance.bytes,
        "state": instance.state,
        "message": "" if ready else instance.state_reason,
        "fileUrl": reverse("instance-file", args=[instance.public_id]) if ready else None,
    }


def _newest_answers(instances: Iterable[Instance]) -> dict[int, Prediction]:
    """The newest prediction about each image, by the image's key."""
    predictions = Prediction.objects.filter(instance__in=[found.pk for found in instances]).select_related("model")
    return {found.instance_id: found for found in predictions.order_by("created_at", "id") if found.instance_id}


def _answer(instance: Instance, answer: Prediction) -> Json:
    training = answer.model.card.get("training_data", {})
    known = answer.interval_low is not None and answer.interval_high is not None
    evidence = reverse("instance-evidence", args=[instance.public_id]) if answer.has_evidence_map else None
    return {
        "id": str(answer.public_id),
        "status": answer.status,
        "finding": answer.finding,
        "probability": answer.probability,
        "interval": [answer.interval_low, answer.interval_high] if known else None,
        "threshold": answer.threshold,
        "predictionSet": answer.prediction_set,
        "reason": answer.reason,
        "reasons": [str(reason.get("message", "")) for reason in answer.reasons],
        "frame": answer.frame or 1,
        "seenInTraining": answer.seen_in_training,
        "model": str(answer.model),
        "modelUrl": reverse("model-detail", args=[answer.model.public_id]),
        "trainedOn": training.get("summary", ""),
        "madeAt": answer.created_at.isoformat(timespec="seconds"),
        "evidenceUrl": evidence,
    }


def _reading(study: Study, progress: ReadingProgress) -> Json:
    """Whether answers are still to come, and where this document is to be had as soon as there is news."""
    url = f"{reverse('study-viewer-manifest', args=[study.public_id])}?known={progress.stamp}"
    return {"isOn": progress.is_on, "newsUrl": url}


def _prior(other: Study, study: Study) -> Json:
    return {
        "id": str(other.public_id),
        "date": other.date,
        "description": other.description,
        "isEarlier": (other.date, other.time) < (study.date, study.time) if other.date and study.date else None,
        "manifestUrl": reverse("study-viewer-manifest", args=[other.public_id]),
    }
