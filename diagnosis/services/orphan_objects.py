"""Objects in the phi storage that no row knows: what a process left that died between storing them and its rows.

Objects are stored before the rows that name them, so a young one may still get its row: only what has lain there for
longer than any upload or job may take is removed. The store's own time of the object counts.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbelow
from time import monotonic
from uuid import UUID

from django.conf import settings
from django.core.files.storage import storages
from django.utils import timezone

from diagnosis.models import FnaBatch, Instance, Prediction

BATCH = 500  # names that one query looks for
FEW, FEW_SHARE = 100, 0.05  # of a folder's names may be without a row before something else must be wrong


@dataclass(frozen=True)
class Place:
    """A folder of the phi storage whose objects each belong to a row.

    Attributes:
        folder: its name.
        known: which of some rows' public IDs there are.
        suffix: what an object's name has beside its row's public ID.
        in_folders: each row has a folder of objects instead of one object.
    """

    folder: str
    known: Callable[[Collection[UUID]], set[UUID]]
    suffix: str = ""
    in_folders: bool = False


def _instances(names: Collection[UUID]) -> set[UUID]:
    return set(Instance.objects.filter(public_id__in=names).values_list("public_id", flat=True))


def _predictions(names: Collection[UUID]) -> set[UUID]:
    return set(Prediction.objects.filter(public_id__in=names).values_list("public_id", flat=True))


def _batches(names: Collection[UUID]) -> set[UUID]:
    keys = {f"fna/{name}": name for name in names}
    return {keys[key] for key in FnaBatch.objects.filter(file_key__in=keys).values_list("file_key", flat=True)}


PLACES = (
    Place("images", _instances),
    Place("frames", _instances, in_folders=True),
    Place("evidence", _predictions, suffix=".png"),
    Place("fna", _batches),
)


@dataclass(frozen=True)
class Cleared:
    """How many objects were removed, and how many left alone because too many of their folder seemed to have no row."""

    removed: int
    left_alone: int


def remove_orphans(*, budget: timedelta | None = None, even_many: bool = False) -> Cleared:
    """Removes objects older than `IMAGE_UPLOAD_MAX_AGE` that no row knows.

    Any number of processes may do this at once. One that does not come through within its budget stops; as each begins
    at another place, none of them is always left out. Where more than a few of a folder have no row, rows are missing
    rather than objects too many (an older database was restored, say), and nothing of it is removed.

    Args:
        budget: how long it may take.
        even_many: remove them even then.
    """
    ends = None if budget is None else monotonic() + budget.total_seconds()
    oldest = timezone.now() - settings.IMAGE_UPLOAD_MAX_AGE
    removed = left_alone = 0
    for place in PLACES:
        names = _names(place)
        unknown = [name for some in _batches_of(names) for name in _unknown(place, some)]
        if len(unknown) > max(FEW, FEW_SHARE * len(names)) and not even_many:
            left_alone += len(unknown)
            continue
        for name in unknown:
            if ends is not None and monotonic() > ends:
                return Cleared(removed, left_alone)
            removed += _remove(place, name, oldest)
    return Cleared(removed, left_alone)


def _batches_of(names: list[UUID]) -> Iterator[list[UUID]]:
    start = randbelow(len(names)) if names else 0
    turned = names[start:] + names[:start]
    yield from (turned[at : at + BATCH] for at in range(0, len(turned), BATCH))


def _unknown(place: Place, names: list[UUID]) -> list[UUID]:
    known = place.known(names)
    return [name for name in names if name not in known]


def _names(place: Place) -> list[UUID]:
    """The public IDs that the store has objects for; names that are not ours are left alone."""
    try:
        folders, files = storages["phi"].listdir(place.folder)
    except FileNotFoundError:
        return []
    return sorted(_uuids((folders if place.in_folders else files), place.suffix))


def _uuids(names: Collection[str], suffix: str) -> Iterator[UUID]:
    for name in names:
        try:
            found = UUID(name.removesuffix(suffix))
        except ValueError:
            continue
        if f"{found}{suffix}" == name:
            yield found


def _remove(place: Place, name: UUID, oldest: datetime) -> int:
    phi = storages["phi"]
    path = f"{place.folder}/{name}{place.suffix}"
    keys = [f"{path}/{file}" for file in phi.listdir(path)[1]] if place.in_folders else [path]
    # A store in folders lists those that were emptied as well.
    looked_at = keys or [path]
    if not all(phi.exists(key) and phi.get_modified_time(key) < oldest for key in looked_at):
        return 0
    if place.known([name]):  # its row was written while the rest was looked at
        return 0
    for key in keys:
        phi.delete(key)
    if place.in_folders:
        phi.delete(path)  # the folder, where the store has folders
    return len(keys)
