"""How long the trail is kept: six years at least, longer under a legal hold; what goes leaves a record."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.audit import retention
from accounts.audit.retention import latest_cutoff, lift_hold, place_hold, purge
from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditDigest, AuditEvent, AuditPurge, LegalHold, Role, RowChange, Seal, User
from tests.cast import MakeUser
from tests.trail import protect_as_in_production

pytestmark = pytest.mark.django_db

OLD = timezone.now() - timedelta(days=8 * 365)
OLDEST_CHOICE = timezone.now() - timedelta(days=7 * 365)

MakeEvent = Callable[..., AuditEvent]


@pytest.fixture(autouse=True)
def protected(db: None) -> None:
    protect_as_in_production()


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def sealed_event(admin: User) -> MakeEvent:
    """Makes sealed events, eight years old unless told otherwise, of the admin's institution."""

    def make(at: datetime = OLD, **fields: Any) -> AuditEvent:
        event = AuditEvent.objects.create(
            at=at,
            actor="somebody@example.org",
            action=Action.VIEW,
            institution_id_text=str(admin.institution.public_id),
            **fields,
        )
        seal("event", event.pk, at)
        return event

    return make


def seal(source: str, row_id: int, at: datetime) -> Seal:
    seq = Seal.objects.count() + 1
    digest = hashlib.sha256(f"{source} {row_id}".encode()).hexdigest()
    return Seal.objects.create(
        seq=seq, source=source, row_id=row_id, layout="x", row_sha256=digest, chain_sha256=digest, sealed_at=at
    )


def sign(made_at: datetime = OLD) -> None:
    """A signed digest of everything sealed so far, as the database remembers it."""
    number = AuditDigest.objects.count() + 1
    AuditDigest.objects.create(
        number=number,
        name=f"d{number}",
        first_seq=1,
        last_seq=Seal.objects.count(),
        chain_sha256="0",
        sha256="0",
        key_id="k",
        made_at=made_at,
    )


def run(admin: User, *, before: datetime = OLDEST_CHOICE, rehearse: bool = False) -> dict[str, int]:
    purged = purge(before=before, requested_by=admin, reason="Retention is over.", rehearse=rehearse)
    return {one.source: one.rows for one in purged if one.rows}


def left() -> set[int]:
    return set(AuditEvent.objects.filter(action=Action.VIEW).values_list("pk", flat=True))


def test_aud_12_what_is_old_enough_goes_and_leaves_a_record(admin: User, sealed_event: MakeEvent) -> None:
    old = [sealed_event() for _ in range(3)]
    sign()
    young = sealed_event(timezone.now() - timedelta(days=5 * 365))
    sign(timezone.now() - timedelta(days=5 * 365))
    assert run(admin, rehearse=True) == {"event": 3}
    assert left() == {event.pk for event in [*old, young]}
    assert run(admin) == {"event": 3}
    assert left() == {young.pk}
    assert Seal.objects.count() == 4
    record = AuditPurge.objects.get()
    digests = Seal.objects.filter(seq__lte=3).order_by("seq").values_list("row_sha256", flat=True)
    assert record.rows_sha256 == hashlib.sha256("".join(digests).encode()).hexdigest()
    assert (record.first_row_id, record.last_row_id) == (old[0].pk, old[2].pk)
    assert (record.source, record.first_seq, record.last_seq, record.rows) == ("event", 1, 3, 3)
    assert (record.purged_by, record.reason) == (admin.email, "Retention is over.")
    said = AuditEvent.objects.get(action=Action.PURGE_AUDIT)
    assert (said.actor, said.detail["event"]) == (admin.email, 3)


def test_aud_12_purging_earlier_is_refused_before_the_database_is_asked(admin: User, sealed_event: MakeEvent) -> None:
    event = sealed_event(timezone.now() - timedelta(days=5 * 365))
    sign(timezone.now() - timedelta(days=5 * 365))
    with pytest.raises(DomainError, match="younger than 6 years"):
        run(admin, before=latest_cutoff() + timedelta(days=1))
    assert left() == {event.pk}


@pytest.mark.postgres
@pytest.mark.parametrize("cutoff", ["now()", "now() - interval '6 years' + interval '1 second'", "'infinity'", "NULL"])
def test_aud_12_the_database_refuses_an_earlier_purge_by_its_own_clock(admin: User, cutoff: str) -> None:
    with pytest.raises(DatabaseError, match="younger than 6 years"), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM audit_purge({cutoff}, 'who', 'why', false)")  # noqa: S608 the cases above


def test_aud_12_a_site_whose_clock_runs_ahead_purges_nothing_young(
    admin: User, sealed_event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now() - timedelta(days=365)
    event = sealed_event(at)
    sign(at)
    monkeypatch.setattr(retention, "latest_cutoff", timezone.now)
    with pytest.raises(DatabaseError), transaction.atomic():
        run(admin, before=timezone.now())
    assert left() == {event.pk}


@pytest.mark.postgres
def test_aud_12_an_event_that_pretends_to_be_old_does_not_go(admin: User, sealed_event: MakeEvent) -> None:
    """Its seal stands under no digest that is six years old."""
    event = sealed_event(OLD)
    sign(timezone.now())
    assert run(admin) == {}
    assert left() == {event.pk}


def test_aud_12_what_is_not_sealed_does_not_go(admin: User) -> None:
    event = AuditEvent.objects.create(at=OLD, actor="x", action=Action.VIEW)
    sign()
    assert run(admin) == {}
    assert left() == {event.pk}


def test_aud_12_a_legal_hold_keeps_its_part_until_it_is_lifted(admin: User, sealed_event: MakeEvent) -> None:
    patients = sealed_event(patient_pseudonym="p-1")
    persons = sealed_event(actor_id_text="u-1")
    about_person = sealed_event(object_type="user", object_id_text="u-1")
    of_period = sealed_event(OLD - timedelta(days=30))
    other = sealed_event(patient_pseudonym="p-2", actor_id_text="u-2")
    sign()
    month = (OLD - timedelta(days=31), OLD - timedelta(days=29))
    holds = [
        place_hold(user=admin, reason="court order", patient_pseudonym="p-1"),
        place_hold(user=admin, reason="inquiry", person_id_text="u-1"),
        place_hold(user=admin, reason="audit", period_from=month[0], period_until=month[1]),
        place_hold(
            user=admin, reason="p-2, then", patient_pseudonym="p-2", period_from=month[0], period_until=month[1]
        ),
    ]
    assert run(admin, rehearse=True) == run(admin) == {"event": 1}
    assert left() == {event.pk for event in (patients, persons, about_person, of_period)}
    assert other.pk not in left()
    lift_hold(user=admin, hold=holds[1], reason="inquiry closed")
    assert run(admin) == {"event": 2}
    assert left() == {patients.pk, of_period.pk}


@pytest.mark.postgres
def test_aud_12_row_changes_go_the_same_way(admin: User) -> None:
    with connection.cursor() as cursor:
        for person in ("u-1", "u-2"):
            cursor.execute(
                "INSERT INTO accounts_rowchange (at, table_name, row_id, operation, actor, actor_id_text,"
                " institution_id_text, request_id, database_role) VALUES (%s, 'diagnosis_case', '1', 'update',"
                " 'x', %s, '', '', 'r') RETURNING id",
                [OLD, person],
            )
            seal("change", cursor.fetchone()[0], OLD)
    sign()
    hold = place_hold(user=admin, reason="inquiry", person_id_text="u-2")
    assert run(admin) == {"change": 1}
    assert RowChange.objects.filter(at=OLD).get().actor_id_text == "u-2"
    lift_hold(user=admin, hold=hold, reason="closed")
    place_hold(user=admin, reason="a patient", patient_pseudonym="p-1")
    assert run(admin) == {}, "a change does not say whose it is, so a patient's hold keeps it"


def test_a_hold_needs_a_reason_and_a_period_that_ends_after_it_begins(admin: User) -> None:
    with pytest.raises(ValidationError):
        place_hold(user=admin, reason="  ")
    with pytest.raises(ValidationError):
        place_hold(user=admin, reason="r", period_from=OLDEST_CHOICE, period_until=OLD)


def test_a_hold_is_lifted_once_and_both_are_recorded(admin: User) -> None:
    hold = place_hold(user=admin, reason="court order", patient_pseudonym="p-1")
    with pytest.raises(DomainError):
        lift_hold(user=admin, hold=hold, reason=" ")
    lift_hold(user=admin, hold=hold, reason="closed")
    assert (hold.lifted_by, hold.lift_reason, hold.lifted_at is not None) == (admin.email, "closed", True)
    with pytest.raises(Conflict):
        lift_hold(user=admin, hold=hold, reason="again")
    for action in (Action.PLACE_HOLD, Action.LIFT_HOLD):
        assert AuditEvent.objects.get(action=action).object_id_text == str(hold.public_id)


def test_holds_are_seen_by_auditors_and_admins_of_the_institution(
    admin: User, auditor: User, colleague: User, make_user: MakeUser
) -> None:
    place_hold(user=admin, reason="court order")
    elsewhere = make_user("elsewhere", Role.AUDITOR, "South Hospital")
    seen = {user.email: LegalHold.objects.visible_to(user).count() for user in (admin, auditor, colleague, elsewhere)}
    assert list(seen.values()) == [1, 1, 0, 0]


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("purge_audit", *arguments, stdout=out)
    return out.getvalue()


def test_aud_12_the_command_counts_first_and_deletes_when_told(admin: User, sealed_event: MakeEvent) -> None:
    event = sealed_event()
    sign()
    asked = ["--before", f"{OLDEST_CHOICE:%Y-%m-%d}", "--requested-by", admin.email, "--reason", "over"]
    assert "event: 1 rows" in command(*asked)
    assert left() == {event.pk}
    assert "are gone" in command(*asked, "--delete")
    assert left() == set()


@pytest.mark.parametrize(
    ("before", "by", "message"),
    [
        ("yesterday", "admin@example.org", "expected a date"),
        ("2019-02-31", "admin@example.org", "expected a date"),
        ("2015-01-01", "owner@example.org", "no active administrator"),
        (f"{datetime.now(UTC):%Y-%m-%d}", "admin@example.org", "younger than 6 years"),
    ],
)
def test_the_command_says_what_is_wrong(admin: User, owner: User, before: str, by: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        command("--before", before, "--requested-by", by, "--reason", "r", "--delete")
