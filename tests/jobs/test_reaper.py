"""What was lost is found again, and nothing else is touched."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from jobs.claims import claim
from jobs.health import queue_is_progressing
from jobs.models import Job, JobStatus
from jobs.reaper import reap, resend_overdue
from jobs.services import cancel

MakeJob = Callable[..., Job]
pytestmark = pytest.mark.django_db


def ago(seconds: float) -> object:
    return Now() - timedelta(seconds=seconds)


def test_rel_08_a_job_whose_doorbell_was_lost_is_rung_for_once(make_job: MakeJob, rings: list[str]) -> None:
    lost = make_job(last_sent_at=ago(31))
    make_job(last_sent_at=ago(20))

    assert reap() == 1
    assert reap() == 0
    assert rings == [str(lost.public_id)]


def test_the_longest_waiting_come_first_and_the_backlog_is_bounded(make_job: MakeJob, rings: list[str]) -> None:
    waiting = [make_job(last_sent_at=ago(seconds)) for seconds in (40, 60, 50)]

    assert resend_overdue(limit=2) == 2
    assert rings == [str(waiting[1].public_id), str(waiting[2].public_id)]


def test_a_queue_resends_only_its_own(make_job: MakeJob, rings: list[str]) -> None:
    make_job(last_sent_at=ago(40), queue="training")
    own = make_job(last_sent_at=ago(40), queue="clinical")

    resend_overdue(limit=10, queue="clinical")

    assert rings == [str(own.public_id)]


def test_an_abandoned_job_is_freed_and_rung_for(
    make_job: MakeJob, rings: list[str], expire_lease: Callable[[Job], None]
) -> None:
    job, held = make_job(), make_job()
    claim(job_id=job.public_id, worker="host:1")
    claim(job_id=held.public_id, worker="host:2")
    expire_lease(job)

    reap()

    job.refresh_from_db()
    held.refresh_from_db()
    assert (job.status, job.attempt, held.status) == (JobStatus.QUEUED, 1, JobStatus.RUNNING)
    assert rings == [str(job.public_id)]


def test_an_abandoned_job_without_attempts_left_fails(
    make_job: MakeJob, rings: list[str], expire_lease: Callable[[Job], None]
) -> None:
    job = make_job(attempt=3)
    claim(job_id=job.public_id, worker="host:1")
    expire_lease(job)

    reap()

    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "attempts_exhausted")
    assert rings == []


def test_an_abandoned_job_that_was_to_be_cancelled_is(
    make_job: MakeJob, rings: list[str], expire_lease: Callable[[Job], None]
) -> None:
    job = make_job()
    claim(job_id=job.public_id, worker="host:1")
    cancel(job=job, user=job.requested_by)
    expire_lease(job)

    reap()

    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert rings == []


def test_rel_17_the_queue_is_healthy_until_nobody_takes_what_waits(make_job: MakeJob) -> None:
    assert queue_is_progressing() == (True, "0 waiting")
    fresh = make_job()
    assert queue_is_progressing()[0]

    Job.objects.filter(pk=fresh.pk).update(created_at=ago(121))
    progressing, detail = queue_is_progressing()
    assert not progressing
    assert "is a worker running?" in detail


def test_rel_17_a_long_queue_before_busy_workers_is_healthy(
    make_job: MakeJob, expire_lease: Callable[[Job], None]
) -> None:
    make_job(created_at=ago(600))
    busy = make_job()
    claim(job_id=busy.public_id, worker="host:1")
    assert queue_is_progressing()[0]

    expire_lease(busy)
    assert not queue_is_progressing()[0]

    Job.objects.filter(pk=busy.pk).end(JobStatus.SUCCEEDED)
    assert queue_is_progressing()[0]
