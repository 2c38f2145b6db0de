"""Five failures keep one person out from one address for a quarter of an hour (ACC-8).

A colleague behind the same address signs in as before, and so does the person from elsewhere. Passwords and second
factors count together, on pages and in the API alike; django-axes keeps the count in the database.
"""

from datetime import timedelta
from math import ceil
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_credentials
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import User


def name_of(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """The name under which failures are counted: what was typed, in small letters."""
    given = credentials or {}
    typed = given.get("email") or given.get("username") or given.get(settings.AXES_USERNAME_FORM_FIELD) or ""
    return str(typed).strip().lower()[:255]


def is_locked(request: HttpRequest, user: User) -> bool:
    """Whether this person is kept out from where the request comes; if so, the answer will say so."""
    credentials = get_credentials(user.email)
    if AxesProxyHandler.is_allowed(request, credentials):
        return False
    request.axes_locked_out = True  # type: ignore[attr-defined] # axes' middleware looks for it
    request.axes_credentials = credentials  # type: ignore[attr-defined]
    return True


def count_failure(request: HttpRequest, user: User) -> None:
    """Counts a wrong second factor as a wrong password is counted."""
    AxesProxyHandler.user_login_failed(User, get_credentials(user.email), request)


def forget_failures(request: HttpRequest, user: User) -> None:
    """Begins to count anew, after a sign-in that opened no session."""
    AxesProxyHandler.user_logged_in(User, request, user)


def answer(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page, or the API's problem document, that says when to try again."""
    return too_many(request, _seconds_left(request, credentials))


def too_many(request: HttpRequest, seconds: int = 60) -> HttpResponse:
    """429 with `Retry-After`, as a page or as a problem document."""
    response: HttpResponse
    if request.path.startswith("/api/"):
        problem = {
            "type": "about:blank",
            "title": "Too many requests",
            "status": 429,
            "code": "throttled",
            "detail": f"Too many attempts. Try again in {seconds} seconds.",
        }
        response = JsonResponse(problem, status=429, content_type="application/problem+json")
    else:
        again_at = timezone.localtime() + timedelta(seconds=seconds)
        context = {"minutes": ceil(seconds / 60), "again_at": again_at}
        response = render(request, "429.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _seconds_left(request: HttpRequest, credentials: dict[str, Any] | None) -> int:
    newest = (
        AccessAttempt.objects.filter(
            username=name_of(request, credentials),
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
        )
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    until = (newest or timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(1, ceil((until - timezone.now()).total_seconds()))
