"""What is left in the stores of a set that was not published, or not for long: nothing, and nothing else goes."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from accounts.models import User
from jobs import services as jobs
from jobs.models import Job, JobStatus
from synthesis.models import Stage, SyntheticSet
from synthesis.publishing import sink as publishing_sink
from synthesis.publishing.samples import StoredSamples, delete_samples
from synthesis.publishing.services import remove_abandoned, remove_published
from synthesis.publishing.store import folder_of
from synthesis.services.decisions import reject, withdraw_set
from synthesis.services.leftovers import discard_again
from synthesis.services.sources import withdraw_source
from tests.synthesis.publishing import COUNTS, attempt, store_pictures, stored
from tests.synthesis.stored import store_file, store_order, store_source
from webapp.synthetic_storage import SyntheticFolder

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_withdrawal_removes_the_objects(approved: Callable[..., SyntheticSet]) -> None:
    one = approved()
    attempt(one)
    assert stored(one)

    remove_published(one)

    assert (stored(one), one.files.count()) == ({}, 0)


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
