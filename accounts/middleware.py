"""What surrounds every request: who acts, and what may be kept by a browser."""

import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import audit
from accounts.audit.refusals import record_refusal
from accounts.errors import AuditUnavailable, DomainError

Handler = Callable[[HttpRequest], HttpResponse]


class AuditContextMiddleware:
    """Names the request, and the person who makes it, to the audit trail; shows refusals as pages."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        with audit.serving(request, request_id), audit.noting_denials() as noted:
            response = self.get_response(request)
            try:
                record_refusal(request, response, noted)
            except AuditUnavailable as error:
                response = _refusal(request, error)
        response["X-Request-ID"] = request_id
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A service's refusal that no view handled becomes a page with its own status."""
        return _refusal(request, exception) if isinstance(exception, DomainError) else None


def _refusal(request: HttpRequest, error: DomainError) -> HttpResponse:
    template = "503.html" if error.status == 503 else "refused.html"
    response = render(request, template, {"message": str(error)}, status=error.status)
    if error.status == 503:
        response["Retry-After"] = "60"
    return response


class NoStoreMiddleware:
    """Pages may hold patients' data: no browser or proxy keeps them. Static files are served before this."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(f"/{settings.STATIC_URL.lstrip('/')}"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
