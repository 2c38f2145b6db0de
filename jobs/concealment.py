"""Jobs about what a person must not see: the apps that hold patients' data say which they are."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

# Answers the keys of the jobs to hide from a person, or None where nothing is hidden from them.
Concealer = Callable[[Any], "QuerySet[Any, Any] | None"]

_concealers: list[Concealer] = []


def register(concealer: Concealer) -> Concealer:
    """Has the function hide jobs from people; done once, when the app is ready."""
    if concealer not in _concealers:
        _concealers.append(concealer)
    return concealer


def concealed_from(user: Any) -> "list[QuerySet[Any, Any]]":
    """The keys of the jobs that this person must not see."""
    return [keys for concealer in _concealers if (keys := concealer(user)) is not None]
