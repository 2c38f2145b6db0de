"""Where a package's files go: a folder here, a bucket on the site."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_CHUNK = 2**20


@dataclass(frozen=True)
class StoredFile:
    """A file of the package, as it lies in the sink."""

    name: str  # within the package, with forward slashes
    bytes: int
    sha256: str


class Sink(Protocol):
    """Takes files one after another. What it raises stops the packing, which can be taken up again later."""

    def has(self, name: str) -> StoredFile | None:
        """What lies there under this name, whole; None when nothing does."""

    def write(self, name: str, data: Iterable[bytes]) -> StoredFile:
        """Stores a file piece by piece: whole or, when the pieces raise, not at all. It replaces what was there."""


class FolderSink:
    """Files below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, name: str) -> StoredFile | None:
        """See Sink."""
        try:
            with (self._folder / name).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
                return StoredFile(name, file.tell(), digest.hexdigest())
        except FileNotFoundError:
            return None

    def write(self, name: str, data: Iterable[bytes]) -> StoredFile:
        """See Sink."""
        target = self._folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        pieces = HashedPieces(data)
        try:
            with partial.open("wb", buffering=_CHUNK) as file:
                for piece in pieces:
                    file.write(piece)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return pieces.stored(name)


class HashedPieces:
    """Pieces on their way into a sink, counted and hashed as they pass."""

    def __init__(self, data: Iterable[bytes]) -> None:
        self._pieces = iter(data)
        self._digest = hashlib.sha256()
        self._bytes = 0

    def __iter__(self) -> HashedPieces:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self._digest.update(piece)
        self._bytes += len(piece)
        return piece

    def stored(self, name: str) -> StoredFile:
        """What has passed so far, as a file of this name."""
        return StoredFile(name, self._bytes, self._digest.hexdigest())
