"""Nobody who is signed in goes further without a second factor (ACC-4).

However the session began - by the form, single sign-on, Django's admin, the API - this stands before every view. API
tokens are made only by those who have shown a second factor.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from accounts.sign_in import second_factor

ALWAYS_OPEN = frozenset({"account_logout", "health-live", "health-ready", "session-left", "session-extend"})
TO_SHOW_ONE = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})
TO_SET_ONE_UP = frozenset({"mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate"})


class SecondFactorMiddleware:
    """Sends whoever has not shown a second factor to where they can show one or, having none, set one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Nothing where the view may answer, otherwise a redirect, or 403 for the API."""
        user = request.user
        name = request.resolver_match.view_name if request.resolver_match else ""
        if not isinstance(user, User) or name in ALWAYS_OPEN or second_factor.is_verified(request):
            return None
        if not second_factor.is_needed(user):
            return None
        request.owes_second_factor = True  # type: ignore[attr-defined] # the header then offers no way on
        has_factor = second_factor.has_factor(user)
        if name in (TO_SHOW_ONE if has_factor else TO_SET_ONE_UP):
            return None
        if request.path.startswith("/api/"):
            return _problem(has_factor)
        if not has_factor:
            return HttpResponseRedirect(reverse("mfa_index"))
        page = get_adapter(request).get_reauthentication_methods(user)[0]["url"]
        query = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()} if request.method == "GET" else {})
        return HttpResponseRedirect(f"{page}?{query}")


def _problem(has_factor: bool) -> HttpResponse:
    what = "Show your second factor first" if has_factor else "Set up a second factor first"
    body = {
        "type": "about:blank",
        "title": "Not allowed",
        "status": 403,
        "code": "second_factor_required" if has_factor else "second_factor_missing",
        "detail": f"{what}, at {reverse('mfa_index')}.",
    }
    return JsonResponse(body, status=403, content_type="application/problem+json")
