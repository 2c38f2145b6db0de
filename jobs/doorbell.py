"""Waking a worker. Losing a doorbell costs time, never work."""

import logging
from uuid import UUID

from celery import current_app

logger = logging.getLogger(__name__)

RUN_JOB = "jobs.run_job"


def ring(job_id: UUID, queue: str) -> None:
    """Tells the workers of `queue` that this job waits. Only its id travels, nothing of a patient."""
    try:
        current_app.send_task(RUN_JOB, args=[str(job_id)], queue=queue, retry=False, ignore_result=True)
    except Exception as error:
        # Whatever the broker raises, the row is committed: the request must not fail for it.
        logger.warning("Doorbell for job %s not rung (%s); the reaper will.", job_id, type(error).__name__)
