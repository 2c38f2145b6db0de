"""The cells of an understood table to numbers, outcomes and ids, with every fault named by row and column."""

from collections import Counter
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES, FEATURES, Feature
from ml.fna.intake.doubts import consistency_warnings, ignored_columns
from ml.fna.intake.known_outcomes import known_outcomes
from ml.fna.intake.layout import Layout
from ml.fna.intake.numbers import CellFault, DecimalMark, decimal_mark, parse_column
from ml.fna.intake.table import (
    IGNORED,
    SAMPLE_ID,
    FnaTable,
    Problem,
    TableError,
    capped,
    shortened,
)

MAX_ID: Final = 200
_MARK_NAMES: Final[dict[DecimalMark, str]] = {".": "decimal point", ",": "decimal comma"}
Fault = CellFault | Literal["negative", "out_of_range"]
_FAULTS: Final[dict[Fault, tuple[str, str]]] = {
    "negative": ("{value} is negative", "Check the sign."),
    "out_of_range": ("{value} can't be this measurement", "Check the unit and the decimal places."),
    "missing": ("no value", "Enter the measurement, or leave the row out: values are never filled in."),
    "not_a_number": ("{value} is not a number", "Enter digits only, without a unit."),
    "infinite": ("{value} is not a finite number", "Enter the measurement, or leave the row out."),
    "date": ("{value} is a date", "The spreadsheet probably turned a number into a date; enter it anew."),
    "two_readings": (
        "{value} could be a thousand times more or less",
        "Write it without a thousands separator.",
    ),
    "other_decimal_mark": ("{value} has another decimal mark than the rest", "Use one mark throughout."),
}


def build_table(layout: Layout, *, keep_faulty_rows: bool) -> FnaTable:
    """The samples of `layout`, which must have no problems of its own.

    With `keep_faulty_rows`, rows with faulty cells stay in the table and are named in its `faults`.

    Raises TableError with every faulty cell, unless each stands in a row that is kept.
    """
    problems: list[Problem] = []
    warnings = [*layout.warnings, *ignored_columns(layout)]
    cells = _columns_of_cells(layout, problems)
    features = [layout.column_of(name) for name in FEATURE_NAMES]
    mark = decimal_mark(cells[column.index] for column in features)
    X = _values(layout, cells, mark, problems)
    sample_ids = _sample_ids(layout, cells, problems, warnings)
    outcomes = known_outcomes(layout, cells, X, problems, warnings)
    file_format = f"{layout.grid.format}, {_MARK_NAMES[mark]}"
    columns = tuple(layout.columns)
    problems.sort(key=lambda problem: (problem.row or 0, problem.column_index or 0))
    faults = _by_row(problems)
    if problems and (not keep_faulty_rows or None in faults):
        raise TableError(problems, columns=columns, file_format=file_format)
    warnings += consistency_warnings(layout, features, X)
    return FnaTable(
        X,
        sample_ids,
        outcomes,
        layout.row_numbers,
        columns,
        file_format,
        capped(warnings, "warning"),
        {row: found for row, found in faults.items() if row is not None},
    )


def _by_row(problems: list[Problem]) -> dict[int | None, list[Problem]]:
    """The problems under the row they stand in; None for those of the whole table."""
    found: dict[int | None, list[Problem]] = {}
    for problem in problems:
        found.setdefault(problem.row, []).append(problem)
    return found


def _columns_of_cells(layout: Layout, problems: list[Problem]) -> list[list[str]]:
    """The cells column by column; rows of a wrong length are problems, and read as far as they go."""
    width = len(layout.columns)
    needed = max((column.index for column in layout.columns if column.meaning != IGNORED), default=-1) + 1
    rows: list[list[str]] = []
    for number, row in zip(layout.row_numbers, layout.rows, strict=True):
        filled = len(row)
        while filled > width and not row[filled - 1].strip():
            filled -= 1
        wrong_length = filled > width or filled < needed
        if wrong_length:
            message = (
                f"Row {number} has {filled} cells where the table has {width} columns. Check for a missing "
                "or surplus separator; text or decimal commas that contain it must stand in quotation marks."
            )
            problems.append(Problem("row_length", message, row=number, expected=f"{width} cells"))
        # The cells of such a row may be displaced: naming each of them as well would only confuse.
        kept = [] if wrong_length else row[:width]
        rows.append([*kept, *[""] * (width - len(kept))])
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _values(layout: Layout, cells: list[list[str]], mark: DecimalMark, problems: list[Problem]) -> NDArray[np.float64]:
    wrong_length = {problem.row for problem in problems if problem.code == "row_length"}
    X = np.empty((len(layout.rows), len(FEATURES)), dtype=np.float64)
    for j, feature in enumerate(FEATURES):
        column = layout.column_of(feature.name)
        parsed = parse_column(cells[column.index], mark)
        X[:, j] = parsed.values
        faults: dict[int, Fault] = {
            i: fault for i, fault in parsed.faults.items() if layout.row_numbers[i] not in wrong_length
        }
        outside = (parsed.values < feature.minimum) | (parsed.values > feature.maximum)
        for i in np.flatnonzero(outside).tolist():
            faults[i] = "negative" if parsed.values[i] < 0 else "out_of_range"
        problems.extend(_cell_problem(layout, feature, i, cells[column.index][i], fault) for i, fault in faults.items())
    return X


def _cell_problem(layout: Layout, feature: Feature, i: int, cell: str, fault: Fault) -> Problem:
    column = layout.column_of(feature.name)
    value = shortened(cell.strip())
    expected = f"a number from {feature.minimum:g} to {feature.maximum:g} {feature.unit}".rstrip()
    what, advice = _FAULTS[fault]
    message = f"{layout.place(column, i)}: {what.format(value=f'“{value}”')}; expected is {expected}. {advice}"
    return Problem(fault, message, layout.row_numbers[i], column.name, expected, value, column.index)


def _sample_ids(
    layout: Layout, cells: list[list[str]], problems: list[Problem], warnings: list[Problem]
) -> list[str | None]:
    index = layout.index_of(SAMPLE_ID)
    if index is None:
        return [None] * len(layout.rows)
    column = layout.columns[index]
    # Only blanks go: anything else, a leading tab or "=" included, is part of the id as it was given.
    ids = [cell.strip(" \u00a0") or None for cell in cells[index]]
    for i, sample_id in enumerate(ids):
        if sample_id is not None and (len(sample_id) > MAX_ID or "\x00" in sample_id):
            fault = "holds a zero byte" if "\x00" in sample_id else f"has more than {MAX_ID} characters"
            row = layout.row_numbers[i]
            message = f"{layout.place(column, i)}: the sample id {fault}. Give a shorter, plain id."
            expected = f"at most {MAX_ID} characters"
            problems.append(Problem("bad_sample_id", message, row, column.name, expected, None, index))
    repeated = [(sample_id, n) for sample_id, n in Counter(filter(None, ids)).items() if n > 1]
    if repeated:
        shown = ", ".join(f"“{shortened(sample_id)}” ({n} rows)" for sample_id, n in repeated[:5])
        message = f"{len(repeated)} of the sample ids stand in more than one row: {shown}."
        warnings.append(Problem("duplicate_sample_id", message, column=column.name, column_index=index))
    return ids
