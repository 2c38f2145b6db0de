"""Finding what was unusual, and keeping it: again and again, with the same result."""

from collections.abc import Iterator
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, F, Min
from django.utils import timezone

from accounts.models import AccessRules, DailyReview, Institution, UnusualAccess
from accounts.review.rules import find
from accounts.review.window import Day, Found, events_of, usual_before

LONGEST_GAP = timedelta(days=60)
SUMMARY_LENGTH = 300


def rules_of(institution: Institution) -> AccessRules:
    """The institution's rules, or those that hold until it sets its own."""
    return AccessRules.objects.filter(institution=institution).first() or AccessRules(institution=institution)


def review_all() -> int:
    """Looks at every institution's days that are not settled; how many findings are new."""
    return sum(review_institution(institution) for institution in Institution.objects.order_by("pk"))


def review_institution(institution: Institution, *, since: date | None = None) -> int:
    """Looks at the days from `since` to today, or from the last day that was looked at after it ended.

    A finding once made stays, even when the rules change; one that nobody has judged follows the day's events. Signed
    days are left alone.

    Returns:
        How many findings are new.
    """
    rules = rules_of(institution)
    first = since or _first_open_day(institution, rules)
    if first is None:
        return 0
    today = timezone.localdate(timezone=rules.zone)
    return sum(_review(day) for day in days(institution, rules, first, today))


def preview(institution: Institution, rules: AccessRules, *, length: int) -> list[tuple[date, Found]]:
    """What these rules, stored or not, would find in the last `length` days; nothing is kept."""
    today = timezone.localdate(timezone=rules.zone)
    first = today - timedelta(days=length - 1)
    return [(day.day, found) for day in days(institution, rules, first, today) for found in find(day)]


def days(institution: Institution, rules: AccessRules, first: date, last: date) -> Iterator[Day]:
    """The days on which something happened, oldest first."""
    usual = usual_before(institution, rules.zone, first, last)
    for number in range((last - first).days + 1):
        day = Day(institution, rules, first + timedelta(days=number), usual)
        if day.events.exists():
            yield day


@transaction.atomic
def _review(day: Day) -> int:
    counts = day.events.aggregate(
        event_count=Count("id"),
        person_count=Count("actor_id_text", distinct=True),
        patients=Count("patient_pseudonym", distinct=True),
    )
    nobody = day.events.filter(patient_pseudonym="").exists()
    review, _ = DailyReview.objects.select_for_update().get_or_create(
        institution=day.institution, day=day.day, defaults={"ends_at": day.ends}
    )
    if review.signed_at is not None:
        return 0
    review.event_count, review.person_count = counts["event_count"], counts["person_count"]
    review.patient_count = counts["patients"] - nobody
    review.ends_at = day.ends
    review.save()
    return sum(_keep(day, found) for found in find(day))


def _keep(day: Day, found: Found) -> bool:
    values = {
        "actor": found.actor,
        "actor_id_text": found.actor_id,
        "role": found.role,
        "summary": found.summary[:SUMMARY_LENGTH],
        "events": found.events,
    }
    names = {"institution": day.institution, "day": day.day, "rule": str(found.rule), "key": found.key[:64]}
    stored, is_new = UnusualAccess.objects.get_or_create(**names, defaults=values)
    if not is_new and not stored.verdict:
        UnusualAccess.objects.filter(pk=stored.pk, verdict="").update(**values)
    return is_new


def _first_open_day(institution: Institution, rules: AccessRules) -> date | None:
    """The earliest day that was not looked at since it ended; never further back than two months."""
    today = timezone.localdate(timezone=rules.zone)
    reviewed = DailyReview.objects.filter(institution=institution)
    settled = reviewed.filter(computed_at__gte=F("ends_at")).order_by("-day").first()
    if settled is not None:
        return max(settled.day, today - LONGEST_GAP)
    earliest = events_of(institution).aggregate(at=Min("at"))["at"]
    return max(earliest.astimezone(rules.zone).date(), today - LONGEST_GAP) if earliest else None
