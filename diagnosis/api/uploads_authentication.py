"""Who sends a file: as everywhere in the API, but the body is left alone while that is found out."""

from django.http import HttpRequest, HttpResponse
from drf_spectacular.authentication import SessionScheme
from rest_framework import exceptions
from rest_framework.authentication import CSRFCheck, SessionAuthentication
from rest_framework.request import Request

from accounts.sign_in.tokens import TokenAuthentication


class BrowserAuthentication(SessionAuthentication):
    """A browser's session, its CSRF token in the header or in a form.

    DRF's own check looks for the token in the parsed body first, and so parses, or refuses, a body that is a file.
    """

    def enforce_csrf(self, request: Request) -> None:
        """Raises PermissionDenied unless the token is right."""
        raw = request._request  # noqa: SLF001 Django's request parses forms alone
        check = CSRFCheck(_unused)
        check.process_request(raw)
        reason = check.process_view(raw, _unused, (), {})
        if reason:
            raise exceptions.PermissionDenied(f"CSRF Failed: {reason}")


AUTHENTICATION = (TokenAuthentication, BrowserAuthentication)


def _unused(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError  # a middleware needs something to call; the check never does


class BrowserScheme(SessionScheme):
    """How the API's schema describes it: as any session."""

    target_class = BrowserAuthentication  # type: ignore[assignment]  # a class or its dotted name
    name = "cookieAuthForFiles"
