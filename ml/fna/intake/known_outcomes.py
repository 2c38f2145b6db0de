"""The diagnosis column of a table, kept beside the samples and never fed to the model."""

import numpy as np
from numpy.typing import NDArray

from ml.fna.intake.layout import Layout
from ml.fna.intake.outcomes import EXPECTED, Outcome, malignant_code, parse_outcomes
from ml.fna.intake.table import DIAGNOSIS, IGNORED, ColumnUnderstanding, Problem, shortened


def known_outcomes(
    layout: Layout,
    cells: list[list[str]],
    X: NDArray[np.float64],
    problems: list[Problem],
    warnings: list[Problem],
) -> list[Outcome | None]:
    """The outcome of each row, None where unknown; adds faulty cells to `problems`, doubts to `warnings`."""
    unknown: list[Outcome | None] = [None] * len(layout.rows)
    index = layout.index_of(DIAGNOSIS)
    if index is None:
        return unknown
    column = layout.columns[index]
    outcomes = parse_outcomes(cells[index], column.header)
    if index in layout.bare_outcomes and outcomes.faults:
        warnings.append(_left_out(layout, column, "its values are not outcomes of the kind used here"))
        return unknown
    for i in outcomes.faults:
        value = shortened(cells[index][i].strip())
        message = f"{layout.place(column, i)}: “{value}” is not a known outcome. Expected is {EXPECTED}."
        row = layout.row_numbers[i]
        problems.append(Problem("bad_diagnosis", message, row, column.name, EXPECTED, value, index))
    return outcomes.values if not outcomes.coded else _decoded(layout, column, outcomes.values, X, warnings)


def _decoded(
    layout: Layout,
    column: ColumnUnderstanding,
    values: list[Outcome | None],
    X: NDArray[np.float64],
    warnings: list[Problem],
) -> list[Outcome | None]:
    """Outcomes given as 0 and 1, where 1 is malignant.

    They are left out where the header leaves that open (scikit-learn's "target" has it the other way round)
    and the measurements don't tell, or where the measurements say otherwise.
    """
    told = malignant_code(values, X)
    bare = column.index in layout.bare_outcomes
    if bare and told is None:
        warnings.append(_left_out(layout, column, "it does not say which of 0 and 1 means malignant"))
        return [None] * len(values)
    if not bare and told == 0:
        warnings.append(_left_out(layout, column, "its 0s have the larger nuclei, though 1 should be malignant"))
        return [None] * len(values)
    code = told if bare else 1
    reason = ", as the measurements tell: 0s and 1s differ clearly in nuclear size" if bare else ""
    message = f"“{column.name}” was read with {code} as malignant and {1 - (code or 0)} as benign{reason}."
    warnings.append(Problem("coded_outcome", message, column=column.name, column_index=column.index))
    inverted: dict[Outcome | None, Outcome | None] = {0: 1, 1: 0, None: None}
    return values if code == 1 else [inverted[value] for value in values]


def _left_out(layout: Layout, column: ColumnUnderstanding, reason: str) -> Problem:
    layout.columns[column.index] = ColumnUnderstanding(
        column.index, column.letter, column.header, IGNORED, "ambiguous", column.examples
    )
    message = (
        f"“{column.name}” was left out: {reason}. To keep the known outcomes, name the column “diagnosis” "
        "and write M and B."
    )
    return Problem("ambiguous_outcome", message, column=column.name, column_index=column.index)
