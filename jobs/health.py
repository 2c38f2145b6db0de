"""Whether queued work gets done."""

from django.db.models import Q

from jobs.models import Job, JobStatus, from_now

STALLED_SECONDS = 120


def queue_is_progressing() -> tuple[bool, str]:
    """Whether the workers keep up, and a sentence for the operator.

    The queue stands still when a job has waited for two minutes while none is running under a live lease and
    none has ended in that time: no worker is alive, or none can reach the broker or the database.
    """
    since = from_now(-STALLED_SECONDS)
    waiting = Job.objects.filter(status=JobStatus.QUEUED).count()
    if not Job.objects.filter(status=JobStatus.QUEUED, created_at__lt=since).exists():
        return True, f"{waiting} waiting"
    if Job.objects.filter(
        Q(status=JobStatus.RUNNING, lease_expires_at__gt=from_now(0)) | Q(finished_at__gt=since)
    ).exists():
        return True, f"{waiting} waiting, workers busy"
    return False, f"{waiting} waiting, none started within {STALLED_SECONDS} s: is a worker running?"
