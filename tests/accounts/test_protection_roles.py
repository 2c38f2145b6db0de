"""The site's own database role, on a real PostgreSQL with a real sign-in of that role.

The test database lets its owner empty the trail (tests.trail), so what is refused here is refused by rights alone.
"""

import secrets
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core import checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from psycopg.errors import InsufficientPrivilege

from accounts import audit, history
from accounts.audit import protection
from accounts.audit.protection_roles import AppRole, RoleRefused, grant
from accounts.models import Action, AuditEvent, Institution, RowChange, Seal, User
from diagnosis.models import Case, FnaBatch
from diagnosis.services.intake import SampleInput, submit_fna_samples
from jobs.runner import run
from tests.cast import SignIn, wdbc

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


KEYS = {"accounts_seal": "seq", "accounts_auditdigest": "number"}


@pytest.fixture
def role(transactional_db: None) -> Iterator[AppRole]:
    """A role of this test's own, with the rights of the site's."""
    role = AppRole(f"lobule_test_{secrets.token_hex(4)}", secrets.token_hex(16))
    grant(role)
    yield role
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {role.name}; DROP ROLE {role.name}")


@pytest.fixture
def site(role: AppRole) -> Iterator[psycopg.Connection[Any]]:
    """A connection that signed in as the site's role."""
    server = connection.get_connection_params()
    parameters = {key: server[key] for key in ("host", "port", "dbname") if key in server}
    with psycopg.connect(**parameters, user=role.name, password=role.password, autocommit=True) as signed_in:
        yield signed_in


@pytest.fixture
def as_the_site(role: AppRole, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Django itself works under the site's role."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "USER", role.name)
        patch.setitem(connection.settings_dict, "PASSWORD", role.password)
        yield
        connection.close()


def test_aud_06_the_sites_role_gets_errors_from_every_change_of_the_trail(site: psycopg.Connection[Any]) -> None:
    audit.record(Action.VIEW)
    for table in protection.ALL:
        for statement in (
            f"UPDATE {table} SET {KEYS.get(table, 'id')} = {KEYS.get(table, 'id')}",  # noqa: S608 our own tables
            f"DELETE FROM {table}",  # noqa: S608 as above
            f"TRUNCATE {table}",
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"ALTER TABLE {table} DISABLE TRIGGER USER",
            f"DROP TABLE {table} CASCADE",
            f"ALTER TABLE {table} OWNER TO CURRENT_USER",
            f"CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
            f"DROP TRIGGER audit_append_only ON {table}",
        ):
            with pytest.raises(InsufficientPrivilege):
                site.execute(statement)
    assert AuditEvent.objects.count() == 1


def test_aud_06_the_sites_role_cannot_switch_triggers_off_or_become_somebody_else(
    site: psycopg.Connection[Any],
) -> None:
    for statement in (
        "SET session_replication_role TO replica",
        f'SET ROLE "{connection.settings_dict["USER"]}"',  # who owns the tables
        "ALTER TABLE accounts_user DISABLE TRIGGER history_update",
        "DROP TRIGGER history_update ON accounts_user",
        "TRUNCATE accounts_user CASCADE",
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TABLE mine (id int)",
        "UPDATE django_migrations SET name = name",
    ):
        with pytest.raises(psycopg.Error) as refused:
            site.execute(statement)
        assert isinstance(refused.value, InsufficientPrivilege | psycopg.errors.UndefinedObject), statement


def test_aud_06_the_sites_role_writes_no_history_of_its_own(site: psycopg.Connection[Any]) -> None:
    for table in protection.WRITTEN_BY_TRIGGERS:
        with pytest.raises(InsufficientPrivilege):
            site.execute(f"INSERT INTO {table} DEFAULT VALUES")


def test_aud_06_a_change_by_the_sites_role_is_kept_though_it_hides_the_tables(site: psycopg.Connection[Any]) -> None:
    """A table of the same name in front on the search path catches nothing."""
    north = Institution.objects.create(name="North")
    site.execute("CREATE TEMPORARY TABLE accounts_rowchange (LIKE public.accounts_rowchange INCLUDING ALL)")
    site.execute("SET search_path TO pg_temp, public")
    site.execute("UPDATE accounts_institution SET name = 'South' WHERE id = %s", [north.pk])
    change = history.changes_of(north).first()
    assert change is not None
    assert (change.old, change.new) == ({"name": "North"}, {"name": "South"})
    assert change.database_role == site.info.user


def test_the_sites_role_adds_to_the_trail_and_lifts_holds(site: psycopg.Connection[Any]) -> None:
    site.execute(
        "INSERT INTO accounts_seal (seq, source, row_id, layout, row_sha256, chain_sha256)"
        " VALUES (1, 'event', 1, '', '', '')"
    )
    assert Seal.objects.count() == 1
    site.execute("UPDATE accounts_legalhold SET lifted_at = now(), lifted_by = 'a', lift_reason = 'b'")
    with pytest.raises(InsufficientPrivilege):
        site.execute("UPDATE accounts_legalhold SET reason = 'another'")


@pytest.mark.usefixtures("as_the_site")
def test_the_site_works_under_its_role(owner: User, sign_in: SignIn, client: Client) -> None:
    """From the upload through the worker to the page, and back out: nothing the site does needs more."""
    rows, _ = wdbc(2)
    samples = [SampleInput(measurements=row.tolist(), reference=f"S-{n}") for n, row in enumerate(rows)]
    batch = submit_fna_samples(user=owner, samples=samples, source=FnaBatch.Source.API)
    assert run(batch.job.public_id, worker="test")
    case = Case.objects.get(reference="S-1")
    browser = sign_in(owner)
    assert browser.get(reverse("case-detail", args=[case.public_id])).status_code == 200
    assert AuditEvent.objects.filter(action=Action.VIEW, actor=owner.email).exists()
    assert history.changes_of(case).exists()
    assert set(RowChange.objects.values_list("database_role", flat=True)) == {connection.settings_dict["USER"]}
    client.logout()


@pytest.mark.usefixtures("as_the_site")
def test_aud_06_the_check_passes_under_the_sites_role() -> None:
    assert checks.run_checks(tags=["database"], databases=["default"], include_deployment_checks=True) == []


def test_aud_06_the_check_warns_of_the_owners_role() -> None:
    (found,) = checks.run_checks(tags=["database"], databases=["default"], include_deployment_checks=True)
    assert found.id == "accounts.W001"
    assert "can change the audit trail" in found.msg


def test_aud_06_the_check_sees_a_right_too_many(role: AppRole, request: pytest.FixtureRequest) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT DELETE ON accounts_auditevent TO {role.name}")
    request.getfixturevalue("as_the_site")
    (found,) = checks.run_checks(tags=["database"], databases=["default"], include_deployment_checks=True)
    assert "it may DELETE accounts_auditevent" in found.msg


def test_the_command_takes_the_role_from_the_url_and_can_run_again(role: AppRole, settings: Any) -> None:
    settings.APP_DATABASE_URL = f"postgres://{role.name}:{role.password}@localhost:5432/any"
    for _ in range(2):
        out = StringIO()
        call_command("grant_database_roles", stdout=out)
        assert out.getvalue().startswith(role.name)
    call_command("grant_database_roles", "--app-role", role.name, stdout=StringIO())


def test_the_command_says_what_is_missing(settings: Any) -> None:
    settings.APP_DATABASE_URL = ""
    with pytest.raises(CommandError, match="Set APP_DATABASE_URL"):
        call_command("grant_database_roles")
    with pytest.raises(CommandError, match="There is no role 'nobody_here'"):
        call_command("grant_database_roles", "--app-role", "nobody_here")


def test_the_owner_cannot_be_the_sites_role() -> None:
    with pytest.raises(RoleRefused, match=r"owns|superuser"):
        grant(AppRole(connection.settings_dict["USER"]))
