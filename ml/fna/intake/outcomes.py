"""Known outcomes: what the cells of a diagnosis column say, and whether 1 can be taken to mean malignant."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES
from ml.fna.intake.numbers import MISSING

Outcome = Literal[0, 1]

_WORDS: Final[dict[str, Outcome]] = {"m": 1, "malignant": 1, "malign": 1, "b": 0, "benign": 0}
_CODES: Final[dict[str, Outcome]] = {"1": 1, "0": 0, "1.0": 1, "0.0": 0}
_ANSWERS: Final[dict[str, Outcome]] = {"yes": 1, "no": 0, "true": 1, "false": 0}
EXPECTED: Final = "M or malignant, B or benign, 1 for malignant, 0 for benign, or blank where unknown"
_MIN_PER_CLASS: Final = 5
_TELLING: Final = 0.8
_SIZE_COLUMN: Final = FEATURE_NAMES.index("perimeter_worst")


@dataclass(frozen=True)
class Outcomes:
    """`values` by row (None: unknown); `faults`: rows that say neither; `coded`: they are 0s and 1s, not
    words.
    """

    values: list[Outcome | None]
    faults: list[int]
    coded: bool


def parse_outcomes(cells: Sequence[str], header: str | None) -> Outcomes:
    """The outcomes that the cells name. Yes and no count only under a header such as "malignant"."""
    vocabulary = {**_WORDS, **_CODES}
    if "malignan" in (header or "").casefold():
        vocabulary |= _ANSWERS
    values: list[Outcome | None] = []
    faults: list[int] = []
    coded = False
    for row, cell in enumerate(cells):
        word = cell.strip().casefold()
        value = vocabulary.get(word)
        if value is None and word not in MISSING:
            faults.append(row)
        coded |= word in _CODES
        values.append(value)
    return Outcomes(values, faults, coded)


def malignant_code(values: Sequence[Outcome | None], X: NDArray[np.float64]) -> Outcome | None:
    """Which of the codes 0 and 1 means malignant, told from `X` (n, 30); None where it can't be told.

    Malignant nuclei are larger: in WDBC a malignant case has the larger worst perimeter in 97.5 % of pairs.
    The code counts as told when that holds in four pairs of five, with at least five cases of each.
    """
    size = X[:, _SIZE_COLUMN]
    groups = [size[[value == code for value in values]] for code in (0, 1)]
    zeros, ones = (np.sort(group[np.isfinite(group)]) for group in groups)
    if min(len(zeros), len(ones)) < _MIN_PER_CLASS:
        return None
    below, not_above = (np.searchsorted(zeros, ones, side=side).sum() for side in ("left", "right"))
    share = (below + not_above) / (2 * len(zeros) * len(ones))
    if share >= _TELLING:
        return 1
    return 0 if share <= 1 - _TELLING else None
