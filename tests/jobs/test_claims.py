"""Claiming, holding and settling a job: one attempt at a time, fenced by the row."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Self

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from accounts.models import Institution
from jobs.claims import ClaimedJob, claim
from jobs.errors import CancelRequested, LeaseLost
from jobs.models import Job, JobStatus
from jobs.services import cancel

MakeJob = Callable[..., Job]
pytestmark = pytest.mark.django_db


def claimed(job: Job, worker: str = "host:1") -> ClaimedJob:
    holder = claim(job_id=job.public_id, worker=worker)
    assert holder is not None
    return holder


def test_a_claim_starts_a_lease_and_counts_an_attempt(make_job: MakeJob) -> None:
    job = make_job()

    holder = claimed(job)

    job.refresh_from_db()
    assert (holder.attempt, job.attempt, job.status, job.worker) == (1, 1, JobStatus.RUNNING, "host:1")
    assert job.started_at is not None
    assert job.lease_expires_at is not None
    lease = job.lease_expires_at - job.started_at
    assert abs(lease.total_seconds() - settings.JOB_LEASE_SECONDS) < 1


def test_a_held_job_cannot_be_claimed_again(make_job: MakeJob) -> None:
    job = make_job()
    claimed(job)

    assert claim(job_id=job.public_id, worker="host:2") is None
    job.refresh_from_db()
    assert job.attempt == 1


def test_an_expired_lease_can_be_claimed_by_another(make_job: MakeJob, expire_lease: Callable[[Job], None]) -> None:
    job = make_job()
    claimed(job)
    expire_lease(job)

    assert claimed(job, "host:2").attempt == 2
    job.refresh_from_db()
    assert job.worker == "host:2"


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.CANCELLED])
def test_an_ended_job_cannot_be_claimed(make_job: MakeJob, status: JobStatus) -> None:
    job = make_job()
    Job.objects.filter(pk=job.pk).end(status)

    assert claim(job_id=job.public_id, worker="host:1") is None


def test_rel_03_the_attempt_cap_ends_a_job_whose_workers_die(
    make_job: MakeJob, expire_lease: Callable[[Job], None]
) -> None:
    job = make_job()
    for _ in range(4):
        claimed(job)
        expire_lease(job)

    assert claim(job_id=job.public_id, worker="host:5") is None
    job.refresh_from_db()
    assert (job.status, job.attempt, job.error_code) == (JobStatus.FAILED, 4, "attempts_exhausted")
    assert "Start it again" in job.error_message
    assert job.finished_at is not None


def test_an_attempt_that_was_overtaken_can_write_nothing(
    make_job: MakeJob, expire_lease: Callable[[Job], None]
) -> None:
    job = make_job()
    first = claimed(job)
    expire_lease(job)
    second = claimed(job, "host:2")

    with pytest.raises(LeaseLost), first.writing(done=1):
        Institution.objects.create(name="Written by a ghost")
    with pytest.raises(LeaseLost):
        first.report_progress(1)
    assert [
        first.finish(),
        first.fail("x", "x"),
        first.release(),
        first.interrupted(),
        first.cancelled(),
    ] == [False] * 5
    assert not first.extend_lease()

    assert not Institution.objects.filter(name="Written by a ghost").exists()
    job.refresh_from_db()
    assert (job.status, job.attempt, job.progress_done) == (JobStatus.RUNNING, 2, 0)
    assert second.finish()


def test_an_expired_lease_that_nobody_took_is_still_good(
    make_job: MakeJob, expire_lease: Callable[[Job], None]
) -> None:
    job = make_job()
    holder = claimed(job)
    expire_lease(job)

    holder.report_progress(2, note="two of three")

    job.refresh_from_db()
    assert (job.progress_done, job.progress_note) == (2, "two of three")
    assert claim(job_id=job.public_id, worker="host:2") is None


def test_what_is_written_and_the_progress_stand_or_fall_together(make_job: MakeJob) -> None:
    job = make_job()
    holder = claimed(job)

    def write_and_fail() -> None:
        with holder.writing(done=2):
            Institution.objects.create(name="Half-written")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    job.refresh_from_db()
    assert job.progress_done == 0
    assert not Institution.objects.filter(name="Half-written").exists()

    with holder.writing(done=2):
        Institution.objects.create(name="Whole")
    job.refresh_from_db()
    assert job.progress_done == 2
    assert Institution.objects.filter(name="Whole").exists()


def test_a_running_job_that_is_cancelled_stops_at_its_next_write(make_job: MakeJob) -> None:
    job = make_job()
    holder = claimed(job)

    cancel(job=job, user=job.requested_by)

    assert job.is_cancelling
    with pytest.raises(CancelRequested), holder.writing(done=1):
        Institution.objects.create(name="After the cancel")
    with pytest.raises(CancelRequested):
        holder.report_progress(1)
    assert holder.cancelled()
    job.refresh_from_db()
    assert (job.status, job.progress_done) == (JobStatus.CANCELLED, 0)


def test_a_stopped_worker_gives_its_job_back_without_using_up_an_attempt(make_job: MakeJob) -> None:
    job = make_job()
    for _ in range(6):
        assert claimed(job).interrupted()

    job.refresh_from_db()
    assert (job.status, job.max_attempts - job.attempt) == (JobStatus.QUEUED, 4)


def test_rel_14_leases_are_timed_by_the_database_not_by_the_worker(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AnHourAhead(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Self:
            return super().now(tz) + dt.timedelta(hours=1)

    monkeypatch.setattr("django.utils.timezone.datetime", AnHourAhead)
    job = make_job()
    claimed(job)

    assert claim(job_id=job.public_id, worker="host:2") is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT lease_expires_at FROM jobs_job WHERE id = %s", [job.pk])
        stored = cursor.fetchone()[0]
    if isinstance(stored, str):
        stored = dt.datetime.fromisoformat(stored)
    lease = stored.replace(tzinfo=dt.UTC) - dt.datetime.now(dt.UTC)
    assert abs(lease.total_seconds() - settings.JOB_LEASE_SECONDS) < 5


@pytest.mark.parametrize(
    "changes",
    [
        {"attempt": 5},
        {"progress_done": 4},
        {"status": JobStatus.SUCCEEDED},
        {"status": JobStatus.RUNNING},
        {"status": "lost"},
        {"error_code": "late"},
    ],
    ids=lambda changes: ",".join(f"{k}={v}" for k, v in changes.items()),
)
def test_the_database_refuses_a_row_that_contradicts_itself(make_job: MakeJob, changes: dict[str, Any]) -> None:
    job = make_job(total=3)

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(**changes)
