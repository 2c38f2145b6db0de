"""Requests that may be sent twice and take effect once.

A client that lost the answer repeats its request with the same `Idempotency-Key` and gets the first answer again.
The same key with another body is refused: it is a mistake that would otherwise lose the second body silently.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.http.request import RawPostDataException
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, IdempotencyKey
from accounts.permissions import person

HEADER = "Idempotency-Key"
MAX_LENGTH = 100

ViewMethod = Callable[..., Response]


def idempotent(method: ViewMethod) -> ViewMethod:
    """For a DRF view's method: answers a repeated request as it was answered first.

    Raises:
        DomainError: the key is too long, or came before with another body.
    """

    @wraps(method)
    def guarded(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if not key:
            return method(view, request, *args, **kwargs)
        if len(key) > MAX_LENGTH:
            raise DomainError(f"{HEADER}: at most {MAX_LENGTH} characters.", code="idempotency_key_too_long")
        sha256 = _fingerprint(request)
        # The row is made first: a parallel twin waits at the unique key until this transaction ends.
        with transaction.atomic():
            row, is_first = IdempotencyKey.objects.get_or_create(
                user=person(request), key=key, defaults={"request_sha256": sha256}
            )
            if not is_first:
                return _again(row, sha256)
            response = method(view, request, *args, **kwargs)
            row.status, row.body = response.status_code, response.data
            row.save(update_fields=["status", "body"])
        return response

    return guarded


def _again(row: IdempotencyKey, sha256: str) -> Response:
    if row.request_sha256 != sha256:
        raise DomainError(
            f"This {HEADER} came before with another request. Use a new key for a new request.",
            code="idempotency_key_reused",
        )
    audit.record(Action.VIEW, object_type="repeated-answer", object_id=row.pk)
    return Response(row.body, status=row.status, headers={"Idempotency-Replayed": "true"})


def _fingerprint(request: Request) -> str:
    raw = request._request  # noqa: SLF001 DRF offers no other way to the body as it was sent
    content_type, _, parameters = raw.headers.get("Content-Type", "").partition(";")
    try:
        body = raw.body
    except RawPostDataException:
        # A browser's session: the check of its CSRF token has parsed the form already.
        body = _parsed(raw)
    else:
        # A boundary is made anew for each sending, so it cannot be part of what makes two requests the same.
        if "boundary=" in parameters:
            body = body.replace(parameters.partition("boundary=")[2].strip('" ').encode(), b"")
    return hashlib.sha256(b"\0".join([raw.path.encode(), content_type.encode(), body])).hexdigest()


def _parsed(raw: HttpRequest) -> bytes:
    """The form's fields and files, by name; the token that guards it is no part of what was asked."""
    fields = sorted((name, values) for name, values in raw.POST.lists() if name != "csrfmiddlewaretoken")
    parts = [repr(fields)]
    for name, files in sorted(raw.FILES.lists()):
        for file in files:
            parts.append(repr((name, file.name, hashlib.file_digest(file, "sha256").hexdigest())))
            file.seek(0)
    return "\0".join(parts).encode()
