"""Which rows leave a history, and reading it.

An app names its models with `track`; PostgreSQL's triggers then keep every change of their rows, whoever makes it:
`save`, `update`, bulk operations, raw SQL, a superuser's shell.
"""

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Field, Model, QuerySet
from django.db.models.options import Options

from accounts.models import (
    AccessRules,
    ApiToken,
    AuditAlert,
    DailyReview,
    EmergencyAccess,
    Institution,
    Invitation,
    LegalHold,
    RowChange,
    SingleSignOn,
    UnusualAccess,
    User,
)


@dataclass(frozen=True)
class Tracked:
    """One table whose changes are kept.

    `secret` columns leave only the fact that they changed. `digested` columns are large: an added row leaves their
    SHA-256 (the row itself holds the value), a change or deletion leaves the old value in full. `ignored` columns
    leave nothing.
    """

    table: str
    key: str
    secret: tuple[str, ...] = ()
    digested: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


_tracked: dict[str, Tracked] = {}


def track(
    *models: type[Model],
    key: str = "",
    secret: tuple[str, ...] = (),
    digested: tuple[str, ...] = (),
    ignored: tuple[str, ...] = (),
) -> None:
    """Has the changes of these models' rows kept from the next `migrate` on.

    Args:
        key: the field that names a row, where the primary key is itself a secret.

    Raises:
        FieldDoesNotExist: a model has no such field.
        TypeError: the field is no column of its table.
    """
    for model in models:
        meta = _options(model)
        _tracked[meta.db_table] = Tracked(
            table=meta.db_table,
            key=_column(model, key or str(meta.pk.name)),
            secret=tuple(_column(model, name) for name in secret),
            digested=tuple(_column(model, name) for name in digested),
            ignored=tuple(_column(model, name) for name in ignored),
        )


def tracked() -> list[Tracked]:
    """Every table whose changes are kept."""
    return sorted(_tracked.values(), key=lambda one: one.table)


def is_tracked(table: str) -> bool:
    """Whether the changes of this table's rows are kept."""
    return table in _tracked


def changes_of(row: Model) -> QuerySet[RowChange]:
    """A row's changes, newest first. For those who were given the row itself: the values are not filtered.

    Empty on SQLite, which keeps no history of rows.
    """
    meta = _options(type(row))
    kept = _tracked.get(meta.db_table)
    if kept is None:
        raise LookupError(f"No history is kept of {meta.label}.")
    field = next(field for field in meta.concrete_fields if field.column == kept.key)
    return RowChange.objects.filter(table_name=kept.table, row_id=str(field.value_from_object(row)))


def _column(model: type[Model], name: str) -> str:
    field = _options(model).get_field(name)
    if not isinstance(field, Field) or field.column is None:
        raise TypeError(f"{name} of {model.__name__} has no column of its own.")
    return str(field.column)


def _options(model: type[Model]) -> "Options[Any]":
    return model._meta  # noqa: SLF001 part of Django's documented interface, underscore and all


track(Institution, AccessRules, AuditAlert, EmailAddress, EmergencyAccess, LegalHold)
track(User, secret=("password",), ignored=("last_login",))
track(ApiToken, key="public_id", secret=("digest", "token_key"), ignored=("last_used_at",))
track(Invitation, secret=("token_sha256",))
track(SingleSignOn, secret=("client_secret",))
track(Authenticator, secret=("data",), ignored=("last_used_at",))
track(SocialAccount, secret=("extra_data",), ignored=("last_login",))
track(UnusualAccess, digested=("events",))
# What is counted anew every hour is no decision.
track(DailyReview, ignored=("event_count", "patient_count", "person_count", "computed_at"))
