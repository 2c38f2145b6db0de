"""A package's files on their way into the `synthetic` storage, with a row for each that arrived."""

import time
from collections.abc import Iterable, Iterator

from jobs.claims import ClaimedJob
from jobs.errors import MoreToDo
from ml.packaging import StoredFile, media_type
from ml.packaging.sinks import HashedPieces
from synthesis.models import PublishedFile, SyntheticSet
from synthesis.publishing.store import folder_of, release_storage

SHARE_SECONDS = 240.0
ROWS_AT_ONCE = 200
TOLD_EVERY = 2.0  # s, between reports of progress, which is also how soon a cancellation is heard

FileKind = PublishedFile.Kind
_KINDS = {".zip": FileKind.ARCHIVE, ".csv": FileKind.DATA, ".png": FileKind.PICTURE, ".dcm": FileKind.DICOM}
THUMBNAILS = "thumbnails/"


class PublishingSink:
    """A `ml.packaging.Sink` for one attempt at publishing a set.

    A file counts as there when its row is and the store has an object of its size. Rows follow their objects in
    batches: an attempt that dies in between costs the next one a few uploads.

    Args:
        job: as this attempt holds it.
        synthetic_set: whose files they are.
        share: seconds after which the attempt hands over, if it has uploaded anything.
    """

    def __init__(self, job: ClaimedJob, synthetic_set: SyntheticSet, share: float = SHARE_SECONDS) -> None:
        self._job, self._set, self._share = job, synthetic_set, share
        self._storage = release_storage()
        self._folder = folder_of(synthetic_set)
        self._started = self._told = time.monotonic()
        self._done = 0
        self._arrived: list[PublishedFile] = []
        self._uploaded = False
        self._known = self._look()

    def has(self, name: str) -> StoredFile | None:
        """See Sink."""
        return self._known.get(name)

    def write(self, name: str, data: Iterable[bytes]) -> StoredFile:
        """See Sink.

        Raises:
            MoreToDo: the attempt has done its share.
            CancelRequested: a person asked to stop.
            LeaseLost: another attempt holds the job.
        """
        if self._uploaded and time.monotonic() - self._started > self._share:
            self.flush()
            raise MoreToDo
        pieces = HashedPieces(self._listening(data))
        object_name = f"{self._folder}/{name}"
        self._storage.put(object_name, pieces, media_type(name))
        stored = pieces.stored(name)
        self._uploaded = True
        self._arrived.append(_row(self._set, stored, object_name))
        if len(self._arrived) >= ROWS_AT_ONCE:
            self.flush()
        return stored

    def progress(self, done: int, total: int) -> None:
        """For `ml.packaging`: so many records are packed."""
        self._done = done
        self._tell(f"Uploading: {done:,} of {total:,}.")

    def flush(self) -> None:
        """Stores the rows of what arrived since the last time."""
        if not self._arrived:
            return
        with self._job.writing(done=self._done):
            PublishedFile.objects.bulk_create(
                self._arrived,
                update_conflicts=True,
                unique_fields=["set", "name"],
                update_fields=["kind", "media_type", "bytes", "sha256", "object_name"],
            )
        self._arrived = []

    def _look(self) -> dict[str, StoredFile]:
        sizes = self._storage.sizes(self._folder)
        rows = PublishedFile.objects.filter(set=self._set).values_list("name", "bytes", "sha256", "object_name")
        return {
            name: StoredFile(name, size, sha256)
            for name, size, sha256, object_name in rows
            if sizes.get(object_name) == size
        }

    def _listening(self, data: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces; between them, a person's wish to stop is heard."""
        for piece in data:
            self._tell("Uploading the archive." if self._done else "Uploading.")
            yield piece

    def _tell(self, note: str) -> None:
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY:
            self._told = now
            self._job.report_progress(self._done, note=note)


def _row(synthetic_set: SyntheticSet, stored: StoredFile, object_name: str) -> PublishedFile:
    return PublishedFile(
        set=synthetic_set,
        name=stored.name,
        kind=_kind(stored.name),
        media_type=media_type(stored.name),
        bytes=stored.bytes,
        sha256=stored.sha256,
        object_name=object_name,
    )


def _kind(name: str) -> str:
    if name.startswith(THUMBNAILS):
        return FileKind.THUMBNAIL
    return _KINDS.get(f".{name.rpartition('.')[2]}", FileKind.DOCUMENT)
