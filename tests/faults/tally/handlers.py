"""What the jobs of the fault tests do."""

import os
import signal
import time

from django.conf import settings

from jobs.claims import ClaimedJob
from jobs.registry import register
from tests.faults.tally.models import Mark

UNIT_SECONDS = 0.05


def mark(claimed: ClaimedJob, unit: int) -> None:
    with claimed.writing(done=min(unit + 1, claimed.progress_total)):
        Mark.objects.create(job_id_text=str(claimed.public_id), unit=unit, attempt=claimed.attempt)


@register("tally")
def tally(claimed: ClaimedJob) -> None:
    """Marks unit after unit, going on where an earlier attempt stopped."""
    start = Mark.objects.filter(job_id_text=str(claimed.public_id)).count()
    for unit in range(start, claimed.progress_total):
        time.sleep(UNIT_SECONDS)
        mark(claimed, unit)


@register("slow")
def slow(claimed: ClaimedJob) -> None:
    """Computes for three leases, and longer than Redis's visibility timeout, without a report."""
    time.sleep(3 * settings.JOB_LEASE_SECONDS)
    mark(claimed, 0)


@register("freezes-once")
def freezes_once(claimed: ClaimedJob) -> None:
    """As `tally`, but the first attempt's whole worker stops after three units, outside any transaction."""
    start = Mark.objects.filter(job_id_text=str(claimed.public_id)).count()
    for unit in range(start, claimed.progress_total):
        if claimed.attempt == 1 and unit == 3:
            os.killpg(os.getpgid(os.getpid()), signal.SIGSTOP)
        mark(claimed, unit)


@register("kills-its-process")
def kills_its_process(claimed: ClaimedJob) -> None:
    mark(claimed, claimed.attempt)
    os.kill(os.getpid(), signal.SIGKILL)


@register("kills-its-worker")
def kills_its_worker(claimed: ClaimedJob) -> None:
    mark(claimed, claimed.attempt)
    os.killpg(os.getpgid(os.getpid()), signal.SIGKILL)
