"""How much happens when, by whom: the figures behind the trail's charts, in the institution's time."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import ExtractHour, ExtractIsoWeekDay, TruncDate

from accounts.models import Action, AuditEvent

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(range(24))
SHADES = 5
MOST_PEOPLE = 15
REFUSALS = (Action.DENIED, Action.SIGN_IN_FAILED, Action.SECOND_FACTOR_FAILED)


@dataclass(frozen=True)
class Bar:
    """One row of a bar chart: a label, a number, its share of the longest in per cent, and where its events are."""

    label: str
    count: int
    share: float
    query: str = ""
    link: str = ""


@dataclass(frozen=True)
class Cell:
    """One hour of one weekday: how many events, and which of the shades 0 (none) … 5 (most) it has."""

    count: int
    shade: int


@dataclass(frozen=True)
class Activity:
    """A period's figures."""

    days: list[tuple[date, int, int]]
    heat: list[tuple[str, list[Cell]]]
    actions: list[Bar]
    people: list[Bar]
    total: int
    refused: int
    patients: int


def activity_of(rows: QuerySet[AuditEvent], *, since: date, until: date, zone: ZoneInfo) -> Activity:
    """The figures of the days `since` … `until`, both included."""
    rows = rows.filter(at__gte=starts(since, zone), at__lt=starts(until + timedelta(days=1), zone)).order_by()
    per_day = _counted(rows.annotate(day=TruncDate("at", tzinfo=zone)).values_list("day").annotate(n=Count("id")))
    refusals = rows.filter(action__in=REFUSALS).annotate(day=TruncDate("at", tzinfo=zone))
    refused = _counted(refusals.values_list("day").annotate(n=Count("id")))
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    actions = _counted(rows.values_list("action").annotate(n=Count("id")))
    people = rows.exclude(actor_id_text="").values_list("actor", "actor_id_text").annotate(n=Count("id"))
    return Activity(
        days=[(day, per_day[day], refused[day]) for day in days],
        heat=_heat(rows, zone),
        actions=_bars([(_words(action), count, f"action={action}", "") for action, count in actions.most_common()]),
        people=_bars([(actor, count, "", who) for actor, who, count in people.order_by("-n")[:MOST_PEOPLE]]),
        total=sum(per_day.values()),
        refused=sum(refused.values()),
        patients=rows.exclude(patient_pseudonym="").aggregate(n=Count("patient_pseudonym", distinct=True))["n"],
    )


def starts(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins in this time zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _heat(rows: QuerySet[AuditEvent], zone: ZoneInfo) -> list[tuple[str, list[Cell]]]:
    hours = rows.annotate(weekday=ExtractIsoWeekDay("at", tzinfo=zone), hour=ExtractHour("at", tzinfo=zone))
    counted = {(day, hour): n for day, hour, n in hours.values_list("weekday", "hour").annotate(n=Count("id"))}
    most = max(counted.values(), default=0)
    return [
        (name, [_cell(counted.get((number, hour), 0), most) for hour in HOURS])
        for number, name in enumerate(WEEKDAYS, start=1)
    ]


def _cell(count: int, most: int) -> Cell:
    return Cell(count, 0 if not count else 1 + min(int(SHADES * count / most), SHADES - 1))


def _counted(pairs: "QuerySet[AuditEvent, tuple[object, int]]") -> Counter[object]:
    counter: Counter[object] = Counter()
    for key, count in pairs:
        counter[key] += count
    return counter


def _bars(found: list[tuple[str, int, str, str]]) -> list[Bar]:
    most = max((count for _, count, _, _ in found), default=1)
    return [Bar(label, count, round(100 * count / most, 1), query, link) for label, count, query, link in found]


def _words(action: object) -> str:
    return str(Action(action).label) if action in Action.values else str(action)
