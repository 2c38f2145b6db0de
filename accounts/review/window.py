"""The days that the rules look at, with what was usual before them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import AccessRules, AuditEvent, Institution
from accounts.review.activity import starts

USUAL_DAYS = 28
MOST_EVENTS = 1000
FROM_JOB = "job:"


@dataclass(frozen=True)
class Found:
    """An unusual access, not stored yet."""

    rule: str
    key: str
    summary: str
    events: list[str]
    actor: str = ""
    actor_id: str = ""
    role: str = ""


@dataclass(frozen=True)
class Usual:
    """How many different patients people saw on each day, by person; and which role each had."""

    patients: dict[tuple[date, str], int] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)

    def of_person(self, actor_id: str, before: date) -> float | None:
        """A person's mean over the days on which they saw any; None when they saw none."""
        return self._mean({actor_id}, before)

    def of_role(self, role: str, before: date) -> float | None:
        """The role's mean for one person and day."""
        return self._mean({who for who, has in self.roles.items() if has == role}, before)

    def _mean(self, people: set[str], before: date) -> float | None:
        first = before - timedelta(days=USUAL_DAYS)
        counts = [n for (day, who), n in self.patients.items() if who in people and first <= day < before]
        return sum(counts) / len(counts) if counts else None


@dataclass(frozen=True)
class Day:
    """One day of one institution, as its rules see it."""

    institution: Institution
    rules: AccessRules
    day: date
    usual: Usual

    @property
    def zone(self) -> ZoneInfo:
        """The institution's time zone."""
        return self.rules.zone

    @property
    def begins(self) -> datetime:
        """Its first moment, in UTC."""
        return starts(self.day, self.zone)

    @property
    def ends(self) -> datetime:
        """The next day's first moment, in UTC."""
        return starts(self.day + timedelta(days=1), self.zone)

    @property
    def events(self) -> QuerySet[AuditEvent]:
        """The day's events."""
        return events_of(self.institution).filter(at__gte=self.begins, at__lt=self.ends).order_by()

    @property
    def by_hand(self) -> QuerySet[AuditEvent]:
        """Those that a person caused directly: a job goes on at night for what was asked by day."""
        return self.events.exclude(actor_id_text="").exclude(request_id__startswith=FROM_JOB)


def events_of(institution: Institution) -> QuerySet[AuditEvent]:
    """The institution's events."""
    return AuditEvent.objects.filter(institution_id_text=str(institution.public_id))


def usual_before(institution: Institution, zone: ZoneInfo, first: date, last: date) -> Usual:
    """What rules about the days `first` … `last` compare with, read once."""
    rows = (
        events_of(institution)
        .filter(at__gte=starts(first - timedelta(days=USUAL_DAYS), zone), at__lt=starts(last, zone))
        .exclude(patient_pseudonym="")
        .exclude(actor_id_text="")
        .exclude(request_id__startswith=FROM_JOB)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=zone))
        .values_list("day", "actor_id_text", "role")
        .annotate(n=Count("patient_pseudonym", distinct=True))
    )
    counts: dict[tuple[date, str], int] = defaultdict(int)
    roles: dict[str, str] = {}
    for day, who, role, n in rows:
        counts[day, who] = max(counts[day, who], n)
        roles[who] = role
    return Usual(dict(counts), roles)
