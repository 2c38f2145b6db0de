"""Which model reads an image, if any: decided when it comes in, and again when a model is activated."""

from pathlib import Path

from accounts.models import Institution, User
from diagnosis.models import Case, Instance
from diagnosis.services.models import has_model
from jobs import services as jobs
from ml.dicom.frames import FrameSet
from ml.dicom.rendering import load_frame, to_display
from ml.imaging.routing import RADIOGRAPHS, UNTELLING, route

IMAGE_READING = "image-reading"
MODALITIES = {"US": "breast ultrasound", "MG": "mammography", "MR": "MRI", "CT": "CT"}


def read_frame_number(frames: FrameSet) -> int:
    """The frame that a model reads, from 1: of a cine loop the middle one."""
    return (frames.frames + 1) // 2


def why_unread(*, institution: Institution, modality: str, body_part: str, frames: FrameSet, folder: Path) -> str:
    """Why no model reads an image, in plain words; empty where one will.

    Args:
        institution: where it came in.
        modality: as the file or its sender states it.
        body_part: as the file states it.
        frames: its decoded frames, which lie in `folder`.
    """
    pixels = to_display(load_frame(folder, frames, read_frame_number(frames) - 1), frames)
    routed = route(modality, body_part, pixels)
    return routed.reason or no_model_reason(routed.modality, institution)


def queue_reading(*, instance: Instance, user: User, folder: Path) -> None:
    """Queues the reading of an image that is already stored, or writes down why no model reads it.

    Call it inside a transaction; its decoded frames lie in `folder`.
    """
    frames = instance.frames
    assert frames is not None  # an image is refused unless it decodes
    series = instance.series
    instance.reading_reason = why_unread(
        institution=instance.institution,
        modality=series.modality,
        body_part=series.body_part,
        frames=frames,
        folder=folder,
    )
    instance.reading = Instance.Reading.NOT_READ if instance.reading_reason else Instance.Reading.WAITING
    instance.save(update_fields=["reading", "reading_reason"])
    settle_reading(instance, user)


def settle_reading(instance: Instance, user: User) -> None:
    """Queues the job of an image that waits to be read; has the worklist say why if it is not to be."""
    if instance.reading == Instance.Reading.WAITING:
        _enqueue(instance, user)
    else:
        say_unread(instance.series.study.case, instance.reading_reason)


def queue_unread(*, institution: Institution, modality: str, user: User) -> int:
    """Queues the images that no model has read and that a model for `modality` may read; returns how many.

    The job routes each image anew, so an image whose tags do not tell its modality is tried too. Call it inside a
    transaction.
    """
    unread = Instance.objects.filter(
        institution=institution,
        kind=Instance.Kind.IMAGE,
        state=Instance.State.READY,
        reading=Instance.Reading.NOT_READ,
        differs_from=None,
        series__modality__in={modality, *RADIOGRAPHS, *UNTELLING},
    ).select_related("series", "institution")
    count = 0
    for instance in unread:
        Instance.objects.filter(pk=instance.pk).update(reading=Instance.Reading.WAITING, reading_reason="")
        _enqueue(instance, user)
        count += 1
    return count


def _enqueue(instance: Instance, user: User) -> None:
    Case.objects.filter(study=instance.series.study_id).exclude(unread_reason="").update(unread_reason="")
    jobs.enqueue(
        kind=IMAGE_READING,
        subject_id=str(instance.public_id),
        requested_by=user,
        institution=instance.institution,
        total=1,
    )


def say_unread(case: Case, reason: str) -> None:
    """Has the worklist say why a study has no answer, as long as none of its images has been or will be read."""
    if case.unread_reason == reason:
        return
    images = Instance.objects.filter(series__study__case=case, kind=Instance.Kind.IMAGE)
    if not images.exclude(reading=Instance.Reading.NOT_READ).exists():
        Case.objects.filter(pk=case.pk).update(unread_reason=reason)


def no_model_reason(modality: str, institution: Institution) -> str:
    """Empty where a model reads this modality here; else what to tell whoever waits for an answer."""
    if has_model(modality, institution):
        return ""
    return f"No validated model for {MODALITIES.get(modality, modality)} is installed."
