"""Pictures with their class as they are kept: a ZIP archive of grey PNG files and a list of them.

A picture's name in it is a number, its patient a number too: what the upload called them is left behind. Pictures are
kept no larger than synthesis can use.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self, overload
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.imaging.data import LABELS, PictureSet
from ml.imaging.preprocessing import grey

LARGEST_SIDE = 512  # four times the largest pictures that are made
LIST = "pictures.csv"
_DATE = (1980, 1, 1, 0, 0, 0)  # the same pictures give the same bytes on any day


class PictureWriter:
    """Writes kept pictures one by one, so that a set of any size needs the memory of one."""

    def __init__(self, path: Path) -> None:
        self._archive = ZipFile(path, "x", ZIP_STORED)
        self._rows: list[tuple[str, str, int]] = []
        self._patients: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write_list()
        self._archive.close()

    def add(self, picture: NDArray[np.uint8], label: str, patient: str) -> None:
        """One picture, (h, w) or (h, w, 3) display values; `patient` is empty where it is not known."""
        image = Image.fromarray(grey(picture))
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BILINEAR)
        data = io.BytesIO()
        image.save(data, format="PNG")
        name = f"{len(self._rows):06d}.png"
        # Without a patient a picture is alone; near duplicates are found again before a division.
        number = self._patients.setdefault(patient or f"\0{name}", len(self._patients))
        self._archive.writestr(ZipInfo(name, _DATE), data.getvalue())
        self._rows.append((name, label, number))

    @property
    def counts(self) -> dict[str, int]:
        """Pictures of each class so far."""
        labels = [label for _, label, _ in self._rows]
        return {label: labels.count(label) for label in sorted(set(labels))}

    @property
    def patients(self) -> int | None:
        """How many patients the pictures are of; None unless the upload said so of each picture."""
        known = [patient for patient in self._patients if not patient.startswith("\0")]
        return len(known) if known and len(known) == len(self._patients) else None

    def _write_list(self) -> None:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["name", "label", "patient"])
        writer.writerows(self._rows)
        self._archive.writestr(ZipInfo(LIST, _DATE), out.getvalue())


class _Pictures(Sequence[NDArray[np.uint8]]):
    """The pictures of an archive, each decoded when it is asked for."""

    def __init__(self, archive: ZipFile, names: Sequence[str]) -> None:
        self._archive, self._names = archive, names

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, index: slice) -> "Sequence[NDArray[np.uint8]]": ...
    def __getitem__(self, index: int | slice) -> "NDArray[np.uint8] | Sequence[NDArray[np.uint8]]":
        if isinstance(index, slice):
            return _Pictures(self._archive, self._names[index])
        with self._archive.open(self._names[index]) as file, Image.open(file) as image:
            return np.asarray(image)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[index] for index in range(len(self)))


def from_kept_form(file: IO[bytes], source: str, classes: Sequence[str]) -> PictureSet:
    """What `PictureWriter` wrote; the pictures are decoded as they are asked for, from `file`, which stays open.

    Args:
        file: opened for reading, seekable.
        source: what to call the set.
        classes: whose pictures to give.
    """
    archive = ZipFile(file)
    rows = [row for row in csv.reader(io.StringIO(archive.read(LIST).decode())) if row[1] in classes]
    names, labels, patients = zip(*rows, strict=True)
    return PictureSet(
        pictures=_Pictures(archive, names),
        labels=np.array([LABELS[label] for label in labels], dtype=np.int64),
        names=names,
        groups=np.array([int(patient) for patient in patients], dtype=np.int64),
        source=source,
    )
