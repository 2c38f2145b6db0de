"""Gives up what never arrived whole, and clears away whatever a broken connection or a dead process left behind."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.utils import timezone

from diagnosis.models import Instance, UploadedFile
from diagnosis.services import upload_spool as spool
from diagnosis.services.studies import refuse_file
from diagnosis.services.uploads import ARCHIVE_INTAKE
from jobs.models import ACTIVE, Job

Status = UploadedFile.Status


@dataclass(frozen=True)
class Discarded:
    """How many files were given up, leftovers removed from the spool folder, and objects without a row removed."""

    files: int
    leftovers: int
    objects: int


def discard_stale_uploads(*, with_objects: bool = False) -> Discarded:
    """Gives up files of which nothing came for `IMAGE_UPLOAD_MAX_AGE`, and removes what belongs to no row.

    Any number of processes may do this at once, and beside uploads that go on.

    Args:
        with_objects: look through the phi storage as well for objects without a row, which lists all of it.
    """
    files = sum(_give_up(file) for file in _stale())
    arriving = UploadedFile.objects.filter(status__in=[Status.RECEIVING, Status.RECEIVED])
    leftovers = spool.left_behind(settings.IMAGE_UPLOAD_MAX_AGE, set(arriving.values_list("public_id", flat=True)))
    for path in leftovers:
        spool.remove(path)
    objects = sum(_remove_objects(name) for name in _orphans()) if with_objects else 0
    return Discarded(files, len(leftovers), objects)


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


def _orphans() -> Iterator[str]:
    """Names under which the phi storage holds an image that no row knows, older than an upload may take."""
    phi = storages["phi"]
    oldest = timezone.now() - settings.IMAGE_UPLOAD_MAX_AGE
    for name in sorted({*_listed("images", files=True), *_listed("frames", files=False)}):
        if _is_known(name):
            continue
        # A store in folders lists those that were emptied as well.
        keys = list(_keys(name)) or [f"frames/{name}"]
        if all(phi.get_modified_time(key) < oldest for key in keys):
            yield name


def _listed(folder: str, *, files: bool) -> list[str]:
    try:
        folders, names = storages["phi"].listdir(folder)
    except FileNotFoundError:
        return []
    return list(names if files else folders)


def _is_known(name: str) -> bool:
    try:
        return Instance.objects.filter(public_id=UUID(name)).exists()
    except ValueError:
        return True  # not one of ours


def _keys(name: str) -> Iterator[str]:
    phi = storages["phi"]
    if phi.exists(f"images/{name}"):
        yield f"images/{name}"
    yield from (f"frames/{name}/{frame}" for frame in _listed(f"frames/{name}", files=True))


def _remove_objects(name: str) -> int:
    keys = list(_keys(name))
    for key in keys:
        storages["phi"].delete(key)
    storages["phi"].delete(f"frames/{name}")  # the folder, where the store has folders
    return len(keys)
