"""Tells PostgreSQL's triggers for whom the site is writing.

Every writing statement carries the audit context in front, as a setting that ends with its transaction: a pooled
connection cannot carry it into somebody else's request, and a rolled-back savepoint cannot lose it.
"""

import json
import re
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.sql import Composable, quote

from accounts.audit.context import AuditContext, current
from accounts.history import is_tracked

_INSERT = re.compile(r'INSERT INTO "(\w+)"')
_WRITES = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:insert|update|delete|merge|with|truncate|call|do)\b", re.I | re.S)

# Asking who acts may itself write: a session that is found to be over is deleted.
_asking: ContextVar[bool] = ContextVar("asking_who_acts", default=False)


def connect(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of `connection_created`: from now on this connection's writes name the actor. PostgreSQL only."""
    if connection.vendor == "postgresql" and name_the_actor not in connection.execute_wrappers:
        connection.execute_wrappers.append(name_the_actor)


def name_the_actor(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Django's execute wrapper: puts the context before a write, and moves on to the write's own result."""
    if isinstance(sql, Composable):
        sql = sql.as_string(context["connection"].connection)
    if isinstance(sql, bytes):
        sql = sql.decode()
    insert = _INSERT.match(sql)
    if not (is_tracked(insert[1]) if insert else _WRITES.match(sql)):
        return execute(sql, params, many, context)
    setting = f"SET LOCAL lobule.audit_context TO {_context_literal()}; "
    result = execute((setting if params is None else setting.replace("%", "%%")) + sql, params, many, context)
    cursor = context["cursor"].cursor
    while cursor.nextset():
        pass
    return result


def _context_literal() -> str:
    actor = _who_acts()
    return quote(
        json.dumps(
            {
                "actor": actor.actor,
                "actor_id": actor.actor_id,
                "institution_id": actor.institution_id,
                "request_id": actor.request_id,
            }
        )
    )


def _who_acts() -> AuditContext:
    if _asking.get():
        return AuditContext()
    token = _asking.set(True)
    try:
        return current()
    finally:
        _asking.reset(token)
