"""Claiming a job, holding it while it runs, and settling it.

Every statement here is a compare-and-set on the job's row, timed by the database's clock, so any number of
workers on machines whose clocks disagree may run them at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from accounts.models import User
from jobs.doorbell import ring
from jobs.errors import CancelRequested, LeaseLost
from jobs.models import MAX_ATTEMPTS, Job, JobQuerySet, JobStatus, from_now

EXHAUSTED_MESSAGE = (
    "The work stopped unexpectedly several times and was given up. Nothing incomplete was kept as an answer. "
    "Start it again; if it fails again, tell your administrator the job's number."
)
STOPPED_NOTE = "The last attempt stopped unexpectedly; it will be tried again within a minute."
INTERRUPTED_NOTE = "Paused while the service restarts."
HANDED_OVER_NOTE = "Goes on in a moment."


@dataclass(frozen=True)
class ClaimedJob:
    """A job as one attempt holds it. Only its writes count, until another attempt claims the job."""

    pk: int
    public_id: UUID
    kind: str
    subject_id: str
    queue: str
    attempt: int
    progress_done: int
    progress_total: int
    requested_by: User

    def report_progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Stores how far the work is and extends the lease.

        Args:
            done: units of work done, 0 … total.
            total: units there are; unchanged when None.
            note: a few words for the progress display.

        Raises:
            LeaseLost: another attempt holds the job now; stop.
            CancelRequested: a person asked to stop; stop.
        """
        self._hold(done, total, note)

    @contextmanager
    def writing(self, done: int | None = None, note: str = "") -> Iterator[None]:
        """A transaction that commits only while this attempt holds the job.

        The job's row is updated first, which locks it: nobody can claim the job before the transaction ends.
        The lease is extended, and `done` becomes visible together with what is written inside.

        Raises:
            LeaseLost: another attempt holds the job now; nothing was written.
            CancelRequested: a person asked to stop; nothing was written.
        """
        with transaction.atomic(durable=True):
            self._hold(done, None, note)
            yield

    def extend_lease(self) -> bool:
        """Extends the lease; False when the job is no longer this attempt's."""
        return self._row().update(lease_expires_at=from_now(settings.JOB_LEASE_SECONDS)) == 1

    def finish(self) -> bool:
        """The work is done. False when the job is no longer this attempt's: then nothing changed."""
        changed = self._row().end(
            JobStatus.SUCCEEDED, progress_done=F("progress_total"), progress_note="", cancel_requested_at=None
        )
        return changed == 1

    def fail(self, code: str, user_message: str) -> bool:
        """The work cannot be done; the user is told why. False when the job is no longer this attempt's."""
        return self._row().end(JobStatus.FAILED, error_code=code, error_message=user_message[:500]) == 1

    def cancelled(self) -> bool:
        """The work stopped because a person asked. False when the job is no longer this attempt's."""
        return self._row().end(JobStatus.CANCELLED) == 1

    def release(self) -> bool:
        """Gives the job back after an unforeseen error: it is tried again until its attempts are used up.

        The doorbell is left to the reaper, whose delay keeps a database or store that is down from using up
        all attempts within a second. False when the job is no longer this attempt's.
        """
        with transaction.atomic():
            released = self._row().update(
                status=JobStatus.QUEUED, lease_expires_at=None, last_sent_at=Now(), progress_note=STOPPED_NOTE
            )
            settle_hopeless(Job.objects.filter(pk=self.pk))
        return released == 1

    def interrupted(self) -> bool:
        """Gives the job back because the worker is being stopped, which does not use up an attempt."""
        return self._give_back(INTERRUPTED_NOTE)

    def hand_over(self) -> bool:
        """Gives the job back because this attempt did its share, which does not use it up, and rings for the next.

        Whatever failed before is forgotten: a share that was done shows that the work gets on.
        """
        given_back = self._give_back(HANDED_OVER_NOTE, max_attempts=F("attempt") + MAX_ATTEMPTS)
        if given_back:
            ring(self.public_id, self.queue)
        return given_back

    def _give_back(self, note: str, **changes: object) -> bool:
        returned: dict[str, object] = {
            "status": JobStatus.QUEUED,
            "lease_expires_at": None,
            "last_sent_at": Now(),
            "max_attempts": F("max_attempts") + 1,
            "progress_note": note,
            **changes,
        }
        return self._row().update(**returned) == 1

    def _row(self) -> JobQuerySet:
        return Job.objects.filter(pk=self.pk).held_by(self.attempt)

    def _hold(self, done: int | None, total: int | None, note: str) -> None:
        changes: dict[str, object] = {
            "lease_expires_at": from_now(settings.JOB_LEASE_SECONDS),
            "progress_note": note,
        }
        if done is not None:
            changes["progress_done"] = done
        if total is not None:
            changes["progress_total"] = total
        if self._row().filter(cancel_requested_at=None).update(**changes):
            return
        if self._row().exists():
            raise CancelRequested
        raise LeaseLost(f"Job {self.public_id}: attempt {self.attempt} no longer holds it.")


def claim(*, job_id: UUID, worker: str) -> ClaimedJob | None:
    """Takes a job that nobody holds, or None: it is held, finished, cancelled or has no attempt left.

    However many workers ask at once, one gets it.
    """
    row = Job.objects.filter(public_id=job_id)
    with transaction.atomic():
        settle_hopeless(row)
        taken = row.unheld().update(
            status=JobStatus.RUNNING,
            attempt=F("attempt") + 1,
            lease_expires_at=from_now(settings.JOB_LEASE_SECONDS),
            started_at=Coalesce("started_at", Now()),
            worker=worker[:100],
            progress_note="",
        )
        if not taken:
            return None
        # Still inside the transaction that locked the row: the attempt read here is the one just made.
        job = row.select_related("requested_by__institution").get()
    return ClaimedJob(
        pk=job.pk,
        public_id=job.public_id,
        kind=job.kind,
        subject_id=job.subject_id,
        queue=job.queue,
        attempt=job.attempt,
        progress_done=job.progress_done,
        progress_total=job.progress_total,
        requested_by=job.requested_by,
    )


def settle_hopeless(jobs: JobQuerySet) -> None:
    """Ends those of the jobs that nobody holds and that are not to be tried again."""
    unheld = jobs.unheld()
    unheld.filter(cancel_requested_at__isnull=False).end(JobStatus.CANCELLED)
    unheld.filter(attempt__gte=F("max_attempts")).end(
        JobStatus.FAILED, error_code="attempts_exhausted", error_message=EXHAUSTED_MESSAGE
    )
