"""The package as one ZIP file, made piece by piece.

Its entries bear the set's date, so that the same set gives the same bytes. (zipstream-ng stamps entries that do not
come from a file with the clock's time; the standard library's writer takes any output that it need not rewind.)
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import PurePosixPath
from typing import Final

_COMPRESSED_ALREADY: Final = frozenset({".png"})
_READABLE: Final = 0o644 << 16  # the file's mode, as Unix archives tell it


def archive(files: Iterable[tuple[str, bytes]], day: date) -> Iterator[bytes]:
    """A ZIP file of files given one after another, in pieces; of the files it keeps only what its directory needs."""
    output = _Pieces()
    with zipfile.ZipFile(output, "w") as writer:
        for name, data in files:
            writer.writestr(_entry(name, day), data)
            yield output.taken()
    yield output.taken()


def _entry(name: str, day: date) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, (day.year, day.month, day.day, 0, 0, 0))
    stored = PurePosixPath(name).suffix in _COMPRESSED_ALREADY
    entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    entry.create_system = 3  # Unix, whatever this is
    entry.external_attr = _READABLE
    return entry


class _Pieces(io.RawIOBase):
    """An output that cannot rewind and whose content is taken away as it comes."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._waiting += data
        return len(data)

    def taken(self) -> bytes:
        piece = bytes(self._waiting)
        self._waiting.clear()
        return piece
