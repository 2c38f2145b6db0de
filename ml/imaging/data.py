"""Pictures with known outcomes: from a folder with a subfolder per outcome, a manifest, or BreastMNIST's file."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.reading import SUFFIXES, PictureError, read_picture

LABELS = {
    "benign": LESION,
    "malignant": MALIGNANT,
    "cancer": MALIGNANT,
    "normal": CLEAR,
    "clear": CLEAR,
}
HELD_BACK = {"test", "heldout", "held-out", "held_out"}
MASK_SUFFIX = "_mask"  # files that hold a lesion's outline, not a picture

Progress = Callable[[int, int], None]


class DataError(ValueError):
    """A data set can't be used; the text says which file and why."""


@dataclass(frozen=True)
class PictureSet:
    """Pictures with their outcomes.

    Attributes:
        pictures: display pixels, uint8, (h, w) or (h, w, 3) each.
        labels: `(n,)`: benign lesion, malignant or no lesion, as `networks.CLASSES`.
        names: of the files, for reports.
        groups: `(n,)`, pictures that must stay together (a patient's), or None.
        source: where they came from.
        skipped: files left out, with the reason.
    """

    pictures: Sequence[NDArray[np.uint8]]
    labels: NDArray[np.int64]
    names: tuple[str, ...]
    groups: NDArray[np.int64] | None
    source: str
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def outcomes(self) -> NDArray[np.int64]:
        """`(n,)`: 1 malignant, 0 not."""
        return np.asarray(self.labels == MALIGNANT, dtype=np.int64)

    @property
    def sha256(self) -> str:
        """Over names, outcomes and pixels."""
        digest = hashlib.sha256()
        for name, label, picture in zip(self.names, self.labels.tolist(), self.pictures, strict=True):
            digest.update(f"{name}\0{label}\0{picture.shape}\0".encode())
            digest.update(np.ascontiguousarray(picture).tobytes())
        return digest.hexdigest()

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> PictureSet:
        """The chosen pictures."""
        chosen = np.arange(len(self.labels))[rows]
        return PictureSet(
            pictures=[self.pictures[row] for row in chosen],
            labels=self.labels[chosen],
            names=tuple(self.names[row] for row in chosen),
            groups=None if self.groups is None else self.groups[chosen],
            source=self.source,
            skipped=self.skipped,
        )

    def without(self, names: Sequence[str]) -> PictureSet:
        """All but the pictures of these file names.

        Raises:
            DataError: when a name is not there.
        """
        unknown = sorted(set(names) - {Path(name).name for name in self.names})
        if unknown:
            raise DataError(f"no picture is named {unknown[0]!r}")
        return self.select(np.array([Path(name).name not in names for name in self.names]))


def read_pictures(path: Path, progress: Progress | None = None) -> PictureSet:
    """Read a folder, a manifest (.csv) or an array file (.npz).

    Raises:
        DataError: when nothing usable is there, or an outcome is unknown.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file or folder")
    if path.is_dir():
        entries, skipped = _folder_entries(path)
    elif path.suffix.lower() == ".npz":
        return _array_file(path)
    elif path.suffix.lower() == ".csv":
        entries, skipped = _manifest_entries(path), {}
    else:
        raise DataError(f"{path}: expected a folder with a subfolder per outcome, a manifest (.csv) or an .npz file")
    return _read_entries(path, entries, skipped, progress)


@dataclass(frozen=True)
class _Entry:
    path: Path
    label: str
    group: str


def _folder_entries(folder: Path) -> tuple[list[_Entry], dict[str, str]]:
    """Every picture below a subfolder named after an outcome, in the order of the names; other folders of pictures."""
    entries: list[_Entry] = []
    skipped: dict[str, str] = {}
    for below in sorted(path for path in folder.iterdir() if path.is_dir()):
        found = [
            _Entry(path, below.name, "")
            for path in sorted(below.rglob("*"))
            if path.suffix.lower() in SUFFIXES and not path.stem.endswith(MASK_SUFFIX)
        ]
        if below.name.strip().lower() in LABELS:
            entries += found
        elif found:
            skipped[str(below)] = f"{len(found)} pictures in a folder that isn't named benign, malignant or normal"
    if not entries:
        others = f"; there are pictures in {', '.join(Path(name).name for name in skipped)}" if skipped else ""
        raise DataError(f"{folder}: no pictures in subfolders named benign, malignant or normal{others}")
    return entries, skipped


def _manifest_entries(path: Path) -> list[_Entry]:
    """Rows of a manifest with the columns path and label, and perhaps group (or patient) and split.

    Rows of a test split are held back.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                {key.strip().lower(): (value or "").strip() for key, value in row.items() if key is not None}
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: the manifest can't be read ({error})") from error
    if not rows or not {"path", "label"} <= rows[0].keys():
        raise DataError(f"{path}: a manifest needs a first line that names the columns path and label, and rows")
    return [
        _Entry(path.parent / row["path"], row["label"], row.get("group", "") or row.get("patient", ""))
        for row in rows
        if row.get("split", "").lower() not in HELD_BACK
    ]


def _read_entries(path: Path, entries: list[_Entry], skipped: dict[str, str], progress: Progress | None) -> PictureSet:
    pictures, labels, names, groups = [], [], [], []
    for done, entry in enumerate(entries, start=1):
        label = LABELS.get(entry.label.strip().lower())
        if label is None:
            raise DataError(f"{entry.path}: unknown outcome {entry.label!r}; use benign, malignant or normal")
        try:
            pictures.append(read_picture(entry.path).pixels)
        except PictureError as error:
            skipped[str(entry.path)] = str(error)
            continue
        labels.append(label)
        names.append(f"{entry.label}/{entry.path.name}")
        groups.append(entry.group or f"\0{entry.path}")
        if progress is not None:
            progress(done, len(entries))
    if not pictures:
        raise DataError(f"{path}: none of the {len(entries)} pictures can be read")
    given = np.unique(groups, return_inverse=True)[1] if any(entry.group for entry in entries) else None
    return PictureSet(pictures, np.array(labels, dtype=np.int64), tuple(names), given, path.name, skipped)


def _array_file(path: Path) -> PictureSet:
    """MedMNIST's form: `train_images`, `train_labels`, `val_…`; 0 is malignant, 1 benign or normal; not the test."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            parts = [part for part in ("train", "val") if f"{part}_images" in arrays]
            pictures = [arrays[f"{part}_images"] for part in parts]
            codes = [arrays[f"{part}_labels"].ravel() for part in parts]
    except KeyError as error:
        raise DataError(f"{path}: {error.args[0]}; each array of images needs one of labels") from error
    except (OSError, ValueError, BadZipFile) as error:
        raise DataError(f"{path}: not a readable array file, as numpy.savez writes it") from error
    if not parts:
        raise DataError(f"{path}: the file needs the arrays train_images and train_labels")
    for part, images, own in zip(parts, pictures, codes, strict=True):
        if images.ndim == 0 or len(images) != len(own):
            raise DataError(
                f"{path}: {part}_images has shape {images.shape} and {part}_labels {len(own)} values; each picture "
                "needs one label"
            )
    try:
        stacked = np.concatenate(pictures)
    except ValueError as error:
        raise DataError(f"{path}: the pictures of {' and '.join(parts)} differ in size") from error
    if stacked.dtype != np.uint8 or stacked.ndim not in {3, 4}:
        raise DataError(
            f"{path}: pictures must be 8-bit, (n, h, w) or (n, h, w, 3), not {stacked.dtype} {stacked.shape}"
        )
    labels = np.where(np.concatenate(codes) == 0, MALIGNANT, LESION).astype(np.int64)
    names = tuple(f"{part}/{row}" for part, chunk in zip(parts, codes, strict=True) for row in range(len(chunk)))
    return PictureSet(list(stacked), labels, names, None, path.name)
