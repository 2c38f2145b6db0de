"""Taking back what lies in the `synthetic` storage, and giving links to it."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from jobs.models import Job, JobStatus
from synthesis.models import PublishedFile, Stage, SyntheticSet
from synthesis.publishing.store import folder_of, release_storage
from synthesis.services.downloads import record_download

logger = logging.getLogger(__name__)

LINK_SECONDS = 15 * 60
_SALT = "synthesis.publishing.link"


class Link(NamedTuple):
    """Where a file can be fetched, by whoever has it, and until when.

    Attributes:
        url: the store's address; None where `token` opens the site's own.
        token: for the site's own address, where the store has none.
        expires_at: when it stops to work.
    """

    url: str | None
    token: str
    expires_at: datetime


def give_link(*, user: User, file: PublishedFile) -> Link:
    """A link to the file, written down before it is given.

    Raises:
        PermissionDenied: the set is not published for this person.
        AuditUnavailable: the download could not be recorded.
    """
    record_download(user=user, file=file)
    expires_at = timezone.now() + timedelta(seconds=LINK_SECONDS)
    url = release_storage().link(file.object_name, file.saved_as, LINK_SECONDS)
    return Link(url, signing.dumps({"file": file.pk}, salt=_SALT) if url is None else "", expires_at)


def file_of(token: str) -> PublishedFile:
    """The file that a token of `give_link` opens.

    Raises:
        BadSignature: the token was tampered with, or has expired.
        PublishedFile.DoesNotExist: the file is gone, or its set is not published any more.
    """
    told = signing.loads(token, salt=_SALT, max_age=LINK_SECONDS)
    return PublishedFile.objects.select_related("set").get(pk=told["file"], set__stage=Stage.PUBLISHED)


def remove_published(synthetic_set: SyntheticSet) -> None:
    """Removes a set's objects, finished or not, and then their rows. Links that were given before stop to work.

    Raises:
        OSError: the store has kept some of them; the rows stay, so that the next round tries again.
    """
    storage, folder = release_storage(), folder_of(synthetic_set)
    storage.clear(folder)
    # A bucket answers for each object, so that a refusal to delete one raises nothing.
    if left := len(storage.sizes(folder)):
        raise OSError(f"{folder}: {left} files that were to be removed are still in the store.")
    PublishedFile.objects.filter(set=synthetic_set).delete()


def remove_abandoned() -> int:
    """Removes what lies in the store of sets that nobody publishes any more; of how many sets that was.

    Those are sets that were withdrawn while the store could not be reached, and sets whose publishing failed or was
    cancelled while no attempt was there to clean up. Starting such a job again uploads everything anew.
    """
    removed = 0
    for pk, public_id in _abandoned().order_by("pk").values_list("pk", "public_id"):
        try:
            removed += _remove_unless_taken_up(pk)
        except Exception as error:
            # Whatever a store raises: the other sets' files go all the same, and the next round tries again.
            logger.error("The files of set %s are not removed (%s).", public_id, type(error).__name__)  # noqa: TRY400
    return removed


def _abandoned() -> QuerySet[SyntheticSet]:
    given_up = Q(stage=Stage.PUBLISHING, publishing_job__status__in=[JobStatus.FAILED, JobStatus.CANCELLED])
    left_behind = Q(stage__in=[Stage.WITHDRAWN, Stage.REJECTED], files__isnull=False)
    return SyntheticSet.objects.filter(given_up | left_behind).distinct()


@transaction.atomic
def _remove_unless_taken_up(pk: int) -> bool:
    """Holds the job's row meanwhile, so that nobody starts it again in between."""
    working = SyntheticSet.objects.values_list("publishing_job", flat=True).get(pk=pk)
    if working is not None:
        Job.objects.select_for_update().get(pk=working)
    # Looked up again: since the round began it may have been started again, and published.
    synthetic_set = _abandoned().filter(pk=pk).first()
    if synthetic_set is None:
        return False
    there = release_storage().sizes(folder_of(synthetic_set))
    if not there and not synthetic_set.files.exists():
        return False
    remove_published(synthetic_set)
    return True
