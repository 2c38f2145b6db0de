"""The training cases: Wisconsin Diagnostic Breast Cancer (WDBC), as scikit-learn ships it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

SUMMARY = (
    "569 cases (357 benign, 212 malignant) from one centre, University of Wisconsin Hospitals, Madison, "
    "collected around 1990"
)
SOURCE = (
    "Wolberg, Street and Mangasarian: Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository, "
    "1995, through sklearn.datasets.load_breast_cancer"
)
LICENCE = "CC BY 4.0"


@dataclass(frozen=True)
class ReferenceCases:
    """Measurements `(569, 30)` in the schema's order, and outcomes, 0 benign and 1 malignant."""

    X: NDArray[np.float64]
    y: NDArray[np.int64]

    @property
    def sha256(self) -> str:
        """SHA-256 of the measurements (little-endian float64) followed by the outcomes (bytes)."""
        data = np.ascontiguousarray(self.X, dtype="<f8").tobytes() + self.y.astype("u1").tobytes()
        return hashlib.sha256(data).hexdigest()


@lru_cache(maxsize=1)
def reference_cases() -> ReferenceCases:
    """WDBC, with malignant as the positive class (scikit-learn codes it as 0)."""
    data = load_breast_cancer()
    X = np.asarray(data.data, dtype=np.float64)
    y = 1 - np.asarray(data.target, dtype=np.int64)
    X.setflags(write=False)
    y.setflags(write=False)
    return ReferenceCases(X, y)
