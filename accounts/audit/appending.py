"""The trail's INSERT, written once for all events: every request waits for it, and the ORM's road takes longer than it.

Its statement names nobody to the triggers, for the trail itself leaves no row history.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from django.db import connection, transaction
from django.db.models import Field
from django.db.models.fields import NOT_PROVIDED

from accounts.models import AuditEvent

AT_ONCE = 500  # rows of one statement: SQLite takes 32,766 parameters


def append(events: Sequence[AuditEvent]) -> None:
    """Inserts the events in their order, in the caller's transaction where there is one.

    Raises:
        DatabaseError: they could not be written.
    """
    fields = _fields()
    with transaction.atomic(), connection.cursor() as cursor:
        for first in range(0, len(events), AT_ONCE):
            rows = [_row(event, fields) for event in events[first : first + AT_ONCE]]
            cursor.execute(_statement(len(rows)), list(chain.from_iterable(rows)))


@cache
def _fields() -> tuple["Field[object, object]", ...]:
    """The columns that the site fills; the database fills the others."""
    concrete = AuditEvent._meta.concrete_fields  # noqa: SLF001 Django documents it
    return tuple(field for field in concrete if not field.primary_key and field.db_default is NOT_PROVIDED)


def _row(event: AuditEvent, fields: Sequence["Field[object, object]"]) -> list[Any]:
    return [field.get_db_prep_save(getattr(event, field.attname), connection) for field in fields]


@cache
def _statement(rows: int) -> str:
    quote = connection.ops.quote_name
    fields = _fields()
    columns = ", ".join(quote(str(field.column)) for field in fields)
    places = f"({', '.join(['%s'] * len(fields))})"
    table = quote(AuditEvent._meta.db_table)  # noqa: SLF001 as above
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([places] * rows)}"  # noqa: S608 of the model's own names
