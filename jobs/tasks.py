"""What travels through the broker: a job's id, and the reaper's clock."""

import os
import platform
from uuid import UUID

from celery import shared_task
from celery.app.task import Task
from django.conf import settings

from jobs.doorbell import RUN_JOB
from jobs.models import MAX_ATTEMPTS
from jobs.reaper import reap as reap_jobs
from jobs.reaper import resend_overdue
from jobs.runner import run
from jobs.worker import stopping


# When a worker process is lost, Celery rings again after the lease has run out; it does so fewer times than
# the row allows attempts, so it never decides when to give up.
@shared_task(name=RUN_JOB, bind=True, max_retries=MAX_ATTEMPTS - 1, default_retry_delay=settings.JOB_LEASE_SECONDS)
def run_job(self: "Task[[str], None]", job_id: str) -> None:
    """Does one job, unless another worker holds it, it has ended or this worker is being stopped."""
    if stopping.is_set():
        return
    if run(UUID(job_id), worker=f"{platform.node()}:{os.getpid()}"):
        # One ring per finished job: lost doorbells are made up for as fast as the workers work, and no
        # faster.
        resend_overdue(limit=1, queue=(self.request.delivery_info or {}).get("routing_key"))


@shared_task(name="jobs.reap")
def reap() -> None:
    """Sent by beat every ten seconds."""
    reap_jobs()
