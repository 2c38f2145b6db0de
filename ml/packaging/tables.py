"""The package's CSV files: labels of pictures, and measurements with their diagnosis."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from numpy.typing import NDArray

from ml.fna.schema import FEATURE_NAMES
from ml.packaging.description import SetDescription

LABEL_COLUMNS: Final = ("number", "class", "png", "dicom")
DIAGNOSIS: Final = "diagnosis"
_CODES: Final = {"benign": "B", "malignant": "M"}


def picture_names(number: int, label: str) -> tuple[str, str]:
    """A picture's PNG and DICOM file; numbers count from 1."""
    return f"images/{label}/{number:06d}.png", f"dicom/{label}/{number:06d}.dcm"


def labels_csv(labels: Iterable[str]) -> bytes:
    """A row for each picture, in their order."""
    rows = ((number, label, *picture_names(number, label)) for number, label in enumerate(labels, start=1))
    return _csv(LABEL_COLUMNS, rows)


def data_csv(description: SetDescription, X: NDArray[Any], y: NDArray[Any]) -> bytes:
    """The thirty measurements by name and the diagnosis, M or B: what `ml predict fna` and the site read.

    Args:
        description: its classes are what `y` counts in.
        X: (n, 30), columns as FEATURE_NAMES.
        y: (n,) index into the classes.

    Raises:
        ValueError: the shapes don't fit, or a class is neither benign nor malignant.
    """
    if X.shape != (len(y), len(FEATURE_NAMES)):
        raise ValueError(f"expected {len(y)} rows of {len(FEATURE_NAMES)} measurements, got {X.shape}")
    unknown = set(description.classes) - set(_CODES)
    if unknown:
        raise ValueError(f"a table's classes are benign and malignant, got {sorted(unknown)}")
    codes = [_CODES[name] for name in description.classes]
    values = X.astype("float64").tolist()
    rows = ((*row, codes[label]) for row, label in zip(values, y.tolist(), strict=True))
    return _csv((*FEATURE_NAMES, DIAGNOSIS), rows)


def _csv(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()
