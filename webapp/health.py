"""Health: `live` says the process answers, `ready` that it can do its work."""

from collections.abc import Callable
from uuid import uuid4

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

from jobs.health import queue_is_progressing


def live(request: HttpRequest) -> JsonResponse:
    """Answers as long as the process does."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, cache, storage and queue all do their work, otherwise 503 with what does not."""
    checks = {name: _outcome(check) for name, check in CHECKS.items()}
    healthy = all(outcome == "ok" for outcome in checks.values())
    return JsonResponse({"status": "ok" if healthy else "failing", "checks": checks}, status=200 if healthy else 503)


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # whatever a dependency raises is its ill health
        return f"failing: {type(error).__name__}"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _cache() -> str:
    token = uuid4().hex
    cache.set("health", token, timeout=30)
    return "ok" if cache.get("health") is not None else "failing: wrote and could not read"


def _storage() -> str:
    phi = storages["phi"]
    name = phi.save(f"health/{uuid4()}", ContentFile(b"ok"))
    phi.delete(name)
    return "ok"


def _queue() -> str:
    try:
        progressing, detail = queue_is_progressing()
    except DatabaseError:
        return "failing: the job table cannot be read"
    return "ok" if progressing else f"failing: {detail}"


CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "cache": _cache,
    "storage": _storage,
    "queue": _queue,
}
