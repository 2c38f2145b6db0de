"""What became of an upload's files, as CSV that a spreadsheet opens as text, never as formulas."""

import csv
import io

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.audit.export.as_csv import inert
from accounts.models import Action
from diagnosis.models import Upload, UploadedFile

HEADER = ("file", "archive", "bytes", "sha256", "result", "code", "message", "remarks", "study", "instance")


@transaction.atomic
def export_upload(*, upload: Upload, files: QuerySet[UploadedFile]) -> str:
    """One row a file; the export is recorded before a byte of it leaves.

    Raises:
        AuditUnavailable: nothing was exported.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    files = files.select_related("archive", "instance__series__study").order_by("pk")
    count = 0
    for file in files.iterator(chunk_size=2000):
        instance = file.instance
        writer.writerow(
            [
                inert(file.name),
                inert(file.archive.name) if file.archive else "",
                file.size,
                file.sha256,
                file.status,
                file.code,
                inert(file.message),
                inert(" ".join(warning["message"] for warning in file.warnings)),
                str(instance.series.study.public_id) if instance else "",
                str(instance.public_id) if instance else "",
            ]
        )
        count += 1
    audit.record(Action.EXPORT, object_type="image-upload", object_id=upload.public_id, detail={"files": count})
    return out.getvalue()
