"""One attempt at one job: what becomes of the row for every way a handler can end."""

import logging
from collections.abc import Callable

import pytest

from accounts import audit
from accounts.models import Action, AuditEvent, User
from jobs.claims import ClaimedJob
from jobs.errors import MoreToDo, UserFacingJobError
from jobs.models import MAX_ATTEMPTS, Job, JobStatus
from jobs.registry import register
from jobs.runner import run
from jobs.services import cancel

MakeJob = Callable[..., Job]
Handle = Callable[[str, Callable[[ClaimedJob], None]], None]
pytestmark = pytest.mark.django_db


def settled(job: Job) -> Job:
    assert run(job.public_id, worker="host:1")
    job.refresh_from_db()
    return job


def test_a_handler_that_returns_finishes_the_job(make_job: MakeJob, handle: Handle) -> None:
    seen: list[ClaimedJob] = []

    def count(claimed: ClaimedJob) -> None:
        seen.append(claimed)
        claimed.report_progress(1, note="one")

    handle("count-up", count)
    job = settled(make_job(total=3))

    assert (job.status, job.progress_done, job.progress_note) == (JobStatus.SUCCEEDED, 3, "")
    assert (seen[0].kind, seen[0].subject_id, seen[0].attempt) == ("count-up", job.subject_id, 1)
    assert not run(job.public_id, worker="host:2")
    assert len(seen) == 1


def test_an_unknown_kind_fails_with_a_plain_message(make_job: MakeJob, handle: Handle) -> None:
    job = settled(make_job(kind="paint"))

    assert (job.status, job.error_code) == (JobStatus.FAILED, "unknown_kind")
    assert "“paint”" in job.error_message


def test_an_error_meant_for_the_user_fails_the_job_at_once(make_job: MakeJob, handle: Handle) -> None:
    def refuse(claimed: ClaimedJob) -> None:
        raise UserFacingJobError("model_withdrawn", "The model was withdrawn. Choose another one.")

    handle("count-up", refuse)
    job = settled(make_job())

    assert (job.status, job.attempt, job.error_code) == (JobStatus.FAILED, 1, "model_withdrawn")
    assert job.error_message == "The model was withdrawn. Choose another one."


def test_an_unforeseen_error_is_tried_again_up_to_the_cap(make_job: MakeJob, handle: Handle) -> None:
    def break_down(claimed: ClaimedJob) -> None:
        raise RuntimeError("boom")

    handle("count-up", break_down)
    job = make_job()
    for _ in range(3):
        assert settled(job).status == JobStatus.QUEUED
        assert "tried again" in job.progress_note

    settled(job)
    assert (job.status, job.attempt, job.error_code) == (JobStatus.FAILED, 4, "attempts_exhausted")
    assert not run(job.public_id, worker="host:1")


def test_rel_18_the_log_of_an_unforeseen_error_quotes_no_values(
    make_job: MakeJob, handle: Handle, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(claimed: ClaimedJob) -> None:
        patient = "MRN-" + str(4711)
        try:
            {"MRN-0815": 1}[patient]
        except KeyError as error:
            raise ValueError(f"no row for {patient}") from error

    handle("count-up", break_down)
    with caplog.at_level(logging.DEBUG):
        settled(make_job())

    assert "builtins.ValueError" in caplog.text
    assert "builtins.KeyError" in caplog.text
    assert "break_down" in caplog.text
    assert "MRN-4711" not in caplog.text


def test_a_cancel_during_the_run_ends_it_and_keeps_what_was_committed(
    make_job: MakeJob, handle: Handle, owner: User
) -> None:
    def count(claimed: ClaimedJob) -> None:
        claimed.report_progress(1)
        cancel(job=Job.objects.get(pk=claimed.pk), user=owner)
        claimed.report_progress(2)

    handle("count-up", count)
    job = settled(make_job())

    assert (job.status, job.progress_done, job.error_code) == (JobStatus.CANCELLED, 1, "")


def test_a_cancel_wins_over_an_unforeseen_error(make_job: MakeJob, handle: Handle, owner: User) -> None:
    def break_down(claimed: ClaimedJob) -> None:
        cancel(job=Job.objects.get(pk=claimed.pk), user=owner)
        raise RuntimeError("boom")

    handle("count-up", break_down)

    assert settled(make_job()).status == JobStatus.CANCELLED


def test_an_overtaken_attempt_leaves_the_row_alone(
    make_job: MakeJob, handle: Handle, expire_lease: Callable[[Job], None]
) -> None:
    job = make_job()

    def slow(claimed: ClaimedJob) -> None:
        expire_lease(job)
        Job.objects.filter(pk=job.pk).update(attempt=claimed.attempt + 1)
        claimed.report_progress(1)

    handle("count-up", slow)
    settled(job)

    assert (job.status, job.attempt, job.progress_done) == (JobStatus.RUNNING, 2, 0)


def test_a_worker_that_is_stopped_gives_the_job_back(make_job: MakeJob, handle: Handle) -> None:
    def stop(claimed: ClaimedJob) -> None:
        raise SystemExit(0)

    handle("count-up", stop)
    job = make_job()
    with pytest.raises(SystemExit):
        run(job.public_id, worker="host:1")

    job.refresh_from_db()
    assert (job.status, job.attempt, job.max_attempts) == (JobStatus.QUEUED, 1, 5)


def test_aud_04_the_actor_inside_a_job_is_the_requester_on_retries_too(
    make_job: MakeJob, handle: Handle, owner: User
) -> None:
    def record_then_break(claimed: ClaimedJob) -> None:
        audit.record(Action.PREDICT, object_type="case", object_id=claimed.attempt)
        if claimed.attempt == 1:
            raise RuntimeError("boom")

    handle("count-up", record_then_break)
    job = make_job()
    settled(job)
    settled(job)

    events = AuditEvent.objects.filter(action=Action.PREDICT).order_by("id")
    assert [(event.actor, event.institution, event.object_id_text) for event in events] == [
        (owner.email, owner.institution.name, "1"),
        (owner.email, owner.institution.name, "2"),
    ]
    assert {event.request_id for event in events} == {f"job:{job.public_id}"}


def test_two_handlers_for_one_kind_are_refused(handle: Handle) -> None:
    handle("count-up", lambda claimed: None)

    with pytest.raises(ValueError, match="count-up"):
        register("count-up")(lambda claimed: None)


def test_a_share_that_was_done_hands_the_job_over_at_no_attempts_cost(
    make_job: MakeJob, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[object, str]] = []
    monkeypatch.setattr("jobs.claims.ring", lambda job_id, queue: rung.append((job_id, queue)))
    shares = 2 * MAX_ATTEMPTS

    def share(claimed: ClaimedJob) -> None:
        claimed.report_progress(claimed.progress_done + 1)
        if claimed.progress_done + 1 < shares:
            raise MoreToDo

    handle("count-up", share)
    job = make_job(total=shares)
    for done in range(1, shares):
        assert settled(job).status == JobStatus.QUEUED
        assert (job.progress_done, job.lease_expires_at) == (done, None)
        assert job.max_attempts - job.attempt == MAX_ATTEMPTS

    assert settled(job).status == JobStatus.SUCCEEDED
    assert rung == [(job.public_id, job.queue)] * (shares - 1)


def test_shares_done_before_do_not_let_a_failing_job_be_tried_for_ever(
    make_job: MakeJob, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.claims.ring", lambda job_id, queue: None)
    calls: list[int] = []

    def share(claimed: ClaimedJob) -> None:
        calls.append(claimed.attempt)
        if len(calls) <= 3:
            raise MoreToDo
        raise RuntimeError

    handle("count-up", share)
    job = make_job(total=9)
    while run(job.public_id, worker="host:1"):
        pass

    job.refresh_from_db()
    assert (job.status, job.error_code) == (JobStatus.FAILED, "attempts_exhausted")
    assert len(calls) == 3 + MAX_ATTEMPTS
