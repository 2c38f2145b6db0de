"""Writing a package's files in their order, and what must agree between them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator

from ml.packaging.archive import archive
from ml.packaging.card import data_card
from ml.packaging.croissant import croissant
from ml.packaging.description import SetDescription
from ml.packaging.manifest import ARCHIVE, CARD, CHECKSUMS, CROISSANT, PASSPORT, Manifest
from ml.packaging.sinks import Sink, StoredFile


class ChangedMeanwhile(Exception):
    """Files of an earlier attempt, or of another release of this program, are not what would be written now."""


class Packing:
    """The files of one package, as they are written."""

    def __init__(self, description: SetDescription, sink: Sink) -> None:
        self._description = description
        self._sink = sink
        self._files: dict[str, StoredFile] = {}
        self._documents: dict[str, bytes] = {}
        self._changed = False

    def add(self, name: str, render: Callable[[], bytes]) -> None:
        """Writes a file that can be made anew at any time, unless the sink has it."""
        self._files[name] = self._sink.has(name) or self._write(name, [render()])

    def add_whole(self, name: str, data: bytes) -> None:
        """Writes a file that is small enough to be kept for the archive, unless the sink has this very one."""
        there = self._sink.has(name)
        same = there is not None and there.sha256 == hashlib.sha256(data).hexdigest()
        self._files[name] = there if there and same else self._write(name, [data])
        self._documents[name] = data

    def finish(self, rendered: Iterable[tuple[str, bytes]]) -> Manifest:
        """Writes documents, checksums and the archive.

        Args:
            rendered: what `add` was given, made anew, in any order.

        Raises:
            ChangedMeanwhile: something is not the same as when it was added.
        """
        text = json.dumps(self._description.passport, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
        self.add_whole(PASSPORT, f"{text}\n".encode())
        self.add_whole(CARD, data_card(self._description, self._files))
        self.add_whole(CROISSANT, croissant(self._description, self._files))
        self.add_whole(CHECKSUMS, self._checksums())
        # An archive that is there holds these files only if none of them had to be written.
        archived = None if self._changed else self._sink.has(ARCHIVE)
        if archived is None:
            archived = self._write(ARCHIVE, archive(self._all(rendered), self._description.date))
        return Manifest((*self._files.values(), archived))

    def _write(self, name: str, data: Iterable[bytes]) -> StoredFile:
        self._changed = True
        return self._sink.write(name, data)

    def _all(self, rendered: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
        yield from self._documents.items()
        for name, data in rendered:
            if hashlib.sha256(data).hexdigest() != self._files[name].sha256:
                raise ChangedMeanwhile(name)
            yield name, data

    def _checksums(self) -> bytes:
        """What `sha256sum --check` reads: all files but itself and the archive, which contains it."""
        return "".join(f"{file.sha256}  {name}\n" for name, file in sorted(self._files.items())).encode()
