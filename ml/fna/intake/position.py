"""Tables without a header: columns understood by their order, if their values agree with it.

The thirty features must stand in the schema's order. Which other columns stand beside them is one of a few
layouts, and one counts only if at least half of its rows keep every hard limit and rule of the schema.
"""

from itertools import chain
from typing import Final

import numpy as np

from ml.fna.features import FEATURE_NAMES
from ml.fna.intake.numbers import decimal_mark, parse_column
from ml.fna.intake.outcomes import parse_outcomes
from ml.fna.intake.table import DIAGNOSIS, SAMPLE_ID
from ml.fna.schema import CHECKS, failed_checks

_SAMPLE_ROWS: Final = 300
_N: Final = len(FEATURE_NAMES)
_PROVING: Final = np.array([not check.code.startswith("beyond_training:") for check in CHECKS])

# In order of preference: where a column of 1s and 0s could be an id or a diagnosis, the usual UCI order comes
# first.
_LAYOUTS: Final[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = (
    ((), ()),
    ((SAMPLE_ID, DIAGNOSIS), ()),
    ((DIAGNOSIS, SAMPLE_ID), ()),
    ((SAMPLE_ID,), (DIAGNOSIS,)),
    ((DIAGNOSIS,), ()),
    ((), (DIAGNOSIS,)),
    ((SAMPLE_ID,), ()),
)


def _column(rows: list[list[str]], index: int) -> list[str]:
    return [row[index] if index < len(row) else "" for row in rows]


def features_fit(rows: list[list[str]], start: int) -> bool:
    """Whether the thirty columns from `start` hold the features in order, judged on the first few hundred
    rows.
    """
    sample = rows[:_SAMPLE_ROWS]
    columns = [_column(sample, index) for index in range(start, start + _N)]
    mark = decimal_mark(columns)
    X = np.column_stack([parse_column(cells, mark).values for cells in columns])
    return bool((~failed_checks(X)[:, _PROVING].any(axis=1)).mean() >= 0.5)


def understand_positions(rows: list[list[str]], width: int) -> tuple[str, ...] | None:
    """The meaning of each of `width` unnamed columns, or None where no layout fits the values."""
    for before, after in _LAYOUTS:
        if len(before) + _N + len(after) != width:
            continue
        meanings = (*before, *FEATURE_NAMES, *after)
        if DIAGNOSIS in meanings and not _is_outcome(rows, meanings.index(DIAGNOSIS)):
            continue
        if features_fit(rows, len(before)):
            return meanings
    return None


def _is_outcome(rows: list[list[str]], index: int) -> bool:
    outcomes = parse_outcomes(_column(rows, index), None)
    known = sum(value is not None for value in outcomes.values)
    return known > 0 and len(outcomes.faults) <= 0.1 * len(rows)


def share_in(rows: list[list[str]], indices: range, accepted: frozenset[str]) -> float:
    """The share of the cells in these columns that are one of `accepted`."""
    cells = list(chain.from_iterable(_column(rows[:_SAMPLE_ROWS], index) for index in indices))
    return sum(cell.strip() in accepted for cell in cells) / max(1, len(cells))
