"""One attempt at one job: claim it, let its handler work, settle it."""

import logging
from collections.abc import Callable
from functools import partial
from uuid import UUID

from accounts import audit
from jobs.claims import ClaimedJob, claim
from jobs.errors import CancelRequested, LeaseLost, MoreToDo, UserFacingJobError
from jobs.heartbeat import Heartbeat
from jobs.registry import handler_for
from jobs.traces import trace_without_values

logger = logging.getLogger(__name__)

Settlement = Callable[[], bool]


def run(job_id: UUID, *, worker: str) -> bool:
    """Does the job if nobody else holds it; False when there was nothing to claim.

    What the handler records in the audit trail names the person who asked for the job, on every attempt.
    """
    claimed = claim(job_id=job_id, worker=worker)
    if claimed is None:
        logger.debug("Job %s: nothing to claim.", job_id)
        return False
    context = audit.context_for(claimed.requested_by, request_id=f"job:{claimed.public_id}")
    with audit.acting(context):
        with Heartbeat(claimed):
            settle = _attempt(claimed)
        if not settle():
            logger.warning("Job %s: attempt %d was overtaken.", job_id, claimed.attempt)
    return True


def _attempt(claimed: ClaimedJob) -> Settlement:
    """Lets the handler work; answers how the attempt is to be settled."""
    try:
        handler_for(claimed.kind)(claimed)
    except CancelRequested:
        return claimed.cancelled
    except LeaseLost:
        return _leave_to_the_next
    except MoreToDo:
        return claimed.hand_over
    except UserFacingJobError as error:
        return partial(claimed.fail, error.code, str(error))
    except Exception as error:
        # Whatever a handler raises is tried again up to the cap. `exception` would print its message too.
        trace = trace_without_values(error)
        logger.error("Job %s, attempt %d: %s", claimed.public_id, claimed.attempt, trace)  # noqa: TRY400 as said
        return claimed.release
    except BaseException:
        claimed.interrupted()
        raise
    return claimed.finish


def _leave_to_the_next() -> bool:
    return False
