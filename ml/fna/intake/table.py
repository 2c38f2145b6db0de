"""What reading a table gives: the samples, how its columns were understood, or every problem found."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

MAX_PROBLEMS: Final = 100
"""Most problems or warnings listed one by one; a last entry says how many more there are."""

IGNORED: Final = "ignored"
SAMPLE_ID: Final = "sample_id"
DIAGNOSIS: Final = "diagnosis"

How = Literal["exact", "synonym", "position", "chosen", "unrecognised", "empty", "ambiguous"]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where (row as numbered in the user's file), what, and how to mend it.

    `column` is the header or, without one, the column's letter; `column_index` counts from 0; `value` is the
    cell's text, shortened. Places that don't apply are None.
    """

    code: str
    message: str
    row: int | None = None
    column: str | None = None
    expected: str | None = None
    value: str | None = None
    column_index: int | None = None


@dataclass(frozen=True)
class ColumnUnderstanding:
    """How one column of the file was understood.

    `meaning` is a feature's name, "sample_id", "diagnosis" or "ignored". `how`: "exact" (our name or label),
    "synonym" (another spelling), "position" (no header: by order and values), "chosen" (named by the caller),
    "unrecognised", "ambiguous" (could mean two things, so left out) or "empty". `examples` are its first
    cells.
    """

    index: int
    letter: str
    header: str | None
    meaning: str
    how: How
    examples: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call the column when speaking to the person whose file it is."""
        return self.header or f"column {self.letter}"


class TableError(Exception):
    """A file that can't be imported. Nothing of it may be used.

    `problems` holds up to MAX_PROBLEMS of them (and an entry saying how many more), `total` counts all;
    `columns` and `format` say what had been understood by then, so that a person can put it right.
    """

    def __init__(
        self,
        problems: list[Problem],
        *,
        columns: tuple[ColumnUnderstanding, ...] = (),
        file_format: str = "",
    ) -> None:
        self.total = len(problems)
        self.problems = capped(problems, "problem")
        self.columns = columns
        self.format = file_format
        super().__init__("\n".join(problem.message for problem in self.problems))


def capped(problems: list[Problem], noun: str) -> list[Problem]:
    """The first MAX_PROBLEMS and, where there are more, an entry that says how many."""
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem(f"more_{noun}s", f"And {more:,} more {noun}s like these.")]


@dataclass(frozen=True)
class FnaTable:
    """The samples of one file; all values of a row without `faults` lie within their hard limits.

    `X` is (n, 30) float64 in FEATURE_NAMES order and units. `known_outcomes` (1 malignant, 0 benign, None
    unknown) come from a diagnosis column and are never part of `X`. `sample_ids` are verbatim: text such as
    "=1+1" is not made safe for spreadsheets here. `row_numbers` count from 1 as the user's file does.
    """

    X: NDArray[np.float64]
    sample_ids: list[str | None]
    known_outcomes: list[Literal[0, 1] | None]
    row_numbers: list[int]
    columns: tuple[ColumnUnderstanding, ...]
    format: str
    warnings: list[Problem] = field(default_factory=list)
    faults: dict[int, list[Problem]] = field(default_factory=dict)
    """By row number, what is wrong with rows that were kept for the caller to refuse; `X` may hold NaN there."""

    def describe(self) -> dict[str, Any]:
        """What a preview shows before anything is stored, as plain JSON values."""
        outcomes = Counter(self.known_outcomes)
        return {
            "format": self.format,
            "rows": len(self.row_numbers),
            "columns": [asdict(column) for column in self.columns],
            "outcomes": {"malignant": outcomes[1], "benign": outcomes[0], "unknown": outcomes[None]},
            "warnings": [asdict(warning) for warning in self.warnings],
        }


@dataclass(frozen=True)
class Grid:
    """Cells as text, as they stand in a file or a sheet. `row_numbers` count from 1 as the user's program
    does.
    """

    rows: list[list[str]]
    row_numbers: list[int]
    format: str
    sheet: str | None = None


def column_letter(index: int) -> str:
    """A spreadsheet's name for the column `index` (from 0): A … Z, AA …"""
    letters = ""
    index += 1
    while index:
        index, remainder = divmod(index - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def shortened(text: str, length: int = 40) -> str:
    """A cell's text for a message: control characters made visible, cut to `length`."""
    visible = "".join(character if character.isprintable() else "�" for character in text[: length + 1])
    return visible if len(visible) <= length else visible[: length - 1] + "…"
