"""The database transaction that wrote a row."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BigIntegerField, Func
from django.db.models.sql.compiler import SQLCompiler


class CurrentTransaction(Func):
    """The number of the transaction under way on PostgreSQL; 0 on SQLite, which has one writer at a time.

    PostgreSQL gives rows their IDs when they are inserted and shows them when they are committed, so IDs alone don't
    say which rows are still to come. With this number beside the ID, rows of transactions older than every running one
    (`pg_snapshot_xmin`) are known to be complete.
    """

    template = "0"
    arity = 0
    output_field = BigIntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        """64 bits: unlike a row's own `xmin`, it never starts again."""
        return self.as_sql(compiler, connection, template="pg_current_xact_id()::text::bigint", **context)
