"""What is left in the stores of a set that nobody will publish, or that was taken back."""

import logging
from datetime import timedelta

from django.core.files.storage import storages
from django.db.models import Q
from django.utils import timezone

from synthesis.models import SampleGrid, SourceDataset, Stage, SyntheticSet
from synthesis.publishing.services import remove_published

logger = logging.getLogger(__name__)

SOURCES = "synthesis/sources"
AGE = timedelta(days=1)
RETRIED = timedelta(days=7)
FOLDERS = ("samples", "work", "gallery", "grids")


def discard(synthetic_set: SyntheticSet) -> None:
    """Removes whatever of the set was published, and then its records, its generator, its gallery and its grids.

    Only words and figures are left: those who turned it down may have seen a patient in its pictures.
    """
    remove_published(synthetic_set)
    SampleGrid.objects.filter(set=synthetic_set).delete()
    SyntheticSet.objects.filter(pk=synthetic_set.pk).update(work={}, gallery=[])
    phi = storages["phi"]
    for folder in FOLDERS:
        place = f"{synthetic_set.folder}/{folder}"
        try:
            _, files = phi.listdir(place)
        except FileNotFoundError:  # folders exist where something lies in them; buckets know none
            continue
        for name in files:
            phi.delete(f"{place}/{name}")


def discard_again() -> None:
    """Discards once more what was turned down or taken back lately: a store may have been out of reach then."""
    since = timezone.now() - RETRIED
    lately = Q(stage=Stage.WITHDRAWN, withdrawn_at__gt=since) | Q(stage=Stage.REJECTED, decided_at__gt=since)
    for synthetic_set in SyntheticSet.objects.filter(lately).order_by("pk"):
        try:
            discard(synthetic_set)
        except Exception as error:
            # Whatever a store raises: the other sets are discarded all the same, and the next round tries again.
            place = synthetic_set.public_id
            logger.error("What is left of set %s is not removed (%s).", place, type(error).__name__)  # noqa: TRY400


def remove_orphaned_records() -> int:
    """Removes what a process stored that died before it could write the source's row; how many objects that was.

    The row follows its object within seconds: what is a day old gets none any more.
    """
    phi = storages["phi"]
    try:
        _, names = phi.listdir(SOURCES)
    except FileNotFoundError:
        return 0
    known = {str(public_id) for public_id in SourceDataset.objects.values_list("public_id", flat=True)}
    old = timezone.now() - AGE
    orphans = [f"{SOURCES}/{name}" for name in names if name not in known]
    orphans = [name for name in orphans if phi.get_modified_time(name) < old]
    for name in orphans:
        phi.delete(name)
    return len(orphans)
