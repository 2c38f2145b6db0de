"""Telling how far the making of a set is: in per cent of the whole, with a few words."""

import time
from collections.abc import Callable

from jobs.services import ClaimedJob

# Where each part of the work begins and ends, in per cent.
TRAINING, SAMPLING, EXAMINING = (0, 75), (75, 80), (80, 100)
EVERY_SECONDS = 2.0  # between reports: each is a write


def now_and_then(seconds: float) -> Callable[[], bool]:
    """A function that answers yes when first asked, and then once in so many seconds."""
    last = float("-inf")

    def is_due() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < seconds:
            return False
        last = now
        return True

    return is_due


def reporter(job: ClaimedJob, part: tuple[int, int], words: str) -> Callable[[int, int], None]:
    """A callback `progress(done, total)` that reports now and then.

    The callback raises what `ClaimedJob.report_progress` raises: CancelRequested, LeaseLost.

    Args:
        job: whose progress it is.
        part: first and last per cent of this part of the work.
        words: a template of `done` and `total`, such as "Training: step {done:,} of {total:,}".
    """
    is_due = now_and_then(EVERY_SECONDS)

    def report(done: int, total: int) -> None:
        if is_due() or done == total:
            first, end = part
            share = done / total if total else 1.0
            job.report_progress(int(first + (end - first) * share), note=words.format(done=done, total=total))

    return report
