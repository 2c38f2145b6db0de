"""Keeps a lease alive while the process that holds it is."""

import logging
import threading
import time
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import DatabaseError, connection

from jobs.celery_settings import TASK_TIME_LIMIT
from jobs.claims import ClaimedJob

logger = logging.getLogger(__name__)


class Heartbeat:
    """Extends the lease every third of its length, in a thread with its own database connection.

    A handler may therefore compute longer than the lease between two reports. It stops with the process, and
    at the task's time limit, so a handler that hangs for ever does not hold its job for ever.
    """

    def __init__(self, claimed: ClaimedJob) -> None:
        self._claimed = claimed
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{claimed.public_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        interval = settings.JOB_LEASE_SECONDS / 3
        give_up = time.monotonic() + TASK_TIME_LIMIT
        held = True
        while held and not self._stop.wait(interval) and time.monotonic() < give_up:
            try:
                held = self._claimed.extend_lease()
            except DatabaseError as error:
                # On SQLite the handler's own transaction may hold the write lock: then nobody can claim
                # either.
                logger.warning("Lease of job %s not extended (%s).", self._claimed.public_id, type(error).__name__)
            finally:
                connection.close()
