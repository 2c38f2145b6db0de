"""What is sealed: the audit events, and whatever append-only tables register themselves."""

import re
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Model, QuerySet
from django.db.models.options import Options

from accounts.audit.canonical import Layout, layout_of

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Source:
    """One append-only table, under the name that its seals carry for ever."""

    name: str
    model: type[Model]

    @cached_property
    def layout(self) -> Layout:
        """The columns that are sealed from now on."""
        return layout_of(self.name, self.model)

    @property
    def rows(self) -> "QuerySet[Model]":
        """All rows, whatever a default manager would hide."""
        return self.model._base_manager.all()  # noqa: SLF001 Django documents it

    @property
    def _meta(self) -> "Options[Model]":
        return self.model._meta  # noqa: SLF001 Django documents it

    @property
    def fields(self) -> dict[str, str]:
        """The names under which Django reads the columns."""
        return {str(field.column): str(field.attname) for field in self._meta.concrete_fields}

    @property
    def table(self) -> str:
        """The table's name in the database."""
        return str(self._meta.db_table)

    @property
    def key(self) -> str:
        """The primary key's column."""
        return str(self._meta.pk.column)


_sources: dict[str, Source] = {}


def register(name: str, model: type[Model]) -> None:
    """Has a model's rows sealed from now on.

    The model has an integer primary key that grows, and `transaction_id` (see `CurrentTransaction`) with an index.
    Its rows are never changed; columns may be added later if they stay null in the rows that are there.

    Raises:
        ValueError: another model has that name, or the name has other characters than a–z, 0–9 and hyphens.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r}: expected up to 40 of a–z, 0–9 and hyphens.")
    if _sources.setdefault(name, Source(name, model)).model is not model:
        raise ValueError(f"{name!r} is already the source {_sources[name].model.__name__}.")


def all_sources() -> list[Source]:
    """Every source, by name."""
    return [_sources[name] for name in sorted(_sources)]


def source(name: str) -> Source | None:
    """The source of that name, or None when no code of this release registers it."""
    return _sources.get(name)
