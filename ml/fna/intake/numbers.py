"""Numbers as people write them: decimal point or comma, grouped thousands, and what must not be guessed.

"1,001" may be a thousand and one or one and a thousandth. A table is read with one decimal mark, which its
own cells must prove; a cell that could still mean two numbers under that mark is reported, never guessed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

DecimalMark = Literal[".", ","]

_SPACE: Final = "[ \u00a0\u2009\u202f'’]"
_SIGN_EXPONENT: Final = (r"[+-]?", r"(?:[eE][+-]?\d{1,3})?")


def _number(body: str) -> re.Pattern[str]:
    sign, exponent = _SIGN_EXPONENT
    return re.compile(f"{sign}(?:{body}){exponent}", re.ASCII)


_PLAIN: Final = _number(r"\d++(?:\.\d*+)?|\.\d++")
_COMMA: Final = _number(r"\d*+,\d++")
_GROUPED_POINT: Final = _number(r"\d{1,3}(?:,\d{3})+\.\d*|\d{1,3}(?:,\d{3}){2,}")
_GROUPED_COMMA: Final = _number(r"\d{1,3}(?:\.\d{3})+,\d*|\d{1,3}(?:\.\d{3}){2,}")
_SPACED: Final = _number(rf"\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d+)?")
_TWO_READINGS: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
# Possessive, so that a column that is not all plain fails at once instead of backtracking.
_ALL_PLAIN: Final = re.compile(rf"(?:{_PLAIN.pattern}\x1f)*+", re.ASCII)
_ALL_COMMA: Final = re.compile(r"(?:[+-]?(?:\d++(?:,\d++)?|,\d++)(?:[eE][+-]?\d{1,3})?\x1f)*+", re.ASCII)
_PROOF_ROWS: Final = 1_000
MISSING: Final = frozenset(
    {"", "?", "-", "–", ".", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing", "unknown"}
)
_INFINITE: Final = re.compile(r"[+-]?(inf|infinity|∞)", re.IGNORECASE)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T].*)?|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}", re.ASCII)

CellFault = Literal["missing", "not_a_number", "infinite", "date", "two_readings", "other_decimal_mark"]


def is_number(cell: str) -> bool:
    """Whether the cell is a number in any of the notations read here."""
    text = cell.strip()
    return any(pattern.fullmatch(text) for pattern in (_PLAIN, _COMMA, _GROUPED_POINT, _GROUPED_COMMA, _SPACED))


def _proves(text: str) -> DecimalMark | None:
    """The decimal mark that this cell can only have been written with, if there is one."""
    text = re.sub(_SPACE, "", text) if _SPACED.fullmatch(text) else text
    if _TWO_READINGS.fullmatch(text):
        return None
    if _COMMA.fullmatch(text) or _GROUPED_COMMA.fullmatch(text):
        return ","
    if ("." in text and _PLAIN.fullmatch(text)) or _GROUPED_POINT.fullmatch(text):
        return "."
    return None


def decimal_mark(columns: Iterable[Sequence[str]]) -> DecimalMark:
    """The mark that more of the cells prove; a point where none proves either."""
    # The first rows are proof enough: a cell further down that needs the other mark is reported, not misread.
    proofs = Counter(_proves(cell.strip()) for cells in columns for cell in cells[:_PROOF_ROWS])
    return "," if proofs[","] > proofs["."] else "."


def _in_one_go(cells: Sequence[str], mark: DecimalMark) -> list[str] | None:
    """The cells as float() reads them, if every one is a number in the plainest form of `mark`; else None."""
    joined = "\x1f".join([*cells, ""])
    if joined.count("\x1f") != len(cells):  # a cell holds the joining character itself
        return None
    if mark == ".":
        return list(cells) if _ALL_PLAIN.fullmatch(joined) else None
    return joined.replace(",", ".").split("\x1f")[:-1] if _ALL_COMMA.fullmatch(joined) else None


@dataclass
class ParsedColumn:
    """Values (NaN where there is a fault) and the faults by row index."""

    values: NDArray[np.float64]
    faults: dict[int, CellFault] = field(default_factory=dict)


def parse_column(cells: Sequence[str], mark: DecimalMark) -> ParsedColumn:
    """The column's numbers, written with `mark`; cells that can't be read as one number are faults."""
    plain = _in_one_go(cells, mark)
    if plain is not None:
        values = np.array(list(map(float, plain)), dtype=np.float64)
        faults: dict[int, CellFault] = {int(row): "infinite" for row in np.flatnonzero(~np.isfinite(values))}
        return ParsedColumn(values, faults)
    column = ParsedColumn(np.full(len(cells), np.nan))
    for row, cell in enumerate(cells):
        value = parse_cell(cell, mark)
        if isinstance(value, float):
            column.values[row] = value
        else:
            column.faults[row] = value
    return column


def parse_cell(cell: str, mark: DecimalMark) -> float | CellFault:
    """The finite number in the cell, or what is wrong with it."""
    text = cell.strip().replace("\u2212", "-")
    if text.lower() in MISSING:
        return "missing"
    if _INFINITE.fullmatch(text):
        return "infinite"
    if _SPACED.fullmatch(text):
        text = re.sub(_SPACE, "", text)
    own, grouped_own = (_PLAIN, _GROUPED_POINT) if mark == "." else (_COMMA, _GROUPED_COMMA)
    other, grouped_other = (_COMMA, _GROUPED_COMMA) if mark == "." else (_PLAIN, _GROUPED_POINT)
    separator = "," if mark == "." else "."
    if own.fullmatch(text) or grouped_own.fullmatch(text) or (separator not in text and _PLAIN.fullmatch(text)):
        value = float(text.replace(separator, "").replace(",", "."))
        return value if np.isfinite(value) else "infinite"
    if _TWO_READINGS.fullmatch(text):
        return "two_readings"
    if other.fullmatch(text) or grouped_other.fullmatch(text):
        return "other_decimal_mark"
    return "date" if _DATE.fullmatch(text) else "not_a_number"
