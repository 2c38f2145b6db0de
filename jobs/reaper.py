"""Finds what was lost: doorbells that no worker heard and jobs whose worker died.

Any number of reapers may run at once: each row is changed by compare-and-set and announced by the one that
changed it.
"""

from django.db.models.functions import Now

from jobs.claims import STOPPED_NOTE, settle_hopeless
from jobs.doorbell import ring
from jobs.models import Job, JobStatus

RESEND_SECONDS = 30
# A bound on how many doorbells a long backlog can pile up in the broker. It does not bound recovery: each
# finished job rings for the next overdue one.
RESENDS_PER_REAP = 50


def reap() -> int:
    """Ends what has no attempt left, frees what was abandoned, rings for what waits; returns the rings."""
    settle_hopeless(Job.objects.all())
    return _free_abandoned() + resend_overdue(limit=RESENDS_PER_REAP)


def resend_overdue(*, limit: int, queue: str | None = None) -> int:
    """Rings for waiting jobs whose doorbell rang over 30 s ago, longest-waiting first; returns how many."""
    overdue = Job.objects.overdue(RESEND_SECONDS)
    if queue is not None:
        overdue = overdue.filter(queue=queue)
    rung = 0
    for pk, public_id, to in overdue.order_by("last_sent_at").values_list("pk", "public_id", "queue")[:limit]:
        if Job.objects.filter(pk=pk).overdue(RESEND_SECONDS).update(last_sent_at=Now()):
            ring(public_id, to)
            rung += 1
    return rung


def _free_abandoned() -> int:
    freed = 0
    for pk, public_id, queue in Job.objects.abandoned().values_list("pk", "public_id", "queue"):
        if (
            Job.objects.filter(pk=pk)
            .abandoned()
            .update(status=JobStatus.QUEUED, lease_expires_at=None, last_sent_at=Now(), progress_note=STOPPED_NOTE)
        ):
            ring(public_id, queue)
            freed += 1
    return freed
