"""What the trail's readers may ask about patients, of whom this app knows nothing but pseudonyms.

The app that keeps patients registers a source when it starts. Its answers are pseudonyms and people's IDs, never a
patient's name or number.
"""

from collections.abc import Collection, Mapping
from typing import Protocol

from accounts.models import Institution


class PatientSource(Protocol):
    """What an app that keeps patients answers."""

    def find(self, institution: Institution, number: str) -> list[str]:
        """The pseudonyms of the institution's patients and samples with exactly this number."""

    def aliases(self, institution: Institution, pseudonym: str) -> set[str]:
        """All pseudonyms under which the patient stands in the institution's trail, this one among them."""

    def named_like(
        self, institution: Institution, pseudonyms: Collection[str], people: Mapping[str, str]
    ) -> dict[str, list[str]]:
        """By pseudonym, the IDs of those of `people` (name by ID) whose name the patient has."""


_sources: list[PatientSource] = []


def register(source: PatientSource) -> None:
    """Adds a source; once each."""
    if source not in _sources:
        _sources.append(source)


def find(institution: Institution, number: str) -> list[str]:
    """The pseudonyms of patients and samples with this number, without repetition."""
    wanted = number.strip()
    found = (pseudonym for source in _sources for pseudonym in source.find(institution, wanted)) if wanted else ()
    return list(dict.fromkeys(found))


def aliases(institution: Institution, pseudonym: str) -> set[str]:
    """All pseudonyms of the patient who stands under this one in the trail."""
    return {pseudonym}.union(*(source.aliases(institution, pseudonym) for source in _sources))


def named_like(
    institution: Institution, pseudonyms: Collection[str], people: Mapping[str, str]
) -> dict[str, list[str]]:
    """By pseudonym, the IDs of the people whose name the patient has."""
    named: dict[str, list[str]] = {}
    for source in _sources:
        named |= source.named_like(institution, pseudonyms, people)
    return named
