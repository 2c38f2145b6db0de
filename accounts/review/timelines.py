"""Who saw a patient, and what a person did: days, newest first, each with its people or patients."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from accounts.filters import midnight
from accounts.models import AuditEvent
from accounts.review.words import purpose_words

MOST_EVENTS = 500
MOST_PEOPLE = 200


@dataclass(frozen=True)
class Visitor:
    """One person who had to do with a patient: in which roles, for what, how often, and when first and last."""

    actor: str
    actor_id: str
    roles: tuple[str, ...]
    purposes: tuple[str, ...]
    count: int
    first: datetime
    last: datetime


@dataclass
class Day:
    """One day's events, newest first."""

    day: date
    events: list[AuditEvent] = field(default_factory=list)

    @property
    def people(self) -> list[str]:
        """Who acted on this day, in order of the last thing that each did."""
        return list(dict.fromkeys(event.actor for event in self.events))

    @property
    def patients(self) -> list[str]:
        """Whom it was about."""
        return list(dict.fromkeys(event.patient_pseudonym for event in self.events if event.patient_pseudonym))


def by_day(events: Iterable[AuditEvent]) -> list[Day]:
    """The events, newest first, parted by their UTC day."""
    return [Day(day, list(group)) for day, group in groupby(events, key=lambda event: event.at.date())]


def visitors(rows: QuerySet[AuditEvent]) -> list[Visitor]:
    """Everybody in the rows, the one who came last first."""
    grouped = (
        rows.order_by()
        .values("actor", "actor_id_text", "role", "purpose")
        .annotate(count=Count("id"), first=Min("at"), last=Max("at"))
    )
    people: dict[str, list[Any]] = {}
    for row in grouped:
        people.setdefault(row["actor_id_text"] or row["actor"], []).append(row)
    found = [_visitor(rows) for rows in people.values()]
    return sorted(found, key=lambda visitor: visitor.last, reverse=True)[:MOST_PEOPLE]


def _visitor(rows: list[Any]) -> Visitor:
    newest = max(rows, key=lambda row: row["last"])
    return Visitor(
        actor=newest["actor"],
        actor_id=newest["actor_id_text"],
        roles=tuple(sorted({row["role"] for row in rows if row["role"]})),
        purposes=tuple(sorted({purpose_words(row["purpose"]) for row in rows})),
        count=sum(row["count"] for row in rows),
        first=min(row["first"] for row in rows),
        last=newest["last"],
    )


def on_day(rows: QuerySet[AuditEvent], day: date) -> QuerySet[AuditEvent]:
    """The rows of one UTC day."""
    return rows.filter(at__gte=midnight(day), at__lt=midnight(day) + timedelta(days=1))
