"""Kept records in the phi storage."""

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from django.core.files import File
from django.core.files.storage import storages

from synthesis.models import SourceDataset
from synthesis.records import tables
from synthesis.records.tables import FnaRecords

if TYPE_CHECKING:
    from ml.imaging.data import PictureSet


class DamagedRecords(Exception):
    """A source's object is missing or not the one that was stored."""


def keep(path: Path, name: str) -> str:
    """Stores the kept form at `path` under `name`; returns its SHA-256."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        storages["phi"].save(name, File(file))
    return sha256


def table_of(source: SourceDataset) -> FnaRecords:
    """The measurements of an FNA source.

    Raises:
        DamagedRecords: its object is missing or damaged.
    """
    with _local(source) as path:
        return tables.from_kept_form(path.read_bytes())


@contextmanager
def pictures_of(source: SourceDataset, classes: Sequence[str]) -> "Iterator[PictureSet]":
    """The pictures that a picture source has of these classes, to be read inside the block.

    Raises:
        DamagedRecords: its object is missing or damaged.
    """
    from synthesis.records import pictures  # noqa: PLC0415 brings torch, which few processes need

    with _local(source) as path, path.open("rb") as file:
        yield pictures.from_kept_form(file, source.name, classes)


@contextmanager
def _local(source: SourceDataset) -> Iterator[Path]:
    """The source's object as a file that is checked against its SHA-256 and gone after the block."""
    with TemporaryDirectory(prefix="lobule-source-") as folder:
        path = Path(folder) / "records"
        try:
            with storages["phi"].open(source.object_name) as stored, path.open("wb") as copy:
                shutil.copyfileobj(stored, copy)
        except FileNotFoundError as error:
            raise DamagedRecords(str(source.public_id)) from error
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != source.sha256:
                raise DamagedRecords(str(source.public_id))
        yield path
