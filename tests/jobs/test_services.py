"""Asking for work, cancelling it, starting it again."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

import pytest
from celery import Celery, current_app
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import Conflict
from accounts.models import Action, AuditEvent, Role, User
from jobs import doorbell, services
from jobs.claims import claim
from jobs.models import Job, JobStatus

MakeJob = Callable[..., Job]
MakeUser = Callable[..., User]
pytestmark = pytest.mark.django_db


def test_the_doorbell_rings_once_the_job_is_committed(
    make_job: MakeJob,
    rings: list[str],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = make_job()
        assert rings == []

    assert rings == [str(job.public_id)]


@pytest.mark.django_db(transaction=True)
def test_a_doorbell_that_cannot_be_rung_at_all_fails_nobodys_request(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(job_id: object, queue: str) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("jobs.services.ring", no_thread)
    job = services.enqueue(
        kind="count-up", subject_id="one", requested_by=owner, institution=owner.institution, total=3
    )
    assert Job.objects.get() == job  # the reaper rings for it


def test_a_job_that_is_rolled_back_rings_for_nobody(
    make_job: MakeJob,
    rings: list[str],
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    @transaction.atomic
    def ask_and_fail() -> None:
        make_job()
        raise ZeroDivisionError

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
        ask_and_fail()

    assert rings == []
    assert not Job.objects.exists()


def test_asking_twice_for_the_same_work_gives_the_job_there_is(owner: User) -> None:
    ask = partial(
        services.enqueue,
        kind="count-up",
        subject_id="one",
        requested_by=owner,
        institution=owner.institution,
        total=1,
    )
    first = ask()

    assert ask() == first
    services.cancel(job=first, user=owner)
    assert ask() != first


def test_a_kind_that_is_no_slug_is_refused(owner: User) -> None:
    with pytest.raises(ValidationError, match="kind"):
        services.enqueue(kind="not a slug", subject_id="1", requested_by=owner, institution=owner.institution, total=1)


def test_rel_13_a_broker_that_refuses_does_not_fail_the_request(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionError("Connection refused")

    monkeypatch.setattr(Celery, "send_task", refuse)
    job = make_job()

    doorbell.ring(job.public_id, job.queue)

    assert "the reaper will" in caplog.text


def test_rel_05_a_broker_that_is_silent_does_not_hold_up_the_request(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer = threading.Event()
    monkeypatch.setattr(Celery, "send_task", lambda *args, **kwargs: answer.wait(60))
    monkeypatch.setattr(doorbell, "PATIENCE_SECONDS", 0.2)
    job = make_job()
    started = time.monotonic()

    doorbell.ring(job.public_id, job.queue)

    waited = time.monotonic() - started
    answer.set()
    assert waited < 5
    assert "not waiting" in caplog.text


def test_doorbells_from_every_thread_go_through_the_sites_own_celery_app() -> None:
    names: list[str] = []

    thread = threading.Thread(target=lambda: names.append(current_app.main))
    thread.start()
    thread.join()

    assert names == ["lobule"]


def test_cancelling_a_waiting_job_ends_it(make_job: MakeJob, owner: User) -> None:
    job = services.cancel(job=make_job(), user=owner)

    assert job.status == JobStatus.CANCELLED
    assert job.finished_at is not None
    assert claim(job_id=job.public_id, worker="host:1") is None
    assert AuditEvent.objects.filter(action=Action.CANCEL, object_id_text=str(job.public_id)).count() == 1


def test_cancelling_a_running_job_twice_asks_once(make_job: MakeJob, owner: User) -> None:
    job = make_job()
    claim(job_id=job.public_id, worker="host:1")
    services.cancel(job=job, user=owner)
    asked_at = job.cancel_requested_at

    services.cancel(job=job, user=owner)

    assert job.status == JobStatus.RUNNING
    assert job.cancel_requested_at == asked_at


def test_an_ended_job_cannot_be_cancelled(make_job: MakeJob, owner: User) -> None:
    job = make_job()
    Job.objects.filter(pk=job.pk).end(JobStatus.SUCCEEDED)

    with pytest.raises(Conflict, match="has ended"):
        services.cancel(job=job, user=owner)
    assert not AuditEvent.objects.filter(action=Action.CANCEL).exists()


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELLED])
def test_a_person_starts_an_ended_job_again_with_fresh_attempts(
    make_job: MakeJob, owner: User, status: JobStatus
) -> None:
    job = make_job(attempt=4, progress_done=2)
    Job.objects.filter(pk=job.pk).end(status, error_code="x" if status == JobStatus.FAILED else "")

    job = services.retry(job=job, user=owner)

    assert (job.status, job.attempt, job.max_attempts, job.error_code) == (JobStatus.QUEUED, 4, 8, "")
    assert (job.finished_at, job.cancel_requested_at) == (None, None)
    holder = claim(job_id=job.public_id, worker="host:1")
    assert holder is not None
    assert holder.attempt == 5
    assert AuditEvent.objects.filter(action=Action.RETRY, object_id_text=str(job.public_id)).count() == 1


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.SUCCEEDED])
def test_only_a_failed_or_cancelled_job_is_started_again(make_job: MakeJob, owner: User, status: JobStatus) -> None:
    job = make_job()
    if status == JobStatus.SUCCEEDED:
        Job.objects.filter(pk=job.pk).end(status)

    with pytest.raises(Conflict, match="failed or was cancelled"):
        services.retry(job=job, user=owner)


def test_a_job_whose_work_was_asked_for_anew_is_not_started_again(make_job: MakeJob, owner: User) -> None:
    old = services.cancel(job=make_job(), user=owner)
    make_job(subject_id=old.subject_id)

    with pytest.raises(Conflict, match="already waiting or running"):
        services.retry(job=old, user=owner)
    old.refresh_from_db()
    assert old.status == JobStatus.CANCELLED


def test_two_active_jobs_for_one_subject_are_refused_by_the_database(make_job: MakeJob) -> None:
    first, second = make_job(), make_job()

    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=second.pk).update(subject_id=first.subject_id)


@pytest.mark.parametrize(
    ("role", "hospital", "sees"),
    [
        (Role.CLINICIAN, "North Hospital", True),
        (Role.ADMIN, "North Hospital", True),
        (Role.RESEARCHER, "North Hospital", False),
        (Role.AUDITOR, "North Hospital", False),
        (Role.CLINICIAN, "South Hospital", False),
        (Role.ADMIN, "South Hospital", False),
    ],
)
def test_who_sees_and_may_change_a_job(
    make_job: MakeJob, make_user: MakeUser, role: str, hospital: str, sees: bool
) -> None:
    job = make_job()
    user = make_user("other", role=role, hospital=hospital)

    assert Job.objects.visible_to(user).contains(job) is sees
    if sees:
        assert services.cancel(job=job, user=user).status == JobStatus.CANCELLED
    else:
        with pytest.raises(PermissionDenied):
            services.cancel(job=job, user=user)
        with pytest.raises(PermissionDenied):
            services.retry(job=job, user=user)
        job.refresh_from_db()
        assert job.status == JobStatus.QUEUED


def test_a_researcher_sees_own_jobs(make_job: MakeJob, make_user: MakeUser) -> None:
    researcher = make_user("researcher", role=Role.RESEARCHER)
    make_job()
    own = make_job(by=researcher)

    assert list(Job.objects.visible_to(researcher)) == [own]
