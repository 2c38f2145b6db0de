"""What beat rings for: seals, digests, and whether both come in time."""

from celery import shared_task

from accounts.audit import keeping


@shared_task(name="accounts.seal_audit")
def seal_audit() -> None:
    """Every few seconds."""
    keeping.seal()


@shared_task(name="accounts.keep_audit")
def keep_audit() -> None:
    """Every minute."""
    keeping.keep()
