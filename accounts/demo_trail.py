"""A month of events for the demo's auditor to look at. Each says in its detail that it was made up.

They are written when the demo is first set up, with the times at which they would have happened, so they tell nothing
of anybody; what people do in the demo from then on is recorded as everywhere.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.demo import NORTHGATE
from accounts.models import AccessRules, Action, AuditEvent, Institution, Outcome, User
from accounts.review.findings import review_institution

REQUEST = "demo"
MADE_UP = {"made_up": "for the demonstration"}
DAYS, SEED = 28, 11
SATURDAY = 5
HOME, ELSEWHERE = "192.0.2.10", "203.0.113.77"
# What a clinician does in a row about one patient.
READING = ((Action.VIEW, "study"), (Action.VIEW, "image"), (Action.VIEW, "image"), (Action.ANNOTATE, "annotation"))


@transaction.atomic
def make_up_a_month() -> None:
    """Writes the events once, and has them reviewed."""
    if AuditEvent.objects.filter(request_id=REQUEST).exists():
        return
    institution = Institution.objects.get(name=NORTHGATE)
    people = {user.email.split("@")[0]: user for user in User.objects.filter(institution=institution)}
    today = timezone.now().date()
    rng = random.Random(SEED)  # noqa: S311 nothing is protected by it
    patients = [str(UUID(int=rng.getrandbits(128), version=4)) for _ in range(60)]
    events = [
        event
        for back in range(DAYS, 0, -1)
        for event in _day(rng, today - timedelta(days=back), back, people, patients)
    ]
    AuditEvent.objects.bulk_create(events)
    AccessRules.objects.get_or_create(institution=institution, defaults={"time_zone": "Europe/London"})
    review_institution(institution, since=today - timedelta(days=DAYS))


def _day(
    rng: random.Random, day: date, back: int, people: dict[str, User], patients: list[str]
) -> Iterator[AuditEvent]:
    if day.weekday() < SATURDAY:
        for name, busiest in (("clinician", 9), ("colleague", 6)):
            yield from _clinic(rng, day, people[name], rng.sample(patients, rng.randint(3, busiest)))
        yield _event(people["researcher"], _moment(rng, day, 9, 17), Action.SIGN_IN, object_type="user")
        yield _event(
            people["auditor"], _moment(rng, day, 8, 10), Action.SEARCH, object_type="audit-trail", purpose="audit"
        )
    if back == 5:
        yield from _clinic(rng, day, people["colleague"], rng.sample(patients, 41))
    if back in {3, 12}:
        for _ in range(7):
            yield _denied(people["researcher"], _moment(rng, day, 10, 12))
    if back == 9:
        yield _event(
            people["colleague"], _moment(rng, day, 22, 23), Action.VIEW, object_type="study", patient=patients[4]
        )
        yield _event(people["colleague"], _moment(rng, day, 11, 12), Action.SIGN_IN, object_type="user", ip=ELSEWHERE)
    if back == 2:
        exported = {"cases": 480}
        yield _event(people["clinician"], _moment(rng, day, 13, 15), Action.EXPORT, object_type="case", detail=exported)


def _clinic(rng: random.Random, day: date, user: User, patients: list[str]) -> Iterator[AuditEvent]:
    at = _moment(rng, day, 8, 10)
    yield _event(user, at, Action.SIGN_IN, object_type="user", purpose="")
    yield _event(user, at + timedelta(seconds=20), Action.SEARCH, object_type="study")
    for patient in patients:
        at += timedelta(minutes=rng.randint(2, 9))
        for number, (action, object_type) in enumerate(READING[: rng.randint(2, len(READING))]):
            yield _event(user, at + timedelta(seconds=15 * number), action, object_type=object_type, patient=patient)
    yield _event(user, at + timedelta(minutes=6), Action.SIGN_OUT, object_type="user", purpose="")


def _denied(user: User, at: datetime) -> AuditEvent:
    return _event(user, at, Action.DENIED, object_type="page", purpose="", outcome=Outcome.FAILURE)


def _moment(rng: random.Random, day: date, first: int, last: int) -> datetime:
    return datetime.combine(day, time(first), tzinfo=UTC) + timedelta(seconds=rng.randrange((last - first) * 3600))


def _event(
    user: User, at: datetime, action: Action, *, patient: str = "", detail: dict[str, Any] | None = None, **fields: Any
) -> AuditEvent:
    values: dict[str, Any] = {"purpose": "treatment", "ip": HOME, "request_id": REQUEST} | fields
    return AuditEvent(
        at=at,
        actor=user.email,
        actor_id_text=str(user.public_id),
        role=user.role,
        institution=user.institution.name,
        institution_id_text=str(user.institution.public_id),
        action=action,
        patient_pseudonym=patient,
        detail={**MADE_UP, **(detail or {})},
        **values,
    )
