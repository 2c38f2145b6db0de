"""A data set made ready for cross-validation: cleaned, grouped and divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.imaging.data import PictureSet
from ml.imaging.division import Division, grouped_folds
from ml.imaging.duplicates import contradictory, near_duplicate_groups
from ml.imaging.networks import AutoencoderGAN
from ml.imaging.preprocessing import canvases
from ml.imaging.views import Views, make_views


@dataclass(frozen=True)
class Material:
    """Pictures without contradictions, their canvases and groups, and the division.

    Attributes:
        pictures: as read, without what was left out.
        views: of the pictures; close-ups are those of a finder, where one is given.
        groups: `(n,)`; near duplicates share one.
        division: training and test rows of every fold.
        excluded: names left out because they were asked to be.
        contradictions: names left out because a twin bears another outcome.
    """

    pictures: PictureSet
    views: Views
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


def material(
    pictures: PictureSet,
    side: int,
    finder: AutoencoderGAN | None,
    *,
    folds: int = 0,
    seed: int = 0,
    exclude: Sequence[str] = (),
) -> Material:
    """Clean, group and divide a set.

    Args:
        pictures: as read.
        side: of the canvases.
        finder: tells where to look closer.
        folds: 0 for no division.
        seed: that shuffles the folds.
        exclude: file names to leave out.

    Raises:
        DataError: when an excluded name is not there.
        ValueError: when a class has fewer groups than folds.
    """
    wanted = pictures.without(exclude) if exclude else pictures
    clashing = contradictory(canvases(wanted.pictures, side), wanted.outcomes)
    names = tuple(name for name, clashes in zip(wanted.names, clashing, strict=True) if clashes)
    kept = wanted.select(~clashing)
    views = make_views(kept.pictures, side, finder)
    groups = near_duplicate_groups(views.whole, kept.groups)
    division = grouped_folds(kept.labels, groups, folds, seed) if folds else []
    return Material(kept, views, groups, division, tuple(exclude), names)
