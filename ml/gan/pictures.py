"""Labelled pictures as the generators learn and draw them: grey squares with a class each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.imaging.data import PictureSet
from ml.imaging.division import grouped_folds
from ml.imaging.duplicates import contradictory, near_duplicate_groups
from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.preprocessing import canvases

CLASS_NAMES = {LESION: "benign", MALIGNANT: "malignant", CLEAR: "normal"}
_FOLDS = 10


@dataclass(frozen=True)
class LabelledPictures:
    """Grey squares with a class each.

    Attributes:
        pixels: `(n, 1, size, size)` uint8.
        labels: `(n,)` int64, indices into `classes`.
        classes: names, such as `("benign", "malignant")`.
    """

    pixels: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size(self) -> int:
        """The pictures' side in pixels."""
        return int(self.pixels.shape[-1])

    @property
    def counts(self) -> dict[str, int]:
        """How many pictures of each class."""
        found = torch.bincount(self.labels, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, found, strict=True))

    @cached_property
    def sha256(self) -> str:
        """Over classes, labels and pixels."""
        digest = hashlib.sha256("\0".join((*self.classes, str(tuple(self.pixels.shape)))).encode())
        digest.update(self.labels.numpy().tobytes())
        digest.update(self.pixels.contiguous().numpy().tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class TrainingPictures(LabelledPictures):
    """Real pictures to learn from.

    Attributes:
        groups: `(n,)`, pictures of one patient or near duplicates, which never lie on both sides of a division.
    """

    groups: NDArray[np.int64]

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> TrainingPictures:
        """The chosen pictures."""
        chosen = np.arange(len(self))[rows]
        at = torch.from_numpy(chosen)
        return TrainingPictures(self.pixels[at], self.labels[at], self.classes, self.groups[chosen])


def training_pictures(pictures: PictureSet, size: int) -> TrainingPictures:
    """Grey squares of a set's pictures, their contents cut out as the classifiers do; near duplicates grouped.

    Identical pictures that stand under two labels are left out.

    Raises:
        ValueError: when nothing is left.
    """
    squares = canvases(pictures.pictures, size)
    kept = ~contradictory(squares, pictures.labels)
    if not kept.any():
        raise ValueError("no picture is left: each one stands, identical, under two labels")
    groups = near_duplicate_groups(squares, pictures.groups)[kept]
    codes = pictures.labels[kept]
    there = [code for code in CLASS_NAMES if (codes == code).any()]
    labels = torch.from_numpy(np.searchsorted(there, codes).astype(np.int64))
    return TrainingPictures(squares[torch.from_numpy(kept)], labels, tuple(CLASS_NAMES[code] for code in there), groups)


def divide(
    pictures: TrainingPictures, holdout: float = 0.3, seed: int = 0
) -> tuple[TrainingPictures, TrainingPictures]:
    """Pictures to learn from and pictures held out: classes in proportion, groups whole.

    Raises:
        ValueError: when a class has too few groups.
    """
    labels = pictures.labels.numpy()
    fewest = min(len(np.unique(pictures.groups[labels == label])) for label in np.unique(labels))
    folds = min(_FOLDS, fewest)
    if folds < 2:
        raise ValueError("a class has only one patient or group of near duplicates: nothing can be held out of it")
    taken = min(max(round(holdout * folds), 1), folds - 1)
    held = np.concatenate([test for _, test in grouped_folds(labels, pictures.groups, folds, seed)[:taken]])
    out = np.zeros(len(labels), dtype=np.bool_)
    out[held] = True
    return pictures.select(~out), pictures.select(out)


def to_range(pixels: Tensor) -> Tensor:
    """uint8 pixels as the networks take them: float32 in [-1, 1]."""
    return pixels.float() / 127.5 - 1.0


def to_pixels(pictures: Tensor) -> Tensor:
    """Networks' output in [-1, 1] as uint8 pixels on the CPU."""
    return ((pictures.float().clamp(-1.0, 1.0) + 1.0) * 127.5).round().to(torch.uint8).cpu()
