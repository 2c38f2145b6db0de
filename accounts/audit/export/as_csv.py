"""Events as CSV that a spreadsheet opens as text, never as formulas, and that no value can break a row of."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from accounts.audit.cleaning import clean
from accounts.models import AuditEvent

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}")
COLUMNS = (
    "event",
    "at_utc",
    "actor",
    "actor_id",
    "role",
    "institution",
    "institution_id",
    "action",
    "outcome",
    "object_type",
    "object_id",
    "patient_pseudonym",
    "purpose",
    "ip",
    "request_id",
    "detail",
)
BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8


def csv_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    """The header, then a line for each event."""
    yield BYTE_ORDER_MARK + _line(COLUMNS)
    for event in events:
        yield _line(values(event))


def values(event: AuditEvent) -> Iterator[str]:
    """The event's cells, in the order of `COLUMNS`."""
    cells = (
        event.public_id,
        event.at.isoformat(),
        event.actor,
        event.actor_id_text,
        event.role,
        event.institution,
        event.institution_id_text,
        event.action,
        event.outcome,
        event.object_type,
        event.object_id_text,
        event.patient_pseudonym,
        event.purpose,
        event.ip or "",
        event.request_id,
        json.dumps(event.detail, sort_keys=True) if event.detail else "",
    )
    return (inert(str(cell)) for cell in cells)


def inert(text: str) -> str:
    """The text in one line, with an apostrophe before it where a spreadsheet would take it for a formula."""
    marked = f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
    return clean(marked)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(list(cells))
    return out.getvalue()
