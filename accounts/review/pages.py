"""One page of a trail of millions: found by its last row, not by counting all rows before it."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from accounts.models import AuditEvent

EVENTS_PER_PAGE = 50
COUNTED_EXACTLY = 10_000


@dataclass(frozen=True)
class EventPage:
    """Events, newest first; `newer` and `older` name the rows where the neighbouring pages begin, if any."""

    events: list[AuditEvent]
    newer: str = ""
    older: str = ""


@dataclass(frozen=True)
class HowMany:
    """A count, or the planner's estimate where counting would take long."""

    number: int
    is_exact: bool


def event_page(
    rows: QuerySet[AuditEvent], *, before: str = "", after: str = "", size: int = EVENTS_PER_PAGE
) -> EventPage:
    """The page before or after a row, or the newest; a name that is none counts as none."""
    if after and (where := _beyond(after, "gt")) is not None:
        found = _in_full(rows.filter(where).order_by("at", "id")[: size + 1])[::-1]
        events = found[-size:]
        return EventPage(events, newer=_name(events[0]) if len(found) > size else "", older=_name_of_last(events))
    where = _beyond(before, "lt") if before else None
    found = _in_full((rows.filter(where) if where is not None else rows).order_by("-at", "-id")[: size + 1])
    events = found[:size]
    newer = _name(events[0]) if events and where is not None else ""
    return EventPage(events, newer=newer, older=_name(events[-1]) if len(found) > size else "")


def how_many(rows: QuerySet[AuditEvent]) -> HowMany:
    """Counts up to ten thousand; beyond that PostgreSQL's planner says about how many there are."""
    counted = rows.order_by()[: COUNTED_EXACTLY + 1].count()
    if counted <= COUNTED_EXACTLY:
        return HowMany(counted, is_exact=True)
    if connection.vendor != "postgresql":
        return HowMany(COUNTED_EXACTLY, is_exact=False)
    plan = json.loads(rows.order_by().explain(format="json"))
    if isinstance(plan, str):  # Django quotes the JSON that it was given as text once more
        plan = json.loads(plan)
    return HowMany(max(int(plan[0]["Plan"]["Plan Rows"]), COUNTED_EXACTLY), is_exact=False)


def _in_full(rows: QuerySet[AuditEvent]) -> list[AuditEvent]:
    """The rows in their order. An index alone says which they are; to sort them all, all would have to be read."""
    keys = list(rows.values_list("pk", flat=True))
    events = AuditEvent.objects.in_bulk(keys)
    return [events[key] for key in keys]


def _name(event: AuditEvent) -> str:
    return f"{event.at.isoformat()}~{event.pk}"


def _name_of_last(events: list[AuditEvent]) -> str:
    return _name(events[-1]) if events else ""


def _beyond(name: str, direction: str) -> Q | None:
    """Rows later (gt) or earlier (lt) than the named one; the first comparison lets the index begin at the place."""
    moment, _, number = name.partition("~")
    try:
        at, pk = datetime.fromisoformat(moment), int(number)
    except ValueError:
        return None
    if at.tzinfo is None or pk.bit_length() > 62:
        return None
    return Q(**{f"at__{direction}e": at}) & (Q(**{f"at__{direction}": at}) | Q(**{f"id__{direction}": pk}))
