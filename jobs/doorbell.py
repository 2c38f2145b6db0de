"""Waking a worker. Losing a doorbell costs time, never work."""

import logging
from threading import Thread
from uuid import UUID

from celery import current_app

logger = logging.getLogger(__name__)

RUN_JOB = "jobs.run_job"
PATIENCE_SECONDS = 1.0


def ring(job_id: UUID, queue: str) -> None:
    """Tells the workers of `queue` that this job waits. Only its id travels, nothing of a patient.

    Never raises and never takes longer than a second: the client library tries for 6 s to reach a Redis that
    refuses and for over 60 s one that accepts and stays silent (measured), and a person's request must not wait
    that long for something the reaper makes up for.
    """
    publisher = Thread(target=_publish, args=(job_id, queue), name="doorbell", daemon=True)
    publisher.start()
    publisher.join(PATIENCE_SECONDS)
    if publisher.is_alive():
        logger.warning("The broker is slow to take the doorbell for job %s; not waiting for it.", job_id)


def _publish(job_id: UUID, queue: str) -> None:
    try:
        current_app.send_task(RUN_JOB, args=[str(job_id)], queue=queue, retry=False, ignore_result=True)
    except Exception as error:
        # Whatever the broker raises, the row is committed: the request must not fail for it.
        logger.warning("Doorbell for job %s not rung (%s); the reaper will.", job_id, type(error).__name__)
