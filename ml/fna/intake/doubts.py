"""What to look at before importing a table that can be read: columns left out, and implausible rows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES
from ml.fna.intake.layout import Layout
from ml.fna.intake.table import ColumnUnderstanding, Problem
from ml.fna.schema import CHECKS, failed_checks

_WHOLE_COLUMN: Final = 0.5
_WHOLE_COLUMN_ROWS: Final = 5


def ignored_columns(layout: Layout) -> list[Problem]:
    ignored = [
        column
        for column in layout.columns
        if column.how == "unrecognised" and column.header and not column.header.startswith("Unnamed:")
    ]
    if not ignored:
        return []
    shown = ", ".join(f"“{column.name}”" for column in ignored[:10])
    message = f"Not needed and left out: {shown}{' …' * (len(ignored) > 10)}."
    return [Problem("ignored_columns", message)]


def consistency_warnings(layout: Layout, features: list[ColumnUnderstanding], X: NDArray[np.float64]) -> list[Problem]:
    """The schema's findings: one for the whole column where most rows share it, else one a row."""
    found: list[Problem] = []
    failed = failed_checks(X)
    for check_index in np.flatnonzero(failed.any(axis=0)).tolist():
        check = CHECKS[check_index]
        column = features[FEATURE_NAMES.index(check.features[0])]
        rows = np.flatnonzero(failed[:, check_index]).tolist()
        if len(rows) >= _WHOLE_COLUMN_ROWS and len(rows) >= _WHOLE_COLUMN * len(X):
            message = (
                f"{check.message} This holds for {len(rows):,} of {len(X):,} rows: check the unit of the "
                "whole column, and that it is understood rightly."
            )
            found.append(Problem(check.code, message, None, column.name, column_index=column.index))
            continue
        for i in rows:
            row = layout.row_numbers[i]
            message = f"Row {row}: {check.message}"
            found.append(Problem(check.code, message, row, column.name, column_index=column.index))
    return sorted(found, key=lambda problem: problem.row or 0)
