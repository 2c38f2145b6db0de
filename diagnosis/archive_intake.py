"""The job that unpacks an archive and takes in its members, each with an outcome of its own.

A member's row is written, under the job's lease, before the member is looked at. Rows stand in the archive's order,
so an attempt that takes over finds how far the one before it came, and does at most one member again; what that one
may have stored already comes out as a duplicate of itself, never as a second image.
"""

import hashlib
import tempfile
from pathlib import Path

from django.conf import settings
from django.db.models import Count

from diagnosis.models import UploadedFile
from diagnosis.services import upload_spool as spool
from diagnosis.services.studies import refuse_file, register_file, store_file
from diagnosis.services.upload_remarks import remark_on_directory
from diagnosis.services.uploads import ARCHIVE_INTAKE
from jobs.errors import UserFacingJobError
from jobs.registry import register
from jobs.services import ClaimedJob
from ml.dicom.archive import Member, opened
from ml.dicom.outcomes import Refusal

Status = UploadedFile.Status


@register(ARCHIVE_INTAKE)
def unpack(job: ClaimedJob) -> None:
    """Takes in the members of the job's archive that have no outcome yet."""
    archive = UploadedFile.objects.select_related("upload__institution", "upload__created_by").get(
        public_id=job.subject_id
    )
    if archive.status != Status.RECEIVED:
        return
    path = spool.part_path(archive.public_id)
    if not path.exists():
        refuse_file(file=archive, code="never_completed", message="The archive is gone. Send it again.")
        raise UserFacingJobError("archive_gone", "The archive is no longer here. Send it again.")
    archive.sha256 = _sha256(path)
    try:
        _take_in_members(job, archive, path)
    except Refusal as refusal:
        with job.writing():
            refuse_file(file=archive, code=refusal.code, message=refusal.message)
    else:
        with job.writing():
            archive.status, archive.message = Status.UNPACKED, summary(archive)
            archive.save()
    spool.discard(archive.public_id)


def summary(archive: UploadedFile) -> str:
    """How many members came to what, in a sentence."""
    counts = {row["status"]: row["count"] for row in archive.members.values("status").annotate(count=Count("pk"))}
    total = sum(counts.values())
    words = [f"{counts[status.value]:,} {status.label.lower()}" for status in Status if counts.get(status.value)]
    return f"{total:,} file{'' if total == 1 else 's'} in it: {', '.join(words)}." if words else "The archive is empty."


def _take_in_members(job: ClaimedJob, archive: UploadedFile, path: Path) -> None:
    rows = list(archive.members.select_related("upload__institution", "upload__created_by").order_by("pk"))
    with opened(path) as members:
        found = list(members)
        job.report_progress(_settled(rows), len(found))
        for index, member in enumerate(found):
            if index < len(rows):
                row = rows[index]
            else:
                with job.writing(done=index):
                    row = register_file(
                        upload=archive.upload, name=member.name.replace("\0", ""), size=member.size, archive=archive
                    )
            if row.status == Status.RECEIVING:
                _take_in(row, member)
        job.report_progress(len(found))


def _take_in(row: UploadedFile, member: Member) -> None:
    with tempfile.TemporaryDirectory(prefix="member-", dir=spool.folder()) as folder:
        path = Path(folder) / "member"
        try:
            row.size = member.save(path, settings.IMAGE_UPLOAD_MAX_BYTES)
        except Refusal as refusal:
            row.sha256 = ""
            refuse_file(file=row, code=refusal.code, message=refusal.message)
            return
        store_file(file=row, path=path)
        if row.status == Status.KEPT and row.code == "directory":
            remark_on_directory(file=row, path=path)


def _settled(rows: list[UploadedFile]) -> int:
    return sum(row.status != Status.RECEIVING for row in rows)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
