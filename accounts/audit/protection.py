"""Keeps the trail from being changed: triggers on its tables, and the tables they stand on.

PostgreSQL: UPDATE, DELETE and TRUNCATE are refused to everybody, the tables' owner included; `audit_purge` alone may
delete what is old enough. The application's own role has not even the right (`protection_roles`).
SQLite: UPDATE, and DELETE of what is younger than the retention, are refused; whoever can write the file can undo it.
"""

from django.db.backends.utils import CursorWrapper

RETENTION_YEARS = 6
"""Nothing younger is purged. The database's own functions hold the same number."""

PURGEABLE = ("accounts_auditevent", "accounts_rowchange")
"""Only ever added to, and purged when their time is over."""

APPEND_ONLY = (
    "accounts_auditdigest",
    "accounts_auditpurge",
    "accounts_seal",
    "accounts_seallayout",
)
"""Only ever added to, for good."""

HOLDS = "accounts_legalhold"
"""Added to, and lifted once."""

WRITTEN_BY_TRIGGERS = ("accounts_rowchange", "accounts_auditpurge")
"""Nobody but the database's own functions adds to these."""

ALL = (*PURGEABLE, *APPEND_ONLY, HOLDS)


def protect_on_postgresql(cursor: CursorWrapper, tables: set[str]) -> None:
    """The triggers of every protected table that exists."""
    for table in sorted(tables.intersection(ALL)):
        changes = "DELETE OR TRUNCATE" if table == HOLDS else "UPDATE OR TRUNCATE"
        if table in APPEND_ONLY:
            changes = "UPDATE OR DELETE OR TRUNCATE"
        _trigger(cursor, f"audit_append_only BEFORE {changes} ON {table} FOR EACH STATEMENT", "audit_refuse")
        if table in PURGEABLE:
            _trigger(cursor, f"audit_retention BEFORE DELETE ON {table} FOR EACH ROW", "audit_refuse_deletion")
        if table == HOLDS:
            _trigger(cursor, f"audit_hold BEFORE UPDATE ON {table} FOR EACH ROW", "audit_refuse_change_of_hold")


def _trigger(cursor: CursorWrapper, event: str, function: str) -> None:
    cursor.execute(f"CREATE OR REPLACE TRIGGER {event} EXECUTE FUNCTION {function}()")


def protect_on_sqlite(cursor: CursorWrapper, tables: set[str]) -> None:
    """The same as far as SQLite can; made anew each time, since a migration that rebuilds a table drops them."""
    for table in sorted(tables.intersection((*PURGEABLE, *APPEND_ONLY))):
        younger = f"WHEN OLD.at >= datetime('now', '-{RETENTION_YEARS} years')" if table in PURGEABLE else ""
        for operation, condition in (("UPDATE", ""), ("DELETE", younger)):
            name = sqlite_trigger(table, operation)
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE {operation} ON {table} {condition} BEGIN SELECT RAISE(ABORT,"
                f" 'The audit trail is only ever added to: {operation} of {table} is refused.'); END"
            )


def sqlite_trigger(table: str, operation: str) -> str:
    """The name of a table's protecting trigger."""
    return f"audit_no_{operation.lower()}_{table}"
