"""Errors as `application/problem+json` (RFC 9457), with the path of each field at fault."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from accounts.errors import DomainError

CONTENT_TYPE = "application/problem+json"


def problem_json_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: any refusal becomes a problem document; anything unforeseen stays a 500."""
    if isinstance(error, DomainError):
        return problem(error.status, code=error.code, detail=str(error), problems=error.problems)
    response = exception_handler(error, context)
    if response is None:
        return None
    converted = _as_api_exception(error)
    if isinstance(converted, exceptions.ValidationError):
        problems = list(_field_problems(converted.get_full_details()))
        answer = problem(
            response.status_code,
            code="invalid",
            detail="The request has fields that cannot be accepted.",
            problems=problems,
        )
    elif isinstance(converted, exceptions.NotAuthenticated) and _session_is_over(context):
        answer = problem(response.status_code, code="session_over", detail="Your session is over. Sign in again.")
    else:
        answer = problem(response.status_code, code=str(converted.get_codes()), detail=str(converted.detail))
    for header in ("WWW-Authenticate", "Retry-After"):
        if header in response:
            answer[header] = response[header]
    return answer


def _session_is_over(context: dict[str, Any]) -> bool:
    """Whether this was a browser's request whose session has just been found to be over."""
    return hasattr(context.get("request"), "session_over")


def problem(status_code: int, *, code: str, detail: str, problems: list[dict[str, Any]] | None = None) -> Response:
    """A problem document. `code` is stable, `detail` is for people, `problems` says where each fault lies."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status_code, "Error"),
        "status": status_code,
        "code": code,
        "detail": detail,
    }
    if problems:
        body["problems"] = problems
    headers = {"Retry-After": "60"} if status_code == status.HTTP_503_SERVICE_UNAVAILABLE else None
    return Response(body, status=status_code, content_type=CONTENT_TYPE, headers=headers)


_TITLES = {
    status.HTTP_400_BAD_REQUEST: "Bad request",
    status.HTTP_401_UNAUTHORIZED: "Sign in first",
    status.HTTP_403_FORBIDDEN: "Not allowed",
    status.HTTP_404_NOT_FOUND: "Not found",
    status.HTTP_409_CONFLICT: "Conflict",
    status.HTTP_413_REQUEST_ENTITY_TOO_LARGE: "Too large",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "Unsupported media type",
    status.HTTP_422_UNPROCESSABLE_ENTITY: "Cannot be processed",
    status.HTTP_429_TOO_MANY_REQUESTS: "Too many requests",
    status.HTTP_500_INTERNAL_SERVER_ERROR: "Something went wrong",
    status.HTTP_503_SERVICE_UNAVAILABLE: "Unavailable",
}


def _as_api_exception(error: Exception) -> exceptions.APIException:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    assert isinstance(error, exceptions.APIException)
    return error


def _field_problems(details: Any, path: str = "") -> Iterator[dict[str, Any]]:
    """Flattens DRF's nested errors into rows; a `field` reads like `[1].measurements.area_worst`."""
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"field": path, "code": str(details["code"]), "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            # The faults of a list's items stand under their indices.
            step = f"[{name}]" if isinstance(name, int) else f".{name}" if path else str(name)
            yield from _field_problems(inner, path + step)
    else:
        for inner in details:
            yield from _field_problems(inner, path)
