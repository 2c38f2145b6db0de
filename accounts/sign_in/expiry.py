"""Sessions end after a while without an act of their person, and after a working day whatever is done (ACC-10).

Time is the server's and stands in the session's row, which is written once a minute at most: a session may end up to
that much early, never late.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.models import SignedInSession
from accounts.sign_in import sessions
from accounts.sign_in.client_address import client_address

Handler = Callable[[HttpRequest], HttpResponse]
Reason = Literal["idle", "absolute", "ended"]

POLL_HEADER = "X-Lobule-Poll"
# What a browser fetches of itself to draw a page that somebody, or a poll, has asked for.
DRAWN = frozenset({"image", "style", "script", "font", "audio", "video", "track", "manifest"})
# The query parameter with which the sign-in page learns why the person is there.
WHY = "over"


@dataclass(frozen=True)
class TimeLeft:
    """How long a session still lasts, and which of its two limits ends it."""

    seconds: int
    limit: Literal["idle", "absolute"]


def time_left(session: SignedInSession, *, now: datetime | None = None) -> TimeLeft:
    """Whole seconds until the session ends by itself; 0 when it is over."""
    now = now or timezone.now()
    idle = session.last_active_at + timedelta(seconds=settings.SESSION_IDLE_SECONDS) - now
    absolute = session.signed_in_at + timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS) - now
    limit: Literal["idle", "absolute"] = "absolute" if absolute < idle else "idle"
    return TimeLeft(max(0, int(min(idle, absolute).total_seconds())), limit)


def extend(session: SignedInSession, *, ip: str | None = None, session_key: str | None = None) -> bool:
    """Notes that the person is there; false when the session was ended meanwhile."""
    session.last_active_at = timezone.now()
    session.ip = ip or session.ip
    session.session_key = session_key or session.session_key
    return bool(
        SignedInSession.objects.filter(pk=session.pk).update(
            last_active_at=session.last_active_at, ip=session.ip, session_key=session.session_key
        )
    )


def is_an_act(request: HttpRequest) -> bool:
    """Whether a person did this, not the page by itself. Whoever forges these headers shortens their own session."""
    return POLL_HEADER not in request.headers and request.headers.get("Sec-Fetch-Dest") not in DRAWN


class SessionExpiryMiddleware:
    """Lets only sessions through whose row is there and whose time is not over."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        session = sessions.find(request)
        reason = _over(session) or (_noted(request, session) if session else None)
        if reason is None:
            request.signed_in_session = session  # type: ignore[attr-defined] # `sessions.current` gives it back
            return self.get_response(request)
        return self._signed_out(request, session, reason)

    def _signed_out(self, request: HttpRequest, session: SignedInSession | None, reason: Reason) -> HttpResponse:
        """The request goes on as nobody's: what is open to everybody answers, the rest is refused with the reason."""
        if session is not None:
            sessions.end([session], reason=reason)
        request.session.flush()
        request.user = AnonymousUser()
        request.session_over = reason  # type: ignore[attr-defined] # for the API's problem document
        current = audit.current()
        with audit.acting(audit.context_for(None, ip=current.ip, request_id=current.request_id)):
            response = self.get_response(request)
        if not _asks_to_sign_in(response) or request.path == reverse("account_logout"):
            return response
        return refusal(request, reason)


def refusal(request: HttpRequest, reason: Reason) -> HttpResponse:
    """Sends a page's reader to sign in and come back; tells a script the same with 401."""
    where = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': _page(request), WHY: reason})}"
    if _is_navigation(request):
        return HttpResponseRedirect(where)
    body = {
        "type": "about:blank",
        "title": "Sign in first",
        "status": 401,
        "code": "session_over",
        "detail": "You are signed out. Sign in again.",
    }
    return JsonResponse(body, status=401, content_type="application/problem+json", headers={"HX-Redirect": where})


def _over(session: SignedInSession | None) -> Reason | None:
    if session is None:
        return "ended"
    left = time_left(session)
    return None if left.seconds else left.limit


def _noted(request: HttpRequest, session: SignedInSession) -> Reason | None:
    """Writes down that the person is there, unless that was done a moment ago."""
    precision = timedelta(seconds=min(60, settings.SESSION_IDLE_SECONDS // 15))
    if not is_an_act(request) or timezone.now() - session.last_active_at < precision:
        return None
    key = request.session.session_key
    is_there = extend(session, ip=client_address(request), session_key=key)
    return None if is_there else "ended"


def _asks_to_sign_in(response: HttpResponse) -> bool:
    location = response.headers.get("Location", "")
    return response.status_code == 302 and urlsplit(location).path == resolve_url(settings.LOGIN_URL)


def _is_navigation(request: HttpRequest) -> bool:
    if request.headers.get("HX-Request") == "true" or POLL_HEADER in request.headers:
        return False
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def _page(request: HttpRequest) -> str:
    """The page to come back to: never the address of a form, which cannot be opened, or of a piece of a page."""
    if _is_navigation(request) and request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    if came_from.netloc != request.get_host():
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return came_from._replace(scheme="", netloc="", fragment="").geturl()
