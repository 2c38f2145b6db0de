"""An approved set's way into the `synthetic` storage, in shares."""

import zipfile
from collections.abc import Callable, Iterable
from io import BytesIO

import numpy as np
import pytest
import torch
from django.core.files.storage import storages

from accounts.models import Action, AuditEvent
from jobs.models import JobStatus
from ml.imaging.phantoms import draw_phantoms
from synthesis.models import PublishedFile, Stage, SyntheticSet
from synthesis.publishing import sink as publishing_sink
from synthesis.publishing.samples import SHARD, StoredSamples, store_samples
from synthesis.publishing.store import folder_of
from tests.synthesis.publishing import attempt, store_pictures, stored
from webapp.synthetic_storage import SyntheticFolder

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_picture_set_is_packed_uploaded_and_shown(approved: Callable[..., SyntheticSet]) -> None:
    one = approved()
    events = AuditEvent.objects.filter(action=Action.PUBLISH_SET)
    assert not events.exists()

    job = attempt(one)

    assert (job.status, job.progress_done, one.stage) == (JobStatus.SUCCEEDED, 12, Stage.PUBLISHED)
    files = {file.name: file for file in one.files.all()}
    kinds = PublishedFile.Kind
    by_kind = {kind: sum(file.kind == kind for file in files.values()) for kind in kinds}
    assert by_kind == {
        kinds.ARCHIVE: 1,
        kinds.DATA: 1,
        kinds.PICTURE: 12,
        kinds.DICOM: 12,
        kinds.DOCUMENT: 4,
        kinds.THUMBNAIL: 2,
    }
    assert stored(one) == {file.object_name: file.bytes for file in files.values()}
    assert one.bytes == sum(file.bytes for file in files.values())
    event = events.get()
    assert (event.object_id_text, event.actor) == (str(one.public_id), "admin@example.org")
    assert event.detail == {"files": 32, "bytes": one.bytes, "audience": "institution"}
    with storages["synthetic"].open(files["set.zip"].object_name) as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 29
    with pytest.raises(FileNotFoundError):  # nobody needs the records in the phi storage any more
        next(iter(StoredSamples(one)))


def test_a_table_is_published_likewise(approved: Callable[..., SyntheticSet]) -> None:
    one = approved("fna")

    assert attempt(one).status == JobStatus.SUCCEEDED

    assert one.stage == Stage.PUBLISHED
    assert set(one.files.values_list("name", flat=True)) == {
        "data.csv",
        "passport.json",
        "data-card.md",
        "croissant.json",
        "checksums.sha256",
        "set.zip",
    }


def test_a_set_is_published_in_shares(approved: Callable[..., SyntheticSet], monkeypatch: pytest.MonkeyPatch) -> None:
    one = approved()
    monkeypatch.setattr(publishing_sink, "SHARE_SECONDS", 0.0)
    monkeypatch.setattr(publishing_sink.PublishingSink.__init__, "__defaults__", (0.0,))
    seen = []

    while attempt(one).status == JobStatus.QUEUED:
        seen.append(one.files.count())
        assert one.stage == Stage.PUBLISHING

    assert one.stage == Stage.PUBLISHED
    assert seen == list(range(1, 32))  # one file in each share, none of them twice
    assert one.publishing_job.max_attempts > one.publishing_job.attempt  # type: ignore[union-attr]


class Failing:
    """Breaks the storage's `put` at one file, as a store that is gone does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: str, after: int = 1) -> None:
        self.puts: list[str] = []
        self.at: str | None = at
        put = SyntheticFolder.put

        def failing(storage: SyntheticFolder, name: str, pieces: Iterable[bytes], media_type: str) -> None:
            self.puts.append(name)
            if self.at and name.endswith(self.at):
                pieces = self._broken(pieces, after)
            put(storage, name, pieces, media_type)

        monkeypatch.setattr(SyntheticFolder, "put", failing)

    def _broken(self, pieces: Iterable[bytes], after: int) -> Iterable[bytes]:
        for number, piece in enumerate(pieces):
            if number == after:
                raise ConnectionError("the store is gone")
            yield piece


def test_an_upload_that_was_interrupted_goes_on_where_it_stopped(
    approved: Callable[..., SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = approved()
    monkeypatch.setattr(publishing_sink, "ROWS_AT_ONCE", 4)
    store = Failing(monkeypatch, at="set.zip", after=5)

    assert attempt(one).status == JobStatus.QUEUED  # it is tried again
    assert one.stage == Stage.PUBLISHING
    assert f"{folder_of(one)}/set.zip" not in stored(one)
    known = set(one.files.values_list("object_name", flat=True))
    assert 0 < len(known) < 32
    first, store.puts, store.at = list(store.puts), [], None

    assert attempt(one).status == JobStatus.SUCCEEDED

    assert one.stage == Stage.PUBLISHED
    assert not known & set(store.puts)
    assert set(store.puts) | set(first) == set(stored(one))


def test_an_object_that_is_not_whole_is_uploaded_anew(
    approved: Callable[..., SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = approved()
    monkeypatch.setattr(publishing_sink, "ROWS_AT_ONCE", 1)
    store = Failing(monkeypatch, at="set.zip")
    attempt(one)
    damaged = f"{folder_of(one)}/images/benign/000001.png"
    with open(storages["synthetic"].path(damaged), "wb") as file:  # noqa: PTH123 the storage's own path
        file.write(b"short")
    store.at = None

    assert attempt(one).status == JobStatus.SUCCEEDED

    file_row = one.files.get(object_name=damaged)
    assert stored(one)[damaged] == file_row.bytes > 5


def test_other_records_than_those_that_were_begun_with_are_never_mixed(
    approved: Callable[..., SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = approved()
    monkeypatch.setattr(publishing_sink, "ROWS_AT_ONCE", 1)
    store = Failing(monkeypatch, at="set.zip")
    attempt(one)
    pixels = draw_phantoms(12, 16, seed=4).canvases
    store_samples(one, [(pixels, torch.tensor([0] * 7 + [1] * 5))])
    store.at = None

    assert attempt(one).status == JobStatus.QUEUED
    assert stored(one) == {}
    assert attempt(one).status == JobStatus.SUCCEEDED

    with storages["synthetic"].open(f"{folder_of(one)}/images/benign/000001.png") as file:
        from PIL import Image

        assert np.array_equal(np.asarray(Image.open(BytesIO(file.read()))), pixels[0, 0].numpy())


def test_the_visible_mark_stands_in_thumbnails_too(approved: Callable[..., SyntheticSet]) -> None:
    plain, marked = approved(size=64), approved(size=64, visible_mark=True, title="Marked")
    sums = []
    for one in (plain, marked):
        store_pictures(one, 64)
        assert attempt(one).status == JobStatus.SUCCEEDED
        sums.append(one.files.get(name="thumbnails/benign.png").sha256)
    assert sums[0] != sums[1]


def test_records_are_kept_in_shards_and_come_back_in_order(approved: Callable[..., SyntheticSet]) -> None:
    one = approved()
    pixels = torch.arange(SHARD * 2 + 3, dtype=torch.int64).remainder(251).to(torch.uint8).reshape(-1, 1, 1, 1)
    labels = torch.arange(len(pixels)).remainder(2)

    count = store_samples(one, [(pixels[:700], labels[:700]), (pixels[700:], labels[700:])])

    batches = list(StoredSamples(one))
    assert count == len(pixels)
    assert [len(batch.labels) for batch in batches] == [SHARD, SHARD, 3]
    assert torch.equal(torch.cat([batch.pixels for batch in batches]), pixels)
    assert torch.equal(torch.cat([batch.labels for batch in batches]), labels)
