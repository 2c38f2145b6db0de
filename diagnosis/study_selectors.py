"""Reading studies and uploads: each read and its audit event stand in one transaction, or nothing is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.models import Action, User
from diagnosis.models import Instance, Prediction, Series, Study, Upload, UploadedFile
from diagnosis.services.image_routing import IMAGE_READING
from diagnosis.services.upload_remarks import missing_from_disc
from diagnosis.services.uploads import ARCHIVE_INTAKE
from jobs.models import Job, JobStatus

WORDS_SEARCHED = 6
Status = UploadedFile.Status


def studies(user: User) -> QuerySet[Study]:
    """The studies this person may see, with what a row of the list shows; `image_count` counts their images."""
    images = Instance.objects.filter(series__study=OuterRef("pk"), kind=Instance.Kind.IMAGE).order_by()
    counted = images.values("series__study").annotate(count=Count("pk")).values("count")
    held = images.filter(state=Instance.State.QUARANTINED).values("series__study")
    return (
        Study.objects.visible_to(user)
        .select_related("patient", "case__answer__model")
        .prefetch_related(Prefetch("series", Series.objects.order_by("number", "pk")))
        .annotate(
            image_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
            held_count=Coalesce(
                Subquery(held.annotate(count=Count("pk")).values("count"), output_field=IntegerField()), 0
            ),
        )
    )


def of_patient(rows: QuerySet[Study], text: str) -> QuerySet[Study]:
    """Those of the studies whose patient's name or number holds every word of the text, in any order."""
    for word in text.replace(",", " ").replace("^", " ").split()[:WORDS_SEARCHED]:
        rows = rows.filter(
            Q(patient__name__icontains=word)
            | Q(patient__patient_id__icontains=word)
            | Q(accession_number__icontains=word)
        )
    return rows


@transaction.atomic
def list_studies(*, rows: Iterable[Study], filters: dict[str, Any]) -> list[Study]:
    """One page of studies, recorded as one search that names its filters and how many studies it showed."""
    page = list(rows)
    audit.record(Action.SEARCH, object_type="study", detail={"filters": filters, "shown": len(page)})
    return page


@transaction.atomic
def read_study(*, user: User, public_id: UUID) -> Study:
    """One study with its series, their files and each file's predictions, newest first.

    Raises:
        Http404: there is no such study for this person.
        AuditUnavailable: the read could not be recorded.
    """
    predictions = Prediction.objects.select_related("model").order_by("-created_at", "-pk")
    instances = Instance.objects.select_related("differs_from").prefetch_related(Prefetch("predictions", predictions))
    series = Series.objects.order_by("number", "pk").prefetch_related(
        Prefetch("instances", instances.order_by("number", "pk"))
    )
    rows = Study.objects.visible_to(user).select_related("patient", "institution", "case__answer__model")
    study = get_object_or_404(rows.prefetch_related(Prefetch("series", series)), public_id=public_id)
    audit.record(
        Action.VIEW,
        object_type="study",
        object_id=study.public_id,
        patient_pseudonym=str(study.patient.public_id),
    )
    return study


def priors(study: Study, user: User) -> list[Study]:
    """The other studies of a study's patient, newest first; reading the study covers them."""
    others = studies(user).filter(patient=study.patient).exclude(pk=study.pk)
    return list(others.order_by("-date", "-time", "-pk"))


def failed_readings(study: Study) -> list[Job]:
    """The jobs that should have read the study's images and gave up."""
    waiting = Instance.objects.filter(series__study=study, reading=Instance.Reading.WAITING)
    subjects = [str(public_id) for public_id in waiting.values_list("public_id", flat=True)]
    return list(
        Job.objects.filter(
            kind=IMAGE_READING, subject_id__in=subjects, status__in=[JobStatus.FAILED, JobStatus.CANCELLED]
        )
    )


def missing_of(study: Study) -> tuple[str, ...]:
    """Files that a DICOMDIR lists which came with this study, and that did not come themselves."""
    brought = UploadedFile.objects.filter(instance__series__study=study).values("upload")
    return missing_from_disc(*Upload.objects.filter(pk__in=brought))


def uploads(user: User) -> QuerySet[Upload]:
    """The uploads this person may see, with how many files came to what."""
    settled = Q(files__archive__isnull=False) | ~Q(files__status__in=[Status.UNPACKED])
    return (
        Upload.objects.visible_to(user)
        .select_related("created_by")
        .annotate(
            file_count=Count("files", filter=settled),
            refused_count=Count("files", filter=Q(files__status=Status.REFUSED)),
            arriving_count=Count("files", filter=Q(files__status__in=[Status.RECEIVING, Status.RECEIVED])),
        )
        .order_by("-created_at", "-pk")
    )


@transaction.atomic
def list_uploads(*, rows: Iterable[Upload]) -> list[Upload]:
    """One page of uploads, recorded as one search."""
    page = list(rows)
    audit.record(Action.SEARCH, object_type="image-upload", detail={"shown": len(page)})
    return page


def find_upload(*, user: User, public_id: UUID) -> Upload:
    """One upload, to send files to; nothing of it is told.

    Raises:
        Http404: there is no such upload for this person.
    """
    rows = Upload.objects.visible_to(user).select_related("created_by", "institution")
    return get_object_or_404(rows, public_id=public_id)


def find_file(*, user: User, upload: UUID, public_id: UUID) -> UploadedFile:
    """One file of an upload, to go on sending or to give up; nothing of it is told but how much is here.

    Raises:
        Http404: there is no such file for this person.
    """
    rows = UploadedFile.objects.visible_to(user).select_related("upload__created_by", "upload__institution")
    return get_object_or_404(rows, upload__public_id=upload, public_id=public_id)


@transaction.atomic
def read_upload(*, user: User, public_id: UUID) -> Upload:
    """One upload.

    Raises:
        Http404: there is no such upload for this person.
        AuditUnavailable: the read could not be recorded.
    """
    upload = get_object_or_404(Upload.objects.visible_to(user).select_related("created_by"), public_id=public_id)
    audit.record(Action.VIEW, object_type="image-upload", object_id=upload.public_id)
    return upload


@transaction.atomic
def read_file(*, user: User, upload: UUID, public_id: UUID) -> UploadedFile:
    """One file of an upload; its name may name a patient, so this is a read of patients' data.

    Raises:
        Http404: there is no such file for this person.
        AuditUnavailable: the read could not be recorded.
    """
    files = files_of(UploadedFile.objects.visible_to(user).filter(upload__public_id=upload))
    file = get_object_or_404(files, public_id=public_id)
    pseudonym = str(file.instance.series.study.patient.public_id) if file.instance else ""
    audit.record(Action.VIEW, object_type="image-file", object_id=file.public_id, patient_pseudonym=pseudonym)
    return file


def files_of(rows: QuerySet[UploadedFile]) -> QuerySet[UploadedFile]:
    """The files with what is told about each."""
    return rows.select_related(
        "upload__created_by", "upload__institution", "archive", "instance__series__study__patient"
    )


@dataclass(frozen=True)
class Tally:
    """How many of an upload's files came to what, by status; an unpacked archive counts by its members alone."""

    by_status: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_status.values())


def files_in(upload: Upload, user: User) -> QuerySet[UploadedFile]:
    """The files of an upload that this person may see."""
    return UploadedFile.objects.visible_to(user).filter(upload=upload)


def tally(upload: Upload, user: User) -> Tally:
    """Counts in one query."""
    counted = (
        files_in(upload, user).exclude(status=Status.UNPACKED).order_by().values("status").annotate(count=Count("pk"))
    )
    return Tally({row["status"]: row["count"] for row in counted})


def studies_of(upload: Upload, user: User) -> QuerySet[Study]:
    """The studies that the upload's files belong to."""
    brought = upload.files.filter(instance__isnull=False).values("instance__series__study")
    return studies(user).filter(pk__in=brought).order_by("pk")


def archive_jobs(upload: Upload) -> list[Job]:
    """The newest job of each archive of the upload, while there is something to tell of it."""
    archives = upload.files.filter(status=Status.RECEIVED).values_list("public_id", flat=True)
    return list(Job.objects.filter(kind=ARCHIVE_INTAKE, subject_id__in=[str(name) for name in archives]))
