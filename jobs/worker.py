"""What a Celery worker does when it starts and when it is told to stop."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

from billiard import active_children
from celery.signals import worker_process_init, worker_ready, worker_shutting_down
from django.db import DatabaseError, close_old_connections, connections

from jobs.reaper import reap

logger = logging.getLogger(__name__)

GRACE_SECONDS = 2

# Set in the main process, so processes that its pool starts afterwards inherit it.
stopping = threading.Event()


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


@worker_shutting_down.connect
def hand_over(**kwargs: Any) -> None:
    """Lets running jobs end within two seconds, then has the pool's processes give theirs back.

    Celery alone would wait for the longest job, and whoever stops the worker would kill it before that. It also
    replaces the processes that left and hands them messages it has taken already: these find `stopping` set.
    """
    stopping.set()
    timer = threading.Timer(GRACE_SECONDS, _stop_children)
    timer.daemon = True
    timer.start()


def _stop_children() -> None:
    for child in active_children():
        child.terminate()
