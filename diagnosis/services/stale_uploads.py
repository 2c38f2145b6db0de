"""Gives up what never arrived whole, and clears away whatever a broken connection or a dead process left behind."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from diagnosis.models import UploadedFile
from diagnosis.services import upload_spool as spool
from diagnosis.services.studies import refuse_file
from diagnosis.services.uploads import ARCHIVE_INTAKE
from jobs.models import ACTIVE, Job

Status = UploadedFile.Status


@dataclass(frozen=True)
class Discarded:
    """How many files were given up, and leftovers removed from the spool folder."""

    files: int
    leftovers: int


def discard_stale_uploads() -> Discarded:
    """Gives up files of which nothing came for `IMAGE_UPLOAD_MAX_AGE`, and removes part files that no row knows.

    Any number of processes may do this at once, and beside uploads that go on.
    """
    files = sum(_give_up(file) for file in _stale())
    arriving = UploadedFile.objects.filter(status__in=[Status.RECEIVING, Status.RECEIVED])
    leftovers = spool.left_behind(settings.IMAGE_UPLOAD_MAX_AGE, set(arriving.values_list("public_id", flat=True)))
    for path in leftovers:
        spool.remove(path)
    return Discarded(files, len(leftovers))


def _stale() -> list[UploadedFile]:
    oldest = timezone.now() - settings.IMAGE_UPLOAD_MAX_AGE
    arriving = UploadedFile.objects.filter(status__in=[Status.RECEIVING, Status.RECEIVED], updated_at__lt=oldest)
    being_unpacked = {
        UUID(subject)
        for subject in Job.objects.filter(kind=ARCHIVE_INTAKE, status__in=ACTIVE).values_list("subject_id", flat=True)
    }
    return list(arriving.exclude(public_id__in=being_unpacked).exclude(archive__public_id__in=being_unpacked))


def _give_up(file: UploadedFile) -> bool:
    try:
        with spool.holding(file.public_id):
            file.refresh_from_db()
            if file.status not in {Status.RECEIVING, Status.RECEIVED}:
                return False
            share = f"{100 * file.received // file.size} %" if file.size else "nothing"
            refuse_file(
                file=file,
                code="never_completed",
                message=f"Only {share} of the file arrived, and nothing more for a day. Send it again."
                if file.status == Status.RECEIVING
                else "The archive was never unpacked. Send it again.",
            )
            spool.discard(file.public_id)
    except spool.UploadBusy:
        return False
    return True
