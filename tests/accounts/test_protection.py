"""The trail's tables refuse to be changed, whoever asks; what is weaker on SQLite is tested as what it is."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from accounts import audit
from accounts.audit import protection
from accounts.audit.retention import lift_hold, place_hold
from accounts.models import Action, AuditDigest, AuditEvent, AuditPurge, LegalHold, Seal, User
from tests.trail import protect_as_in_production

pytestmark = pytest.mark.django_db

REFUSED = "audit trail is only ever added to"


@pytest.fixture(autouse=True)
def protected(db: None) -> None:
    protect_as_in_production()


@pytest.fixture
def event(db: None) -> AuditEvent:
    audit.record(Action.VIEW, object_type="case")
    return AuditEvent.objects.get()


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_aud_06_an_event_is_neither_changed_nor_deleted_even_by_the_tables_owner(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        AuditEvent.objects.update(actor="nobody")
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        AuditEvent.objects.all().delete()
    with pytest.raises(DatabaseError, match=REFUSED):
        run(f"DELETE FROM accounts_auditevent WHERE id = {event.pk}")  # noqa: S608 the test's own row
    event.refresh_from_db()
    assert event.actor != "nobody"


@pytest.mark.parametrize("table", protection.APPEND_ONLY)
def test_aud_06_seals_digests_and_records_of_purges_stay(table: str) -> None:
    Seal.objects.create(seq=1, source="event", row_id=1, layout="x", row_sha256="0" * 64, chain_sha256="0" * 64)
    AuditDigest.objects.create(
        number=1,
        name="d",
        first_seq=1,
        last_seq=1,
        chain_sha256="0",
        sha256="0",
        key_id="k",
        made_at="2020-01-01T00:00Z",
    )
    AuditPurge.objects.create(
        source="event",
        first_row_id=1,
        last_row_id=1,
        first_seq=1,
        last_seq=1,
        rows=1,
        rows_sha256="0",
        before="2020-01-01T00:00Z",
        reason="r",
        purged_by="p",
    )
    with connection.cursor() as cursor:
        if table == "accounts_seallayout":
            cursor.execute("INSERT INTO accounts_seallayout (source, layout, columns) VALUES ('event', 'x', '[]')")
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 one of our own tables
        assert cursor.fetchone()[0] == 1
    column = {"accounts_auditdigest": "name", "accounts_auditpurge": "reason"}.get(table, "source")
    for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = 'z'"):  # noqa: S608 as above
        with pytest.raises(DatabaseError, match=REFUSED):
            run(sql)


@pytest.mark.postgres
@pytest.mark.parametrize("table", protection.ALL)
def test_aud_06_no_table_of_the_trail_is_emptied(table: str) -> None:
    with pytest.raises(DatabaseError, match=REFUSED):
        run(f"TRUNCATE {table} CASCADE")


@pytest.mark.postgres
def test_aud_06_saying_that_a_purge_runs_deletes_nothing_young(event: AuditEvent) -> None:
    with pytest.raises(DatabaseError, match="younger than 6 years"):
        run("SET LOCAL lobule.purging TO 'yes'; DELETE FROM accounts_auditevent")


@pytest.mark.postgres
def test_aud_06_a_hold_is_lifted_once_and_never_changed(auditor: User) -> None:
    hold = place_hold(user=auditor, reason="court order", patient_pseudonym="p-1")
    with pytest.raises(DatabaseError, match="lifted once"), transaction.atomic():
        LegalHold.objects.update(patient_pseudonym="p-2")
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        LegalHold.objects.all().delete()
    lift_hold(user=auditor, hold=hold, reason="case closed")
    with pytest.raises(DatabaseError, match="lifted once"), transaction.atomic():
        LegalHold.objects.update(lifted_at=None, lifted_by="", lift_reason="")
    with pytest.raises(DatabaseError, match="lifted once"), transaction.atomic():
        LegalHold.objects.update(lifted_at=F("placed_at"))


def test_the_trail_is_still_written(event: AuditEvent) -> None:
    audit.record(Action.VIEW, object_type="case")
    assert AuditEvent.objects.count() == 2
