"""The files that a set's making carries from one share of the work to the next, and from one machine to another.

They are stored under names of their own attempt and become the set's only in a transaction that the job's current
attempt alone can commit: what an attempt that was given up for dead still writes is never taken for the truth.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction

from jobs.errors import CancelRequested
from jobs.services import ClaimedJob
from synthesis.models import SyntheticSet


class Workspace:
    """A folder on this machine with the files that the set has so far."""

    def __init__(self, job: ClaimedJob, synthetic_set: SyntheticSet, folder: Path) -> None:
        self._job, self._set, self.folder = job, synthetic_set, folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, stored in synthetic_set.work.items():
            _fetch(stored, folder / name)

    def has(self, *names: str) -> bool:
        """Whether an earlier share left these files."""
        return all(name in self._set.work for name in names)

    def keep(self, names: Iterable[str], *, done: int | None = None, note: str = "") -> None:
        """Stores those of the files that are there, in place of what was stored under their names before.

        Raises:
            LeaseLost: another attempt holds the job; the set's files are as they were.
            CancelRequested: a person asked to stop; the files are kept.
        """
        stored = self._store(names)
        try:
            with self._job.writing(done=done, note=note):
                before = self._take(stored)
        except CancelRequested:
            self._take_unless_overtaken(stored)
            raise
        except BaseException:
            _delete(stored.values())
            raise
        _delete(before)

    def keep_when_stopped(self, names: Iterable[str]) -> None:
        """The same when the work stops because a person asked, or the machine: unless another attempt holds the job."""
        self._take_unless_overtaken(self._store(names))

    def clear(self) -> None:
        """Forgets the files.

        Raises:
            LeaseLost: another attempt holds the job; the set's files are as they were.
            CancelRequested: a person asked to stop; likewise.
        """
        with self._job.writing():
            stored, self._set.work = self._set.work, {}
            SyntheticSet.objects.filter(pk=self._set.pk).update(work={})
        _delete(stored.values())

    def _store(self, names: Iterable[str]) -> dict[str, str]:
        stored = {}
        for name in names:
            path = self.folder / name
            if path.exists():
                with path.open("rb") as file:
                    place = f"{self._set.folder}/work/{self._job.attempt}-{path.name}"
                    stored[name] = storages["phi"].save(place, File(file))
        return stored

    def _take_unless_overtaken(self, stored: dict[str, str]) -> None:
        with transaction.atomic():
            # Locks the job's row: nobody can claim it before this is written.
            unneeded = self._take(stored) if self._job.extend_lease() else [*stored.values()]
        _delete(unneeded)

    def _take(self, stored: dict[str, str]) -> list[str]:
        before = [self._set.work[name] for name in stored if name in self._set.work]
        self._set.work = {**self._set.work, **stored}
        SyntheticSet.objects.filter(pk=self._set.pk).update(work=self._set.work)
        return before


def forget_work(synthetic_set: SyntheticSet) -> None:
    """Removes what the set's making carried from share to share."""
    stored, synthetic_set.work = synthetic_set.work, {}
    SyntheticSet.objects.filter(pk=synthetic_set.pk).update(work={})
    _delete(stored.values())


def _fetch(stored: str, path: Path) -> None:
    with storages["phi"].open(stored) as source, path.open("wb") as copy:
        shutil.copyfileobj(source, copy)


def _delete(names: Iterable[str]) -> None:
    for name in names:
        storages["phi"].delete(name)
