"""Which functions make a set and publish it."""

from jobs.registry import register
from jobs.services import ClaimedJob
from synthesis.job_kinds import MAKE, PUBLISH


@register(MAKE)
def make(job: ClaimedJob) -> None:
    """Does the next share of the making of the job's set."""
    from synthesis.making import job as making  # noqa: PLC0415 brings torch, which only workers need

    making.make(job)


@register(PUBLISH)
def publish(job: ClaimedJob) -> None:
    """Does the next share of publishing the job's set."""
    from synthesis.publishing import job as publishing  # noqa: PLC0415 likewise

    publishing.publish(job)
