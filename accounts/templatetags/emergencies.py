"""The banner that stands on every page while an emergency access runs."""

from typing import Any

from django import template

from accounts.models import Role, User
from accounts.people.emergency import running_for

register = template.Library()


@register.inclusion_tag("accounts/emergency/banner.html", takes_context=True)
def emergency_banner(context: dict[str, Any]) -> dict[str, Any]:
    """What the signed-in clinician has open now; nothing for everybody else."""
    user = getattr(context.get("request"), "user", None)
    running = running_for(user) if isinstance(user, User) and user.role == Role.CLINICIAN else []
    return {"accesses": running, "csrf_token": context.get("csrf_token")}
