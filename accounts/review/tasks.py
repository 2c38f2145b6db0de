"""The trail is looked at every hour, so that a day is ready for its auditor soon after it ends."""

from celery import shared_task

from accounts import audit
from accounts.review.findings import review_all

TASK = "accounts.review_access"


@shared_task(name=TASK)
def review_access() -> None:
    """Sent by beat every hour; what it found is the same however often it looks."""
    with audit.acting(audit.AuditContext(actor="system", request_id="review_access")):
        review_all()
