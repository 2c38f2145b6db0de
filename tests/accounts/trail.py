"""Steps of the tests of the chain: writing events, sealing them, signing digests."""

import time
from datetime import datetime

from django.db import connection, transaction

from accounts import audit
from accounts.audit import digests, sealing
from accounts.models import Action, AuditDigest, AuditEvent, Seal


def write(count: int, *, each: int = 1) -> None:
    """Records events in transactions of `each`."""
    for start in range(0, count, each):
        with transaction.atomic():
            for number in range(start, min(start + each, count)):
                audit.record(
                    Action.VIEW,
                    object_type="case",
                    object_id=number,
                    detail={"é": [1.5, None, True], "a b": {"c": '"'}},
                )


def seal() -> None:
    """Seals all that is written; transactions of others on the same server may take a moment to end."""
    give_up = time.monotonic() + 60
    while AuditEvent.objects.count() > Seal.objects.filter(source="event").count():
        assert time.monotonic() < give_up, "the sealer does not come to an end"
        sealing.seal_pending()


def digest(now: datetime | None = None) -> AuditDigest:
    made = digests.make_digest(now=now)
    assert made is not None
    return made


def as_superuser(sql: str, values: tuple[object, ...] = ()) -> None:
    """What nobody but a superuser, or the owner of the SQLite file, can do: past the triggers."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(sql, values)
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_no_%'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(sql, values)
        for _, definition in triggers:
            cursor.execute(definition)
