"""What the viewer reads: each read and its audit event stand in one transaction, or nothing is shown."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, User
from diagnosis.models import Annotation, Instance, Study

State = Instance.State


class WaitsForReview(DomainError):
    """The image waits for a person's review and is not shown until then."""

    status = 423
    code = "quarantined"


class WasRejected(DomainError):
    """A person decided that the image must not be shown."""

    status = 409
    code = "rejected"


@transaction.atomic
def read_study_to_view(*, user: User, public_id: UUID) -> Study:
    """One study with its patient, recorded as one view of that patient.

    Raises:
        Http404: there is no such study for this person.
        AuditUnavailable: the read could not be recorded.
    """
    study = get_object_or_404(Study.objects.visible_to(user).select_related("patient", "case"), public_id=public_id)
    audit.record(
        Action.VIEW,
        object_type="study",
        object_id=study.public_id,
        patient_pseudonym=str(study.patient.public_id),
        detail={"with": "viewer"},
    )
    return study


@transaction.atomic
def read_image(*, user: User, public_id: UUID, part: str, frame: int | None = None) -> Instance:
    """One image of which a part is about to be shown: a frame, its thumbnail, overlay or evidence map.

    Raises:
        Http404: there is no such image for this person.
        WaitsForReview, WasRejected: the image must not be shown.
        AuditUnavailable: the read could not be recorded.
    """
    instance = _instance(user, public_id)
    refuse_unless_ready(instance)
    _record(Action.VIEW, instance, {"part": part} | ({"frame": frame} if frame else {}))
    return instance


@transaction.atomic
def read_file_to_export(*, user: User, public_id: UUID) -> Instance:
    """One file that is about to leave the site as it came in.

    Raises:
        Http404: there is no such file for this person.
        WaitsForReview, WasRejected: the file must not be handed out.
        AuditUnavailable: the download could not be recorded.
    """
    instance = _instance(user, public_id)
    refuse_unless_ready(instance)
    _record(Action.DOWNLOAD, instance, {"what": "original file"})
    return instance


def refuse_unless_ready(instance: Instance) -> None:
    """Nothing of an image that waits for review, or was rejected, is shown.

    Raises:
        WaitsForReview, WasRejected: as the names say.
    """
    if instance.state == State.QUARANTINED:
        raise WaitsForReview(instance.state_reason or "This image waits for review.")
    if instance.state == State.REJECTED:
        raise WasRejected(instance.state_reason or "This image was rejected.")


def study_instances(study: Study) -> QuerySet[Instance]:
    """The files of a study that was read by `read_study_to_view`, with their series."""
    return Instance.objects.filter(series__study=study).select_related("series").order_by("number", "id")


def study_annotations(study: Study) -> QuerySet[Annotation]:
    """What is drawn on the images of a study that was read by `read_study_to_view`, removed marks left out."""
    marks = Annotation.objects.filter(instance__series__study=study, removed_at__isnull=True)
    return marks.select_related("instance", "created_by")


def other_studies(study: Study) -> QuerySet[Study]:
    """The same patient's other studies, the newest examination first."""
    return study.patient.studies.exclude(pk=study.pk).order_by("-date", "-time", "-id")


def _instance(user: User, public_id: UUID) -> Instance:
    instances = Instance.objects.visible_to(user).select_related("series__study__patient")
    return get_object_or_404(instances, public_id=public_id)


def _record(action: Action, instance: Instance, detail: dict[str, Any]) -> None:
    audit.record(
        action,
        object_type="image",
        object_id=instance.public_id,
        patient_pseudonym=str(instance.series.study.patient.public_id),
        detail=detail,
    )
