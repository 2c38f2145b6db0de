"""Which tables can be learnt from, and which rows may be handed out: the FNA schema's rules."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import LABELS
from ml.fna.schema import CHECKS, failed_checks

MIN_ROWS_PER_CLASS = 10
_NO_MEASUREMENT = [index for index, check in enumerate(CHECKS) if check.is_no_measurement]
_BREAKING = [index for index, check in enumerate(CHECKS) if not check.code.startswith("beyond_training")]


def checked_table(X: NDArray[np.float64], y: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The table as float64 and int64, once it is known to be one of FNA measurements of both classes.

    Raises:
        ValueError: that says what is wrong; rows are counted from 0.
    """
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    failed = failed_checks(X)[:, _NO_MEASUREMENT]
    if y.shape != (len(X),) or not np.isin(y, (0, 1)).all():
        raise ValueError(f"y must be {len(X)} outcomes, each 0 (benign) or 1 (malignant)")
    if failed.any():
        row, check = np.argwhere(failed)[0]
        raise ValueError(f"row {row}: {CHECKS[_NO_MEASUREMENT[check]].message}")
    for label, name in enumerate(LABELS):
        own = X[y == label]
        different = len(np.unique(own, axis=0))  # repeats of a few rows teach a generator nothing but those rows
        if different < MIN_ROWS_PER_CLASS:
            raise ValueError(
                f"{len(own)} {name} rows, {different} of them different, are too few to learn from: at least "
                f"{MIN_ROWS_PER_CLASS} different rows of each class, benign and malignant, are needed"
            )
    return X, y.astype(np.int64)


def breaks_schema(X: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows (n,) of `X` (n, 30) leave the schema's hard limits or break a rule between measurements.

    A row beyond every training case of the classifier in some measurement breaks nothing.
    """
    return np.asarray(failed_checks(X)[:, _BREAKING].any(axis=1))
