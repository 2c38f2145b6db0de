"""'Who saw this patient' over a large trail, on PostgreSQL; the ten millions are benchmarks/audit_queries.py's."""

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEvent, Role
from accounts.review.pages import event_page, how_many
from accounts.review.timelines import visitors
from benchmarks.audit_database import fill, pseudonym
from benchmarks.audit_queries import LIMIT_SECONDS, measure
from tests.cast import MakeUser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.slow]

EVENTS = 100_000


@pytest.fixture
def filled(make_user: MakeUser) -> None:
    """The test database with a hundred thousand events of the auditor's institution."""
    auditor = make_user("auditor", Role.AUDITOR)
    settings = connection.get_connection_params()
    url = psycopg.conninfo.make_conninfo(
        **{key: settings[key] for key in ("host", "port", "user", "password", "dbname") if key in settings}
    )
    fill(url, EVENTS, institution_id=str(auditor.institution.public_id), say=lambda _: None)


def test_aud_14_every_patients_visitors_come_within_two_seconds(make_user: MakeUser, filled: None) -> None:
    found = measure(make_user("second", Role.AUDITOR).institution, say=lambda _: None)
    for name, times in found.items():
        assert max(times.cold + times.warm) < LIMIT_SECONDS, name
    (most,) = found["most (20,000)"].events
    assert 100 < most < 400, "two in a thousand of the events are of this patient"


def test_aud_14_no_question_reads_the_whole_trail(make_user: MakeUser, filled: None) -> None:
    auditor = make_user("second", Role.AUDITOR)
    rows = AuditEvent.objects.visible_to(auditor).filter(patient_pseudonym__in=[pseudonym(0), pseudonym(1)])
    with CaptureQueriesContext(connection) as asked:
        assert rows.exists()
        assert visitors(rows)
        assert len(event_page(rows).events) == 50
        assert how_many(rows).is_exact
    for question in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {question['sql'].replace('%', '%%')}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "audit_patient_at" in plan or "auditevent_pkey" in plan, plan
        assert "Index Only Scan" in plan or "auditevent_pkey" in plan, plan
