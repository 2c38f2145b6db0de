"""Errors that no view handled: a page for people, a problem document for programs, nothing about the inside."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from webapp.api.problems import CONTENT_TYPE, problem

API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _for_programs(request, 400, "bad_request", "The request cannot be understood.") or defaults.bad_request(
        request, exception
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _for_programs(request, 403, "permission_denied", "You may not do this.") or defaults.permission_denied(
        request, exception
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _for_programs(request, 404, "not_found", "There is nothing at this address.") or defaults.page_not_found(
        request, exception
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    detail = "Something went wrong in Lobule. It has been logged; check whether your last step is there."
    return _for_programs(request, 500, "server_error", detail) or defaults.server_error(request)


def _for_programs(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse | None:
    if not request.path.startswith(API):
        return None
    body: Any = problem(status, code=code, detail=detail).data
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
