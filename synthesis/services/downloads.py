"""Counting who takes what."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.models import Action, User
from synthesis.models import Download, PublishedFile


@transaction.atomic
def record_download(*, user: User, file: PublishedFile) -> Download:
    """Writes down that the person gets a link to the file, before they get it.

    Raises:
        PermissionDenied: the set is not published for this person.
        AuditUnavailable: the download could not be recorded; no link may be given.
    """
    if not PublishedFile.objects.visible_to(user).contains(file):
        raise PermissionDenied
    download = Download.objects.create(set=file.set, file=file, name=file.name, person=user)
    audit.record(
        Action.DOWNLOAD,
        object_type="synthetic-set",
        object_id=file.set.public_id,
        purpose="research",
        detail={"file": file.name, "sha256": file.sha256},
    )
    return download
