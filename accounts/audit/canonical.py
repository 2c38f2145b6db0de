"""The canonical form of a row: a JSON array of texts and nulls, without spaces, which is what seals cover.

The first element names the source and its layout (`event@1f2e…`), the others are the row's columns in the layout's
order. PostgreSQL writes the form itself, in one expression; on SQLite, Python writes the same. docs/audit-format.md
describes it for readers who have neither.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Field, Model

from accounts.audit.offline.verify_audit import compact

# Django's names of field types → the types of the canonical form.
_TYPES = {
    "AutoField": "integer",
    "BigAutoField": "integer",
    "BigIntegerField": "integer",
    "IntegerField": "integer",
    "PositiveIntegerField": "integer",
    "PositiveBigIntegerField": "integer",
    "SmallIntegerField": "integer",
    "PositiveSmallIntegerField": "integer",
    "CharField": "text",
    "TextField": "text",
    "EmailField": "text",
    "BooleanField": "boolean",
    "UUIDField": "uuid",
    "DateTimeField": "time",
    "GenericIPAddressField": "address",
    "JSONField": "json",
}
_IN_POSTGRESQL = {
    "integer": "{0}::text",
    "text": "{0}::text",
    "boolean": "{0}::text",
    "uuid": "{0}::text",
    "time": """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
    "address": "host({0})",
    "json": "{0}::text",
}


@dataclass(frozen=True)
class Layout:
    """Which columns of a source are sealed, as (column, type), the primary key first."""

    source: str
    columns: tuple[tuple[str, str], ...]

    @property
    def names(self) -> list[str]:
        """The columns as they are stored and exported: `name:type`."""
        return [f"{column}:{kind}" for column, kind in self.columns]

    @property
    def digest(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of `names`."""
        return sha256(compact(self.names).encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """What the canonical form begins with."""
        return f"{self.source}@{self.digest}"


def layout_of(source: str, model: type[Model]) -> Layout:
    """The layout that a model's columns have now.

    Raises:
        TypeError: a column's type has no canonical form.
    """
    columns = model._meta.concrete_fields  # noqa: SLF001 Django documents it
    fields = sorted(columns, key=lambda field: not field.primary_key)
    return Layout(source, tuple((str(field.column), _type_of(field)) for field in fields))


def layout_from(source: str, names: Sequence[str]) -> Layout:
    """The layout that was stored as `name:type`."""
    pairs = [name.rsplit(":", 1) for name in names]
    return Layout(source, tuple((column, kind) for column, kind in pairs))


def _type_of(field: "Field[Any, Any]") -> str:
    try:
        return _TYPES[field.get_internal_type()]
    except KeyError:
        raise TypeError(f"{field.model.__name__}.{field.name}: {field.get_internal_type()} cannot be sealed.") from None


def sql(layout: Layout, quote: Callable[[str], str], table: str) -> str:
    """PostgreSQL's expression of the canonical form of a row of `table`."""
    values = [_IN_POSTGRESQL[kind].format(f"{table}.{quote(column)}") for column, kind in layout.columns]
    return f"array_to_json(ARRAY['{layout.name}', {', '.join(values)}])::text"


def row(layout: Layout, values: Sequence[Any]) -> str:
    """The canonical form of a row whose columns have these values, as Django reads them."""
    texts = [
        None if value is None else _text(value, kind) for value, (_, kind) in zip(values, layout.columns, strict=True)
    ]
    return compact([layout.name, *texts])


def _text(value: Any, kind: str) -> str:
    if kind == "json":
        return json_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return time_text(value)
    return str(value)


def time_text(time: datetime) -> str:
    """UTC with microseconds: 2026-11-21T15:30:00.000001Z."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def json_text(value: Any) -> str:
    """JSON as jsonb prints it: shorter keys first, then bytewise; `, ` and `: ` between; numbers as plain decimals."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return "{" + ", ".join(f"{_quoted(key)}: {json_text(value[key])}" for key in keys) + "}"
        case list() | tuple():
            return "[" + ", ".join(json_text(item) for item in value) + "]"
        case float():
            return format(Decimal(repr(value)), "f")
        case str() | UUID():
            return _quoted(str(value))
        case _:
            return json.dumps(value)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
