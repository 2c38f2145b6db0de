"""An approved set's way into the `synthetic` storage, in shares, and what is left when it does not arrive."""

import zipfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import torch
from django.core.files.storage import storages
from django.utils import timezone
from sklearn.datasets import load_breast_cancer

from accounts.models import Action, AuditEvent, Role, User
from jobs import services as jobs
from jobs.models import Job, JobStatus
from jobs.runner import run
from ml.imaging.phantoms import draw_phantoms
from synthesis.models import PublishedFile, Stage, SyntheticSet
from synthesis.publishing import sink as publishing_sink
from synthesis.publishing.samples import SHARD, StoredSamples, delete_samples, store_samples, store_table
from synthesis.publishing.services import remove_abandoned, remove_published
from synthesis.publishing.store import folder_of, release_storage
from synthesis.services.decisions import approve, reject, withdraw_set
from synthesis.services.leftovers import discard_again
from synthesis.services.sources import withdraw_source
from tests.cast import MakeUser
from tests.synthesis.stored import store_file, store_order, store_source
from webapp.synthetic_storage import SyntheticFolder

pytestmark = pytest.mark.django_db(transaction=True)

COUNTS = {"benign": 7, "malignant": 5}


@pytest.fixture
def researcher(make_user: MakeUser) -> User:
    return make_user("researcher", Role.RESEARCHER)


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


def store_pictures(one: SyntheticSet, size: int = 16) -> None:
    pixels = draw_phantoms(one.total, size, seed=3).canvases
    labels = torch.tensor([0] * COUNTS["benign"] + [1] * COUNTS["malignant"])
    store_samples(one, [(pixels[:5], labels[:5]), (pixels[5:], labels[5:])])


@pytest.fixture
def approved(researcher: User, admin: User) -> Callable[..., SyntheticSet]:
    """Makes a set that was approved and whose job waits."""

    def make(kind: str = "image", **changes: Any) -> SyntheticSet:
        source = store_source(admin, kind=kind, name=f"Source {SyntheticSet.objects.count()}")
        one = store_order(researcher, source, stage=Stage.AWAITING_APPROVAL, counts=COUNTS, **changes)
        if kind == "image":
            store_pictures(one)
        else:
            bunch = load_breast_cancer()
            y = 1 - bunch.target
            rows = np.concatenate([np.flatnonzero(y == 0)[:7], np.flatnonzero(y == 1)[:5]])
            store_table(one, bunch.data[rows], y[rows])
        return approve(user=admin, synthetic_set=one, note="Looked at it.", audience="institution")

    return make


def attempt(one: SyntheticSet) -> Job:
    """One attempt at publishing the set."""
    assert one.publishing_job is not None
    assert run(one.publishing_job.public_id, worker="test")
    one.refresh_from_db()
    one.publishing_job.refresh_from_db()
    return one.publishing_job


def stored(one: SyntheticSet) -> dict[str, int]:
    return release_storage().sizes(folder_of(one))


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


def test_cancelling_takes_back_what_was_uploaded(
    approved: Callable[..., SyntheticSet], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = approved()
    monkeypatch.setattr(publishing_sink, "TOLD_EVERY", 0.0)
    monkeypatch.setattr(publishing_sink, "ROWS_AT_ONCE", 1)
    put = SyntheticFolder.put

    def then_cancelled(storage: SyntheticFolder, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        if name.endswith("000003.dcm"):
            assert one.files.exists()
            assert one.publishing_job is not None
            jobs.cancel(job=one.publishing_job, user=admin)
        put(storage, name, pieces, media_type)

    monkeypatch.setattr(SyntheticFolder, "put", then_cancelled)

    assert attempt(one).status == JobStatus.CANCELLED

    assert (stored(one), one.files.count(), one.stage) == ({}, 0, Stage.PUBLISHING)
    monkeypatch.setattr(SyntheticFolder, "put", put)
    assert one.publishing_job is not None
    jobs.retry(job=one.publishing_job, user=admin)
    assert attempt(one).status == JobStatus.SUCCEEDED
    assert one.stage == Stage.PUBLISHED


def test_what_was_given_up_while_nobody_worked_is_removed_by_the_next_round(
    approved: Callable[..., SyntheticSet], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = approved()
    monkeypatch.setattr(publishing_sink.PublishingSink.__init__, "__defaults__", (0.0,))
    attempt(one)
    assert len(stored(one)) == 1
    assert remove_abandoned() == 0  # it waits for its next share
    assert one.publishing_job is not None

    jobs.cancel(job=one.publishing_job, user=admin)

    assert len(stored(one)) == 1  # nobody was there to clean up
    assert remove_abandoned() == 1
    assert (stored(one), one.files.count()) == ({}, 0)
    assert remove_abandoned() == 0


def test_round_of_removal_leaves_alone_what_was_published_since_it_began(
    approved: Callable[..., SyntheticSet], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = approved(), approved()
    for one in (first, second):
        assert one.publishing_job is not None
        jobs.cancel(job=one.publishing_job, user=admin)
    sizes = SyntheticFolder.sizes

    def then_published(storage: SyntheticFolder, folder: str) -> dict[str, int]:
        """While the first one's files are looked up, somebody has the second one published."""
        if folder == folder_of(first):
            monkeypatch.setattr(SyntheticFolder, "sizes", sizes)
            assert second.publishing_job is not None
            row = Job.objects.filter(pk=second.publishing_job.pk)
            row.update(status=JobStatus.SUCCEEDED, cancel_requested_at=None)
            published = SyntheticSet.objects.filter(pk=second.pk)
            published.update(stage=Stage.PUBLISHED, published_at=timezone.now())
            store_file(second)
        return sizes(storage, folder)

    monkeypatch.setattr(SyntheticFolder, "sizes", then_published)

    assert remove_abandoned() == 0

    assert (len(stored(second)), second.files.count()) == (1, 1)


def test_store_that_does_not_remove_is_asked_again(
    approved: Callable[..., SyntheticSet], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = approved(), approved()
    for published in (one, other):
        attempt(published)
    with monkeypatch.context() as down:
        down.setattr(SyntheticFolder, "clear", lambda storage, folder: None)  # as a bucket that refuses silently
        for published in (one, other):
            withdraw_set(user=admin, synthetic_set=published, reason="A patient said no.")
        assert one.files.exists()
    clear = SyntheticFolder.clear

    def broken_for_the_first(storage: SyntheticFolder, folder: str) -> None:
        if folder == folder_of(one):
            raise ConnectionError("the store is gone")
        clear(storage, folder)

    with monkeypatch.context() as down:
        down.setattr(SyntheticFolder, "clear", broken_for_the_first)
        assert remove_abandoned() == 1
    assert (bool(stored(one)), one.files.exists()) == (True, True)
    assert (stored(other), other.files.count()) == ({}, 0)
    assert remove_abandoned() == 1
    assert (stored(one), one.files.count()) == ({}, 0)


def test_records_of_a_set_that_was_turned_down_go_when_the_store_is_back(
    researcher: User, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = store_order(researcher, store_source(admin, kind="image"), stage=Stage.AWAITING_APPROVAL, counts=COUNTS)
    store_pictures(one)
    with monkeypatch.context() as down:

        def gone(storage: object, name: str) -> None:
            raise ConnectionError("the store is gone")

        down.setattr(type(storages["phi"]), "delete", gone)
        reject(user=admin, synthetic_set=one, note="Too blurred.")
        discard_again()
        assert list(StoredSamples(one))
    discard_again()
    with pytest.raises(FileNotFoundError):
        next(iter(StoredSamples(one)))


def test_attempt_that_was_overtaken_leaves_alone_what_the_next_one_published(
    approved: Callable[..., SyntheticSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = approved()
    put, overtaken = SyntheticFolder.put, []

    def then_overtaken(storage: SyntheticFolder, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        """The attempt is suspended for so long that another one does the work, and removes the records."""
        if not overtaken:
            overtaken.append(name)
            assert one.publishing_job is not None
            Job.objects.filter(pk=one.publishing_job.pk).update(lease_expires_at=timezone.now() - timedelta(hours=1))
            assert attempt(one).status == JobStatus.SUCCEEDED
        put(storage, name, pieces, media_type)

    monkeypatch.setattr(SyntheticFolder, "put", then_overtaken)

    assert attempt(one).status == JobStatus.SUCCEEDED

    assert one.stage == Stage.PUBLISHED
    assert one.files.count() == len(stored(one)) == 32


def test_records_that_are_missing_end_the_job_with_a_reason(approved: Callable[..., SyntheticSet]) -> None:
    one = approved()
    delete_samples(one)

    job = attempt(one)

    assert (job.status, job.error_code, one.stage) == (JobStatus.FAILED, "records_missing", Stage.PUBLISHING)
    assert stored(one) == {}


def test_nothing_is_published_of_a_source_that_was_withdrawn(
    approved: Callable[..., SyntheticSet], admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, meanwhile = approved(), approved()
    put = SyntheticFolder.put

    def then_withdrawn(storage: SyntheticFolder, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        put(storage, name, pieces, media_type)
        if name.endswith("set.zip"):
            withdraw_source(user=admin, source=meanwhile.source, reason="Patients said no.")

    withdraw_source(user=admin, source=before.source, reason="Patients said no.")
    monkeypatch.setattr(SyntheticFolder, "put", then_withdrawn)
    for one in (before, meanwhile):
        job = attempt(one)
        assert (job.status, job.error_code, one.stage) == (JobStatus.FAILED, "source_withdrawn", Stage.PUBLISHING)
        assert (stored(one), one.files.count()) == ({}, 0)


def test_withdrawal_removes_the_objects(approved: Callable[..., SyntheticSet]) -> None:
    one = approved()
    attempt(one)
    assert stored(one)

    remove_published(one)

    assert (stored(one), one.files.count()) == ({}, 0)


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
