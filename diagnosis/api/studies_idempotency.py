"""Requests with files that may be sent twice and take effect once.

Storing files takes seconds and commits file by file, so no transaction can span it as `accounts.idempotency` does:
the key's row is written first and the answer when it is there. Files are known by their content besides, so what a
request that died had stored already comes out as a duplicate, never twice.
"""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.idempotency import HEADER, MAX_LENGTH
from accounts.models import Action, IdempotencyKey
from accounts.permissions import person

# A request that has not answered by then has died: the server gives each two minutes.
GIVEN_UP = timedelta(minutes=15)


class StillWorking(Conflict):
    """The first request with this key has not been answered yet."""

    code = "still_working"


def once(request: Request, fingerprint: str, work: Callable[[], Response]) -> Response:
    """The answer of `work`, or the one that an earlier request with the same key and content was given.

    Raises:
        StillWorking: an earlier request with the same key is being answered.
        DomainError: the key is too long, or came before with other content.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return work()
    if len(key) > MAX_LENGTH:
        raise DomainError(f"{HEADER}: at most {MAX_LENGTH} characters.", code="idempotency_key_too_long")
    row, is_first = IdempotencyKey.objects.get_or_create(
        user=person(request), key=key, defaults={"request_sha256": fingerprint}
    )
    if not is_first:
        if row.request_sha256 != fingerprint:
            raise DomainError(
                f"This {HEADER} came before with another request. Use a new key for a new request.",
                code="idempotency_key_reused",
            )
        if row.status:
            audit.record(Action.VIEW, object_type="repeated-answer", object_id=row.pk)
            content_type = row.body.get("_content_type")
            body = {name: value for name, value in row.body.items() if name != "_content_type"}
            return Response(
                body, status=row.status, content_type=content_type, headers={"Idempotency-Replayed": "true"}
            )
        _take_over(row)
    try:
        response = work()
    except BaseException:
        row.delete()
        raise
    row.status = response.status_code
    row.body = {**response.data, "_content_type": response.content_type} if response.content_type else response.data
    row.save(update_fields=["status", "body"])
    return response


def _take_over(row: IdempotencyKey) -> None:
    """Goes on for a request that died; raises StillWorking if it may be alive or another goes on already."""
    now = timezone.now()
    died = IdempotencyKey.objects.filter(pk=row.pk, status=0, created_at=row.created_at)
    if now - row.created_at < GIVEN_UP or not died.update(created_at=now):
        raise StillWorking("An earlier request with this key is still being worked on. Ask again in a minute.")
