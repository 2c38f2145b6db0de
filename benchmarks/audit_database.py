"""A PostgreSQL database of a benchmark's own, filled with millions of audit events, and dropped afterwards."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg
from django.core.management import call_command
from psycopg import sql

SERVER = "postgres://postgres@127.0.0.1/postgres"
FILL_AT_ONCE = 1_000_000
PATIENTS = 300_000
STAFF = 2_000
YEARS = 6

Say = Callable[[str], None]


@contextmanager
def own_database(server: str, *, keep: bool = False) -> Iterator[str]:
    """Makes an empty database on the server, migrates it and points Django to it; yields its URL.

    Raises:
        psycopg.OperationalError: no PostgreSQL answers there, or the role may not make databases.
    """
    name = f"lobule_benchmark_{secrets.token_hex(4)}"
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        os.environ["DATABASE_URL"] = url
        os.environ["DJANGO_SETTINGS_MODULE"] = "webapp.settings.test"
        django.setup()
        call_command("migrate", verbosity=0)
        yield url
    finally:
        if not keep:
            django.db.connections.close_all()
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def fill(url: str, events: int, *, institution_id: str, say: Say) -> None:
    """Fills the trail with events of one institution, as six years leave them: every patient's events scattered.

    Of ten million events, one patient has 20,000, nine have 5,000, a hundred have 500, and 300,000 have about 33. The
    table is unlogged, and its indexes are made afterwards: only the filling is faster so.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE accounts_auditevent SET UNLOGGED")
        indexes = _without_indexes(connection)
        begin = time.perf_counter()
        for first in range(1, events + 1, FILL_AT_ONCE):
            last = min(first + FILL_AT_ONCE - 1, events)
            connection.execute("SELECT setseed(%s)", [first / events])
            connection.execute(
                _FILL,
                {
                    "first": first,
                    "last": last,
                    "events": events,
                    "patients": max(PATIENTS * events // 10_000_000, 1),
                    "staff": STAFF,
                    "step": f"{YEARS * 365 * 86400 / events} seconds",
                    "institution": institution_id,
                },
            )
            say(f"  {last:,} events after {time.perf_counter() - begin:,.0f} s")
        for definition in indexes:
            connection.execute(definition)
        connection.execute("SELECT setval(pg_get_serial_sequence('accounts_auditevent', 'id'), %s)", [events])
        connection.execute("VACUUM (ANALYZE) accounts_auditevent")
        say(f"  indexes and statistics after {time.perf_counter() - begin:,.0f} s")


def _without_indexes(connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
    """Drops the trail's indexes; returns what makes them again, with the same names."""
    constraints = connection.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'accounts_auditevent'::regclass AND contype IN ('p', 'u')"
    ).fetchall()
    table = sql.Identifier("accounts_auditevent")
    again = []
    for name, definition in constraints:
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, sql.Identifier(str(name))))
        again.append(f'ALTER TABLE accounts_auditevent ADD CONSTRAINT "{name}" {definition}')
    indexes = connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'accounts_auditevent'")
    for name, definition in indexes.fetchall():
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(str(name))))
        again.append(str(definition))
    return again


def pseudonym(number: int) -> str:
    """The pseudonym of a patient by number: 0 has most events, 1 to 9 many, 10 to 109 some, the others few."""
    with django.db.connection.cursor() as cursor:
        cursor.execute("SELECT md5('patient ' || %s)::uuid::text", [number])
        return str(cursor.fetchone()[0])


_FILL = """
INSERT INTO accounts_auditevent (id, public_id, at, actor, actor_id_text, role, institution, institution_id_text,
    action, outcome, object_type, object_id_text, patient_pseudonym, purpose, ip, request_id, detail, transaction_id)
SELECT n, gen_random_uuid(), now() - (%(events)s - n) * %(step)s::interval,
    'person.' || staff || '@hospital.example', md5('staff ' || staff)::uuid::text,
    (ARRAY['clinician', 'clinician', 'clinician', 'researcher', 'admin'])[1 + staff %% 5], 'North Hospital',
    %(institution)s, (ARRAY['view', 'view', 'view', 'search', 'predict', 'export', 'upload', 'annotate'])[1 + n %% 8],
    'success', 'case', md5('case ' || patient)::uuid::text, md5('patient ' || patient)::uuid::text, 'treatment',
    '10.0.0.1', md5('request ' || n), '{}', n
FROM (
    SELECT n, floor(random() * %(staff)s)::int AS staff, CASE
        WHEN draw < 20000 THEN 0
        WHEN draw < 65000 THEN 1 + floor((draw - 20000) / 5000)::int
        WHEN draw < 115000 THEN 10 + floor((draw - 65000) / 500)::int
        ELSE 110 + floor(random() * %(patients)s)::int END AS patient
    FROM (
        SELECT n, random() * 10000000 AS draw FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n OFFSET 0
    ) AS drawn OFFSET 0
) AS chosen
"""
