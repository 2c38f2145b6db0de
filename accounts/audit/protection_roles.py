"""The database role that the site works under: it reads and adds to the audit trail, and can do nothing else to it.

PostgreSQL has two roles: the owner, who migrates, and the application's own. Rights are given table by table after
each migration: a new table is out of reach until then, never open by mistake.
"""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from accounts.audit import protection

_HOLD_COLUMNS = ("lifted_at", "lifted_by", "lift_reason")
_READ_ONLY = ("django_migrations",)


class RoleRefused(Exception):
    """The role cannot be the application's; the message says why."""


@dataclass(frozen=True)
class AppRole:
    """The application's role and its password; without one the role must exist."""

    name: str
    password: str = ""

    @classmethod
    def of_url(cls, url: str) -> "AppRole":
        """Name and password of a `postgres://name:password@host/database` URL."""
        parts = urlsplit(url)
        return cls(name=unquote(parts.username or ""), password=unquote(parts.password or ""))


def grant(role: AppRole) -> None:
    """Makes the role, or sets its password, and gives it exactly the rights that the site needs. PostgreSQL only.

    Raises:
        RoleRefused: there is no such role and no password to make it with, or it owns the tables or is a superuser.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        _make(cursor, role)
        _refuse_strong(cursor, role)
        name = sql.Identifier(role.name)

        def run(statement: str, *tables: str) -> None:
            names = sql.SQL(", ").join(sql.Identifier(table) for table in tables)
            cursor.execute(sql.SQL(statement).format(role=name, tables=names))

        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = cursor.fetchone()
        all_tables = connection.introspection.table_names(cursor)
        run("GRANT CONNECT, TEMPORARY ON DATABASE {tables} TO {role}", database)
        run("REVOKE CREATE ON SCHEMA {tables} FROM PUBLIC, {role}", schema)
        run("GRANT USAGE ON SCHEMA {tables} TO {role}", schema)
        run("REVOKE ALL ON {tables} FROM PUBLIC, {role}", *all_tables)
        run("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {tables} TO {role}", schema)
        trail = [table for table in protection.ALL if table in all_tables]
        ordinary = [table for table in all_tables if table not in (*trail, *_READ_ONLY)]
        run("GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {role}", *ordinary)
        run("GRANT SELECT ON {tables} TO {role}", *trail, *_READ_ONLY)
        run("GRANT INSERT ON {tables} TO {role}", *[t for t in trail if t not in protection.WRITTEN_BY_TRIGGERS])
        run(f"GRANT UPDATE ({', '.join(_HOLD_COLUMNS)}) ON {{tables}} TO {{role}}", protection.HOLDS)
        run("REVOKE EXECUTE ON FUNCTION audit_purge FROM PUBLIC")
        run("GRANT EXECUTE ON FUNCTION audit_purge TO {role}")


def _make(cursor: CursorWrapper, role: AppRole) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role.name])
    exists = cursor.fetchone() is not None
    if not exists and not role.password:
        raise RoleRefused(f"There is no role {role.name!r}, and no password to make it with: set APP_DATABASE_URL.")
    if role.password:
        statement = (
            "ALTER ROLE {role} LOGIN PASSWORD {password}" if exists else "CREATE ROLE {role} LOGIN PASSWORD {password}"
        )
        cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role.name), password=sql.Literal(role.password)))


def _refuse_strong(cursor: CursorWrapper, role: AppRole) -> None:
    if faults := faults_of(cursor, role.name, judge_rights=False):
        raise RoleRefused(f"{role.name!r} cannot be the site's role: " + "; ".join(faults) + ".")


def faults_of(cursor: CursorWrapper, name: str, *, judge_rights: bool = True) -> list[str]:
    """What the role may do that would let it change the trail; empty for a role that may not."""
    cursor.execute(
        "SELECT rolsuper, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s", [name]
    )
    attributes = cursor.fetchone() or (False,) * 4
    said = ("it is a superuser", "it may make roles", "it may replicate", "it passes row-level security")
    faults = [fault for fault, holds in zip(said, attributes, strict=True) if holds]
    tables = [table for table in protection.ALL if table in connection.introspection.table_names(cursor)]
    cursor.execute(
        "SELECT relname FROM pg_class JOIN pg_roles AS owner ON owner.oid = relowner"
        " WHERE relname = ANY (%s) AND relkind = 'r' AND pg_has_role(%s, owner.oid, 'MEMBER')",
        [tables, name],
    )
    if owned := sorted(row[0] for row in cursor.fetchall()):
        return [*faults, f"it owns {', '.join(owned)}, or is a member of the owner"]
    if not judge_rights:
        return faults
    for table in tables:
        forbidden = ["UPDATE", "DELETE", "TRUNCATE", "TRIGGER"]
        cursor.execute(
            "SELECT verb FROM unnest(%s::text[]) AS verb WHERE has_table_privilege(%s, %s, verb)",
            [forbidden, name, table],
        )
        if verbs := [row[0] for row in cursor.fetchall()]:
            faults.append(f"it may {', '.join(verbs)} {table}")
    return faults
