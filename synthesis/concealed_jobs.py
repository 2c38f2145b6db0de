"""Jobs of synthesis, which are no business of clinicians: they could cancel or repeat what they cannot follow."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import Role
from jobs.concealment import register
from jobs.models import Job
from synthesis.job_kinds import MAKE, PUBLISH


@register
def concealed_jobs(user: Any) -> "QuerySet[Job, Any] | None":
    """The keys of the jobs that make and publish sets; None for those who may follow them."""
    if user.role != Role.CLINICIAN:
        return None
    return Job.objects.filter(kind__in=(MAKE, PUBLISH)).order_by().values("pk")
