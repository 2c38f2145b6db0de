"""Installs the triggers that keep the rows' history and protect the trail: after every `migrate`, by its role.

They are plain SQL (`sql/`), replaced as a whole when it changed. A trigger package was tried and left: its triggers
can be switched off by any session (docs/adr/0008).
"""

import hashlib
from pathlib import Path
from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from accounts.audit import protection
from accounts.history import Tracked, tracked

_SQL = Path(__file__).with_name("sql")
_EVENTS = {
    "insert": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows",
    "update": "AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "delete": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows",
    "truncate": "BEFORE TRUNCATE ON {table}",
}


def after_migrate(*, using: str, **_: Any) -> None:
    """Receiver of `post_migrate`."""
    install(connections[using])


def install(connection: BaseDatabaseWrapper) -> None:
    """Brings functions and triggers up to date; does nothing where they are. Tables that are yet to come are left."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        if connection.vendor == "sqlite":
            protection.protect_on_sqlite(cursor, tables)
        elif tables.issuperset(protection.ALL):
            _install_on_postgresql(cursor, tables)


def _install_on_postgresql(cursor: CursorWrapper, tables: set[str]) -> None:
    cursor.execute("SELECT current_schema()")
    functions = "".join((_SQL / name).read_text() for name in ("history.sql", "protection.sql"))
    functions = functions.replace("{schema}", cursor.fetchone()[0]).replace("{years}", str(protection.RETENTION_YEARS))
    kept = [one for one in tracked() if one.table in tables]
    version = hashlib.sha256(repr((functions, _EVENTS, kept, protection.ALL)).encode()).hexdigest()
    cursor.execute("SELECT obj_description(to_regproc('audit_purge'), 'pg_proc') IS NOT DISTINCT FROM %s", [version])
    if cursor.fetchone()[0]:
        return
    cursor.execute(functions)
    for one in kept:
        _keep_history(cursor, one)
    protection.protect_on_postgresql(cursor, tables)
    cursor.execute(f"COMMENT ON FUNCTION audit_purge IS '{version}'")


def _keep_history(cursor: CursorWrapper, one: Tracked) -> None:
    """The four triggers of a table. One that had none yet leaves what it holds as the beginning."""
    cursor.execute(
        "SELECT count(*) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = 'history_insert'", [one.table]
    )
    (has_history,) = cursor.fetchone()
    lists = [",".join(one.secret), ",".join(one.digested), ",".join(one.ignored)]
    arguments = ", ".join(f"'{argument}'" for argument in [one.key, *lists])
    for operation, event in _EVENTS.items():
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER history_{operation} {event.format(table=one.table)}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION audit_record_{operation}({arguments})"
        )
    if not has_history:
        cursor.execute(
            "SELECT audit_record_all(%s::regclass, 'existing', %s, %s::text[], %s::text[], %s::text[])",
            [one.table, one.key, list(one.secret), list(one.digested), list(one.ignored)],
        )
