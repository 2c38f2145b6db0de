"""What a Celery worker does when it starts and when it is told to stop."""

import logging
import signal
from types import FrameType
from typing import Any

from celery.signals import worker_process_init, worker_ready
from django.db import DatabaseError, close_old_connections, connections

from jobs.reaper import reap

logger = logging.getLogger(__name__)


@worker_ready.connect
def reap_once(**kwargs: Any) -> None:
    """Takes up at once what an earlier worker left behind, without waiting for beat."""
    close_old_connections()
    try:
        reap()
    except DatabaseError as error:
        logger.warning("The job table cannot be read yet (%s); the next reap will.", type(error).__name__)
    finally:
        connections.close_all()


@worker_process_init.connect
def stop_on_sigterm(**kwargs: Any) -> None:
    """A process of the pool that is told to stop gives its job back first.

    Celery leaves SIGTERM at its default there, which ends the process in mid-job: the job would then wait for
    its lease to run out and the attempt would count against it.
    """
    signal.signal(signal.SIGTERM, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
