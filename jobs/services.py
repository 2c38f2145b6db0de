"""Asking for work, cancelling it, starting it again; and, from `jobs.claims`, doing it."""

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import audit
from accounts.errors import Conflict
from accounts.models import Action, Institution, User
from jobs.claims import ClaimedJob, claim
from jobs.doorbell import ring
from jobs.models import ACTIVE, MAX_ATTEMPTS, Job, JobStatus

__all__ = ["ClaimedJob", "cancel", "claim", "enqueue", "retry"]


def enqueue(
    *,
    kind: str,
    subject_id: str,
    requested_by: User,
    institution: Institution,
    total: int,
    queue: str | None = None,
) -> Job:
    """A job in the caller's transaction; a worker is woken once that commits.

    Asking again for the same kind of work on the same subject while it waits or runs gives the job there is.

    Args:
        kind: name of a registered handler, e.g. "fna-scoring".
        subject_id: public id of what is worked upon.
        requested_by: who asked; the audit trail names this person for what the job does.
        institution: whose data it is.
        total: units of work, for the progress display.
        queue: which workers do it; None for the default queue.
    """
    job = Job(
        kind=kind,
        subject_id=subject_id,
        requested_by=requested_by,
        institution=institution,
        progress_total=total,
        queue=queue or settings.CELERY_TASK_DEFAULT_QUEUE,
    )
    job.full_clean(validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            job.save(force_insert=True)
    except IntegrityError:
        return Job.objects.get(kind=kind, subject_id=subject_id, status__in=ACTIVE)
    _ring_on_commit(job)
    return job


def cancel(*, job: Job, user: User) -> Job:
    """Cancels a waiting job at once; asks a running one to stop at its next report of progress.

    What the job has already committed stays.

    Raises:
        PermissionDenied: the user may not see the job.
        Conflict: the job has already ended.
    """
    row = _changeable_by(user, job)
    with transaction.atomic():
        ended = row.filter(status=JobStatus.QUEUED).end(JobStatus.CANCELLED, cancel_requested_at=Now())
        if not ended:
            asked = row.filter(status=JobStatus.RUNNING, cancel_requested_at=None).update(cancel_requested_at=Now())
            job.refresh_from_db()
            if not asked and job.is_final:
                raise Conflict(
                    f"The job has ended ({job.get_status_display().lower()}) and cannot be cancelled.",
                    code="job_already_ended",
                )
        audit.record(Action.CANCEL, object_type="job", object_id=job.public_id)
    job.refresh_from_db()
    return job


def retry(*, job: Job, user: User) -> Job:
    """Starts a failed or cancelled job again, with a fresh set of attempts.

    Raises:
        PermissionDenied: the user may not see the job.
        Conflict: the job has not failed, or the same work has been asked for anew.
    """
    row = _changeable_by(user, job)
    changes: dict[str, Any] = {
        "status": JobStatus.QUEUED,
        "max_attempts": F("attempt") + MAX_ATTEMPTS,
        "finished_at": None,
        "cancel_requested_at": None,
        "error_code": "",
        "error_message": "",
        "progress_note": "",
        "last_sent_at": Now(),
    }
    try:
        with transaction.atomic():
            if not row.filter(status__in=[JobStatus.FAILED, JobStatus.CANCELLED]).update(**changes):
                raise Conflict("Only a job that failed or was cancelled can be started again.", code="job_not_failed")
            audit.record(Action.RETRY, object_type="job", object_id=job.public_id)
            job.refresh_from_db()
            _ring_on_commit(job)
    except IntegrityError as error:
        raise Conflict("The same work is already waiting or running.", code="job_already_active") from error
    return job


def _changeable_by(user: User, job: Job) -> Any:
    row = Job.objects.filter(pk=job.pk)
    if not row.visible_to(user).exists():
        raise PermissionDenied
    return row


def _ring_on_commit(job: Job) -> None:
    # No `partial`: Django tells a robust callback's failure by its name, which a partial has not.
    transaction.on_commit(lambda: ring(job.public_id, job.queue), robust=True)
