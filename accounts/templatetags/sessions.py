"""What pages say about the session: the warning before it ends, and why it has ended."""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import SignedInSession
from accounts.scopes import SCOPES
from accounts.sign_in import sessions, sessions_device
from accounts.sign_in.expiry import WHY, time_left

register = template.Library()


@register.inclusion_tag("accounts/session_warning.html", takes_context=True)
def session_warning(context: dict[str, Any]) -> dict[str, Any]:
    """The dialog that warns before the session ends, with the script that opens it; nothing for the anonymous."""
    request = context.get("request")
    session = sessions.current(request) if request is not None else None
    return {
        "session": session,
        "left": time_left(session) if session else None,
        "warning_seconds": settings.SESSION_WARNING_SECONDS,
        **session_limits(),
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("accounts/session_over.html", takes_context=True)
def session_over(context: dict[str, Any]) -> dict[str, Any]:
    """On the sign-in page: why the person is no longer signed in, when the address says so."""
    request = context.get("request")
    return {
        "reason": request.GET.get(WHY, "") if request is not None else "",
        **session_limits(),
    }


@register.simple_tag
def session_limits() -> dict[str, str]:
    """How long a session lasts at most, in words: `idle` and `absolute`."""
    return {"idle": in_words(settings.SESSION_IDLE_SECONDS), "absolute": in_words(settings.SESSION_ABSOLUTE_SECONDS)}


@register.filter
def device(session: SignedInSession) -> str:
    """The session's browser and device: "Firefox on Windows"."""
    return sessions_device.in_words(session.user_agent)


@register.filter
def scope_words(scopes: list[str]) -> list[str]:
    """What a token's scopes allow, in words."""
    return [SCOPES[scope].words for scope in scopes if scope in SCOPES]


def in_words(seconds: int) -> str:
    """A setting as people say it: "15 minutes", "12 hours", "90 seconds"."""
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    raise AssertionError  # every number is a multiple of 1
