"""What a released set is, in words: the part of a package that no file can be made without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final, Literal

from ml.release.passport import Passport, Provenance

Kind = Literal["image", "fna"]

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,47}")
_CLASS: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_VERSION: Final = re.compile(r"\d+(\.\d+){0,2}")


@dataclass(frozen=True)
class SetDescription:
    """A synthetic set, as its data card, its Croissant metadata and its DICOM headers tell it.

    Raises ValueError for what could not be written: see the fields.
    """

    identifier: str
    """Stable and public, 1 … 48 letters, digits and hyphens: the start of every PatientID."""
    title: str
    version: str
    """1, 1.2 or 1.2.3."""
    description: str
    licence: str
    """An SPDX identifier (CC-BY-4.0) or a URL."""
    citation: str
    creator: str
    """The institution that releases the set."""
    date: date
    """Of the release: it stands in the files, so that the same set gives the same bytes on any day."""
    kind: Kind
    classes: tuple[str, ...]
    """In the order of the labels; lower-case words, since folders are named after them."""
    counts: Mapping[str, int]
    """How many of each class."""
    passport: Mapping[str, Any]
    """The release gate's figures, as `ml.release` writes them."""
    derived_from_patients: bool
    """Whether each picture was made out of a picture of a patient (CycleGAN): de-identified at best."""
    visible_mark: bool
    """Whether the word SYNTHETIC is written into the pictures."""
    source_words: str
    """What the generator was trained on, in words that name no patient."""
    url: str
    """The set's page."""

    def __post_init__(self) -> None:
        if not _IDENTIFIER.fullmatch(self.identifier):
            raise ValueError(f"identifier: expected 1 to 48 letters, digits and hyphens, got {self.identifier!r}")
        if not _VERSION.fullmatch(self.version):
            raise ValueError(f"version: expected a number like 1 or 1.2.3, got {self.version!r}")
        unusable = [name for name in self.classes if not _CLASS.fullmatch(name)]
        if unusable or not self.classes:
            raise ValueError(f"classes: expected lower-case words that can name a folder, got {self.classes!r}")
        if set(self.counts) - set(self.classes):
            raise ValueError(f"counts: {sorted(set(self.counts) - set(self.classes))} are not among the classes")
        empty = [name for name in ("title", "description", "licence", "creator", "url") if not getattr(self, name)]
        if empty:
            raise ValueError(f"a set cannot be released without: {', '.join(empty)}")
        self.read_passport()

    def read_passport(self) -> Passport:
        """The passport; ValueError when it is none."""
        return Passport.from_dict(self.passport)

    @cached_property
    def provenance(self) -> Provenance:
        """How the set was made, from its passport."""
        return self.read_passport().provenance

    @property
    def nature(self) -> str:
        """What the records are, in a sentence that stands in every file. ASCII, as PNG and DICOM headers want it."""
        thing = "picture" if self.kind == "image" else "row"
        if self.derived_from_patients:
            return (
                f"Synthetic: derived from patients' {thing}s. A generative model changed a {thing} of a patient into "
                "this one; it is de-identified at best, never anonymous."
            )
        return f"Synthetic: drawn by a generative model. This {thing} is of no patient."

    @property
    def total(self) -> int:
        """How many pictures, or rows, there are."""
        return sum(self.counts.values())

    @property
    def semantic_version(self) -> str:
        """The version with three parts, as Croissant wants it."""
        return ".".join([*self.version.split("."), "0", "0"][:3])
