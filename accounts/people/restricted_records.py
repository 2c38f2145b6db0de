"""Where restricted records lie: the app that holds patients' data says so here, accounts knows none of it."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import User


@dataclass(frozen=True)
class RestrictedRecord:
    """A record that a person does not see; `kind` is what it is, in words, and names no patient."""

    pseudonym: str
    kind: str


@dataclass(frozen=True)
class Holder:
    """How restricted records are found, and where a person who may see one finds it."""

    hidden_with_number: Callable[[User, str], list[RestrictedRecord]]
    page_of: Callable[[User, str], str]


_holders: list[Holder] = []


def register(holder: Holder) -> None:
    """Tells of records that may be restricted; called once, when the app is ready."""
    if holder not in _holders:
        _holders.append(holder)


def hidden_with_number(user: User, number: str) -> list[RestrictedRecord]:
    """The records of this hospital number that are restricted and that the person does not see."""
    return [record for holder in _holders for record in holder.hidden_with_number(user, number)]


def page_of(user: User, pseudonym: str) -> str:
    """The URL of the record's page; empty where the person does not see it."""
    return next(filter(None, (holder.page_of(user, pseudonym) for holder in _holders)), "")
