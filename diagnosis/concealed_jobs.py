"""Jobs about restricted records, which those who do not see the record do not see either."""

from typing import Any

from django.db.models import CharField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Replace

from accounts.models import Role
from diagnosis.models import FnaBatch, Instance, Restriction, Upload, UploadedFile
from jobs.concealment import register
from jobs.models import Job

NO_DASH = (Value("-"), Value(""))


@register
def concealed_jobs(user: Any) -> "QuerySet[Job, Any] | None":
    """The keys of jobs about hidden images, files and batches, unless the person asked for them."""
    if user.role != Role.CLINICIAN:
        return None
    hidden = Restriction.objects.hidden_from(user).records().looked_up()
    if not (hidden.patients or hidden.cases):  # nearly always: and pages ask every second how far a job is
        return None
    uploads = Upload.objects.filter(institution=user.institution_id)
    batches = FnaBatch.objects.filter(institution=user.institution_id)
    batches = batches.exclude(pk__in=batches.without(hidden, user).values("pk"))
    images = Instance.objects.filter(series__study__patient__in=hidden.patients)
    files = UploadedFile.objects.filter(upload__in=uploads).exclude(
        upload__in=uploads.without(hidden, user).values("pk")
    )
    named = Job.objects.annotate(subject=Replace("subject_id", *NO_DASH)).filter(
        Q(subject__in=_names(images)) | Q(subject__in=_names(files)) | Q(subject__in=_names(batches))
    )
    return named.exclude(requested_by=user.pk).order_by().values("pk")


def _names(rows: "QuerySet[Any]") -> "QuerySet[Any, Any]":
    # A UUID's text has dashes on PostgreSQL and none on SQLite.
    name = Replace(Cast("public_id", TextField()), *NO_DASH, output_field=CharField())
    named: QuerySet[Any, Any] = rows.order_by().annotate(subject=name).values("subject")
    return named
