"""What the fault tests do to the site from outside: the web process's part.

Reads `[FUNCTION, ARGUMENTS]` as lines of JSON and answers each with a line of JSON.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import django
import redis

django.setup()

from celery import current_app  # noqa: E402 Django first
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from accounts.models import Institution, Role, User  # noqa: E402
from jobs import services  # noqa: E402
from jobs.doorbell import ring  # noqa: E402
from jobs.models import ACTIVE, Job  # noqa: E402
from tests.faults.tally.models import Mark  # noqa: E402


def migrate() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    institution = Institution.objects.create(name="North Hospital")
    User.objects.create_user(
        email="clinician@example.org",
        password="a long pass phrase",
        full_name="A Clinician",
        institution=institution,
        role=Role.CLINICIAN,
    )


def reset() -> None:
    """No jobs, no marks, no messages."""
    Mark.objects.all().delete()
    Job.objects.all().delete()
    empty_broker()


def empty_broker() -> int:
    """Loses every message, as a broker does that restarts without its data; answers how many there were."""
    queue = settings.CELERY_TASK_DEFAULT_QUEUE
    with current_app.connection_for_write() as connection:
        channel: Any = connection.default_channel
        lost: int = channel.queue_purge(queue)
        if connection.transport.driver_type == "redis":
            redis.Redis.from_url(connection.as_uri(include_password=True)).flushdb()
    return lost


def enqueue(kind: str, jobs: int = 1, units: int = 1, rings: int = 1) -> list[str]:
    """Asks for jobs; each doorbell rings `rings` times in all."""
    user = User.objects.get()
    ids = []
    for number in range(jobs):
        job = services.enqueue(
            kind=kind,
            subject_id=f"{kind} {number} {time.time_ns()}",
            requested_by=user,
            institution=user.institution,
            total=units,
        )
        for _ in range(rings - 1):
            ring(job.public_id, job.queue)
        ids.append(str(job.public_id))
    return ids


def enqueue_and_die(kind: str) -> None:
    """Is killed after the job is committed and before its doorbell rings."""

    def die(*args: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with patch.object(services, "ring", die), transaction.atomic():
        enqueue(kind)


def state() -> list[dict[str, Any]]:
    """Every job with the units it marked, in the order in which they were."""
    fields = ("public_id", "kind", "status", "attempt", "max_attempts", "progress_done", "error_code")
    rows = list(Job.objects.order_by("id").values(*fields))
    for row in rows:
        row["public_id"] = str(row["public_id"])
        marks = Mark.objects.filter(job_id_text=row["public_id"]).order_by("id")
        row["units"] = list(marks.values_list("unit", flat=True))
    return rows


def wait_for_marks(more: int, timeout: float = 20) -> int:
    """Waits until so many more units have been marked; answers how many were."""
    give_up = time.monotonic() + timeout
    start = Mark.objects.count()
    while Mark.objects.count() < start + more and time.monotonic() < give_up:
        time.sleep(0.02)
    marked: int = Mark.objects.count() - start
    return marked


def wait_until_ended(timeout: float = 40) -> list[dict[str, Any]]:
    """Waits until no job waits or runs; answers the state then, or at the timeout."""
    active = Job.objects.filter(status__in=ACTIVE)
    give_up = time.monotonic() + timeout
    while active.exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    return state()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        migrate,
        reset,
        empty_broker,
        enqueue,
        enqueue_and_die,
        state,
        wait_for_marks,
        wait_until_ended,
    )
}

if __name__ == "__main__":
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print(json.dumps(FUNCTIONS[name](**arguments)), flush=True)  # noqa: T201 the protocol
