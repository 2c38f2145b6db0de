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


def queue_reading(*, instance: Instance, user: User, folder: Path) -> None:
    """Queues the image's reading, or writes down why no model reads it. Call it inside a transaction.

    Args:
        instance: an image that is ready.
        user: who asked for it.
        folder: where its decoded frames lie.
    """
    frames = instance.frames
    assert frames is not None  # an image is refused unless it decodes
    pixels = to_display(load_frame(folder, frames, read_frame_number(frames) - 1), frames)
    routed = route(instance.series.modality, instance.series.body_part, pixels)
    reason = routed.reason or no_model_reason(routed.modality, instance)
    instance.reading = Instance.Reading.NOT_READ if reason else Instance.Reading.WAITING
    instance.reading_reason = reason
    instance.save(update_fields=["reading", "reading_reason"])
    if reason:
        say_unread(instance.series.study.case, reason)
    else:
        _enqueue(instance, user)


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
    Case.objects.filter(study=instance.series.study_id).update(unread_reason="")
    jobs.enqueue(
        kind=IMAGE_READING,
        subject_id=str(instance.public_id),
        requested_by=user,
        institution=instance.institution,
        total=1,
    )


def say_unread(case: Case, reason: str) -> None:
    """Has the worklist say why a study has no answer, as long as none of its images has been or will be read."""
    images = Instance.objects.filter(series__study__case=case, kind=Instance.Kind.IMAGE)
    if not images.exclude(reading=Instance.Reading.NOT_READ).exists():
        Case.objects.filter(pk=case.pk).update(unread_reason=reason)


def no_model_reason(modality: str, instance: Instance) -> str:
    """Empty where a model reads this modality here; else what to tell whoever waits for an answer."""
    if has_model(modality, instance.institution):
        return ""
    return f"No validated model for {MODALITIES.get(modality, modality)} is installed."
