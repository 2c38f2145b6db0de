"""The rules by which an access is unusual. Each looks at one day and yields what it found.

Summaries are kept and e-mailed about, so they hold numbers and never a patient's name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta

from django.db.models import Count

from accounts.models import Action, AuditAlert, AuditEvent, EmergencyAccess, Rule, User
from accounts.review import patients
from accounts.review.activity import REFUSALS
from accounts.review.window import MOST_EVENTS, Day, Found, events_of

EXPORTS = (Action.EXPORT, Action.DOWNLOAD)
COUNTED = ("cases", "files", "answers", "events", "rows", "samples", "images")
SATURDAY = 5


def find(day: Day) -> Iterator[Found]:
    """Everything unusual on this day."""
    for rule in RULES:
        yield from rule(day)


def emergency(day: Day) -> Iterator[Found]:
    """Each emergency access, with what was done under it."""
    accesses = EmergencyAccess.objects.filter(
        institution=day.institution, started_at__gte=day.begins, started_at__lt=day.ends
    ).select_related("user")
    for access in accesses:
        done = day.events.filter(actor_id_text=str(access.user.public_id), purpose="emergency")
        ids = _ids(done.order_by("id"))
        yield Found(
            rule=Rule.EMERGENCY,
            key=str(access.public_id),
            actor=access.user.email,
            actor_id=str(access.user.public_id),
            role=access.user.role,
            summary=f"Opened a restricted record in an emergency ({access.get_reason_display()}); {_events(len(ids))}.",
            events=ids,
        )


def own_name(day: Day) -> Iterator[Found]:
    """Patients who have the name of a member of staff: their own record, or a colleague's."""
    seen = day.by_hand.exclude(patient_pseudonym="")
    pseudonyms = list(seen.values_list("patient_pseudonym", flat=True).distinct())
    people = User.objects.filter(institution=day.institution)
    names = {str(public_id): name for public_id, name in people.values_list("public_id", "full_name")}
    named = patients.named_like(day.institution, pseudonyms, names)
    if not named:
        return
    for events in _by_actor(seen.filter(patient_pseudonym__in=named)):
        who = events[0].actor_id_text
        own = any(who in named[event.patient_pseudonym] for event in events)
        whose = "their own name" if own else "a colleague’s name"
        yield _found(Rule.OWN_NAME, events, f"Opened the record of a patient with {whose}; {_events(len(events))}.")


def many_patients(day: Day) -> Iterator[Found]:
    """More different patients than is usual for the person and for the role."""
    seen = day.by_hand.exclude(patient_pseudonym="")
    counts = seen.values_list("actor_id_text", "role").annotate(n=Count("patient_pseudonym", distinct=True))
    for who, role, count in counts.filter(n__gte=day.rules.patients_at_least):
        own, usual = day.usual.of_person(who, day.day), day.usual.of_role(role, day.day)
        if count <= day.rules.patients_factor * max(own or 0, usual or 0):
            continue
        compared = f"usually {own:.0f} a day" if own is not None else "no earlier days to compare with"
        role_compared = f", {usual:.0f} for the role" if usual is not None else ""
        yield _found(
            Rule.MANY_PATIENTS,
            list(seen.filter(actor_id_text=who).order_by("id")[:MOST_EVENTS]),
            f"{count:,} different patients; {compared}{role_compared}.",
        )


def mass_export(day: Day) -> Iterator[Found]:
    """Much that left the site in a day."""
    for events in _by_actor(day.by_hand.filter(action__in=EXPORTS)):
        count = sum(_exported(event) for event in events)
        if count >= day.rules.exports_at_least:
            times = f"{len(events):,} export{'' if len(events) == 1 else 's'}"
            yield _found(Rule.MASS_EXPORT, events, f"{count:,} cases, files or events in {times}.")


def after_hours(day: Day) -> Iterator[Found]:
    """Patients' data, or exports, outside the working hours."""
    rows = day.by_hand.exclude(patient_pseudonym="") | day.by_hand.filter(action__in=EXPORTS)
    whole_day = day.day.weekday() >= SATURDAY and not day.rules.weekend_is_work
    if not whole_day:
        rows = rows.exclude(at__gte=_moment(day, day.rules.starts_at), at__lt=_moment(day, day.rules.ends_at))
    for events in _by_actor(rows):
        first, last = (event.at.astimezone(day.zone) for event in (events[0], events[-1]))
        when = f"{first:%H:%M}" if len(events) == 1 else f"{first:%H:%M} to {last:%H:%M}"
        kind = "on a day off" if whole_day else "outside working hours"
        yield _found(Rule.AFTER_HOURS, events, f"{_events(len(events)).capitalize()} {kind}, {when} ({day.zone.key}).")


def denials(day: Day) -> Iterator[Found]:
    """Somebody who tries doors."""
    for events in _by_actor(day.events.exclude(actor_id_text="").filter(action__in=REFUSALS)):
        if len(events) >= day.rules.denials_at_least:
            routes = {event.object_id_text for event in events if event.action == Action.DENIED}
            pages = f", {len(routes):,} different pages" if len(routes) > 1 else ""
            yield _found(Rule.DENIALS, events, f"Refused {len(events):,} times{pages}.")


def new_address(day: Day) -> Iterator[Found]:
    """A sign-in from where this person has not signed in for long, unless it is their first of all."""
    signed_in = day.events.filter(action=Action.SIGN_IN, ip__isnull=False).exclude(actor_id_text="")
    earlier = events_of(day.institution).filter(
        action=Action.SIGN_IN, at__gte=day.begins - timedelta(days=day.rules.address_days), at__lt=day.begins
    )
    for events in _by_actor(signed_in):
        known = set(earlier.filter(actor_id_text=events[0].actor_id_text).values_list("ip", flat=True))
        fresh = [event for event in events if event.ip not in known]
        if known and fresh:
            addresses = ", ".join(sorted({str(event.ip) for event in fresh})[:5])
            yield _found(Rule.NEW_ADDRESS, fresh, f"Signed in from {addresses}, never before in {_days(day)}.")


def audit_alerts(day: Day) -> Iterator[Found]:
    """What the trail itself reports about its seals."""
    alerts = AuditAlert.objects.filter(
        institution_id_text__in=["", str(day.institution.public_id)], raised_at__gte=day.begins, raised_at__lt=day.ends
    )
    for alert in alerts.order_by("id"):
        yield Found(rule=Rule.AUDIT_ALERT, key=f"alert-{alert.pk}", summary=f"{alert.get_kind_display()}.", events=[])


RULES: tuple[Callable[[Day], Iterator[Found]], ...] = (
    emergency,
    own_name,
    many_patients,
    mass_export,
    after_hours,
    denials,
    new_address,
    audit_alerts,
)


def _by_actor(rows: Iterable[AuditEvent]) -> Iterator[list[AuditEvent]]:
    by_actor: dict[str, list[AuditEvent]] = defaultdict(list)
    for event in sorted(rows, key=lambda event: (event.at, event.pk)):
        by_actor[event.actor_id_text].append(event)
    return iter(by_actor.values())


def _found(rule: Rule, events: list[AuditEvent], summary: str) -> Found:
    last = events[-1]
    return Found(
        rule=rule,
        key=last.actor_id_text,
        actor=last.actor,
        actor_id=last.actor_id_text,
        role=last.role,
        summary=summary,
        events=[str(event.public_id) for event in events[:MOST_EVENTS]],
    )


def _ids(rows: Iterable[AuditEvent]) -> list[str]:
    return [str(event.public_id) for event in rows][:MOST_EVENTS]


def _exported(event: AuditEvent) -> int:
    counts = [event.detail.get(name) for name in COUNTED]
    return max((count for count in counts if type(count) is int), default=1)


def _moment(day: Day, clock: time) -> datetime:
    return datetime.combine(day.day, clock, tzinfo=day.zone)


def _events(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"


def _days(day: Day) -> str:
    return f"{day.rules.address_days:,} days"
