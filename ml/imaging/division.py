"""Divisions of pictures into folds that keep groups whole and outcomes in proportion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

Division = list[tuple[NDArray[np.int64], NDArray[np.int64]]]


def grouped_folds(labels: NDArray[np.int64], groups: NDArray[np.int64], folds: int, seed: int) -> Division:
    """Training and test rows of every fold.

    Raises:
        ValueError: when there are fewer groups of a class than folds.
    """
    for label in np.unique(labels):
        there = len(np.unique(groups[labels == label]))
        if there < folds:
            raise ValueError(f"{folds} folds need as many groups of every outcome; one has only {there}")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    return [(train, test) for train, test in splitter.split(labels, labels, groups)]
