"""What a package consists of, once it is packed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from ml.packaging.sinks import StoredFile

ARCHIVE: Final = "set.zip"
CARD: Final = "data-card.md"
CHECKSUMS: Final = "checksums.sha256"
CROISSANT: Final = "croissant.json"
LABELS: Final = "labels.csv"
PASSPORT: Final = "passport.json"
TABLE: Final = "data.csv"

_MEDIA_TYPES: Final = {
    ".csv": "text/csv",
    ".dcm": "application/dicom",
    ".json": "application/json",
    ".md": "text/markdown",
    ".png": "image/png",
    ".sha256": "text/plain",
    ".zip": "application/zip",
}


@dataclass(frozen=True)
class Manifest:
    """Every file of the package, the archive last."""

    files: tuple[StoredFile, ...]

    @property
    def bytes(self) -> int:
        """What all files take."""
        return sum(file.bytes for file in self.files)

    def file(self, name: str) -> StoredFile:
        """The file of that name; KeyError when the package has none."""
        for file in self.files:
            if file.name == name:
                return file
        raise KeyError(name)


def media_type(name: str) -> str:
    """The media type of a package's file, by its name."""
    return _MEDIA_TYPES[PurePosixPath(name).suffix]
