"""What a record's page says about its being restricted."""

from typing import Any

from django import template
from django.urls import reverse

from accounts.models import User
from diagnosis.models import Case, Patient, Study
from diagnosis.services.restriction import may_lift, may_restrict, restriction_of

register = template.Library()


@register.inclusion_tag("diagnosis/restrictions/state.html", takes_context=True)
def restriction_state(context: dict[str, Any], shown: Case | Study) -> dict[str, Any]:
    """Who sees the case, or the study's patient, and the way to change that."""
    user = getattr(context.get("request"), "user", None)
    assert isinstance(user, User)  # the page showed the record to somebody
    record: Case | Patient = shown.patient if isinstance(shown, Study) else shown
    restriction = restriction_of(record)
    return {
        "restriction": restriction,
        "may_lift": restriction is not None and may_lift(restriction, user),
        "may_restrict": may_restrict(record, user),
        "restrict_url": reverse(
            "study-restrict" if isinstance(shown, Study) else "case-restrict", args=[shown.public_id]
        ),
        "csrf_token": context.get("csrf_token"),
    }
