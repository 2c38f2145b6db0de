"""The audit trail and the tests: its protection, which most must be able to lift, and a trail that takes nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection
from django.db.models.signals import post_migrate

from accounts.audit import protection
from accounts.audit.triggers import after_migrate, install


def let_tests_empty_the_trail() -> None:
    """Tests with transactions of their own end by emptying every table, which the trail's triggers refuse."""
    post_migrate.disconnect(after_migrate, sender=apps.get_app_config("accounts"))
    with connection.cursor() as cursor:
        for table in protection.ALL:
            if connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            else:
                for operation in ("UPDATE", "DELETE"):
                    cursor.execute(f"DROP TRIGGER IF EXISTS {protection.sqlite_trigger(table, operation)}")


def protect_as_in_production() -> None:
    """Puts the protection back, for a test inside one transaction that is rolled back."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in protection.ALL:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    else:
        install(connection)


@contextmanager
def unwritable_trail() -> Iterator[None]:
    """No event can be written meanwhile: its INSERT fails as on a full disk, before it reaches the database."""

    def refuse(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if "INSERT" in str(sql) and "accounts_auditevent" in str(sql):
            raise DatabaseError("disk full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield
