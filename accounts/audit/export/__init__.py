"""The trail as a file: CSV, JSON lines and FHIR, each event by event, so that ten million need no memory.

An export's own event tells how many rows it holds before the first byte leaves. So that this is true, the rows are
fixed first: those with an ID up to the newest, of transactions that have ended.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max, QuerySet

from accounts import audit
from accounts.audit.export.as_csv import csv_lines
from accounts.audit.export.as_fhir import fhir_lines
from accounts.audit.export.as_jsonl import json_lines
from accounts.models import Action, AuditEvent

ROWS_AT_ONCE = 2000


@dataclass(frozen=True)
class Format:
    """How events become a file."""

    label: str
    content_type: str
    ending: str
    lines: Callable[[Iterable[AuditEvent]], Iterator[str]]


FORMATS = {
    "csv": Format("CSV for a spreadsheet", "text/csv; charset=utf-8", "csv", csv_lines),
    "jsonl": Format("JSON, one event a line", "application/x-ndjson", "jsonl", json_lines),
    "fhir": Format("FHIR R4 AuditEvent, one resource a line", "application/fhir+ndjson", "fhir.ndjson", fhir_lines),
}


def export_events(
    rows: QuerySet[AuditEvent], *, file_format: str, filters: dict[str, str]
) -> tuple[int, Iterator[str]]:
    """How many events the file holds, and its lines; the export is recorded before this returns.

    Raises:
        KeyError: there is no such format.
        AuditUnavailable: nothing may be exported.
    """
    chosen = FORMATS[file_format]
    fixed = _fixed(rows)
    count = fixed.count()
    audit.record(
        Action.EXPORT,
        object_type="audit-trail",
        object_id=file_format,
        purpose="audit",
        detail={"events": count, "filters": filters},
    )
    return count, chosen.lines(_in_pieces(fixed))


def _fixed(rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """The rows that are there now, whatever is appended or committed from now on."""
    newest = AuditEvent.objects.aggregate(newest=Max("id"))["newest"] or 0
    return rows.filter(id__lte=newest).exclude(transaction_id__in=_under_way()).order_by()


def _under_way() -> list[int]:
    """Transactions that have begun and not ended: their rows have IDs already and would come in between."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        # Our own is none of them: what it wrote, it sees.
        cursor.execute(
            "SELECT xid::text::bigint FROM pg_snapshot_xip(pg_current_snapshot()) AS xid "
            "WHERE xid IS DISTINCT FROM pg_current_xact_id_if_assigned()"
        )
        return [int(xid) for (xid,) in cursor.fetchall()]


def _in_pieces(rows: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """The rows, oldest first, a few thousand at a time: no cursor stays open while somebody's network is slow."""
    last = 0
    while piece := list(rows.filter(id__gt=last).order_by("id")[:ROWS_AT_ONCE]):
        yield from piece
        last = piece[-1].pk
