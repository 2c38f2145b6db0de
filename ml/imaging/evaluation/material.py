"""A data set made ready for cross-validation: cleaned, grouped and divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ml.imaging.data import PictureSet
from ml.imaging.division import Division, grouped_folds
from ml.imaging.duplicates import contradictory, near_duplicate_groups
from ml.imaging.preprocessing import canvases


@dataclass(frozen=True)
class Material:
    """Pictures without contradictions, their canvases and groups, and the division.

    Attributes:
        pictures: as read, without what was left out.
        canvases: `(n, 1, side, side)` uint8.
        groups: `(n,)`; near duplicates share one.
        division: training and test rows of every fold.
        excluded: names left out because they were asked to be.
        contradictions: names left out because a twin bears another outcome.
    """

    pictures: PictureSet
    canvases: Tensor
    groups: NDArray[np.int64]
    division: Division
    excluded: tuple[str, ...]
    contradictions: tuple[str, ...]

    def grouping(self) -> dict[str, int]:
        """How many near duplicates there are."""
        sizes = np.bincount(self.groups)
        return {
            "pictures": len(self.groups),
            "groups": int((sizes > 0).sum()),
            "groups_of_several": int((sizes > 1).sum()),
            "pictures_in_them": int(sizes[sizes > 1].sum()),
            "largest": int(sizes.max()),
        }


def cleaned(
    pictures: PictureSet, side: int, exclude: Sequence[str] = ()
) -> tuple[PictureSet, Tensor, NDArray[np.int64], tuple[str, ...]]:
    """The set without excluded and contradictory pictures, its canvases and groups, and the contradictions' names.

    Raises:
        DataError: when an excluded name is not there.
    """
    wanted = pictures.without(exclude) if exclude else pictures
    prepared = canvases(wanted.pictures, side)
    clashing = contradictory(prepared, wanted.outcomes)
    names = tuple(name for name, clashes in zip(wanted.names, clashing, strict=True) if clashes)
    kept, kept_canvases = wanted.select(~clashing), prepared[~clashing]
    return kept, kept_canvases, near_duplicate_groups(kept_canvases, kept.groups), names


def material(pictures: PictureSet, side: int, *, folds: int, seed: int, exclude: Sequence[str] = ()) -> Material:
    """Clean, group and divide a set.

    Raises:
        DataError: when an excluded name is not there.
        ValueError: when a class has fewer groups than folds.
    """
    kept, prepared, groups, names = cleaned(pictures, side, exclude)
    return Material(kept, prepared, groups, grouped_folds(kept.labels, groups, folds, seed), tuple(exclude), names)
