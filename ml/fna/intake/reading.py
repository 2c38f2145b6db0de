"""`read_table`: a file as people have it to samples, all or nothing."""

from collections.abc import Mapping
from typing import Final

from ml.fna.intake.content import ADVICE, kind_of, refuse
from ml.fna.intake.layout import MEANINGS, Layout, understand
from ml.fna.intake.samples import build_table
from ml.fna.intake.table import FnaTable, Problem, TableError, shortened
from ml.fna.intake.text import MAX_ROWS, read_text, too_many_rows
from ml.fna.intake.workbook import read_workbook

_ALL_FEATURES: Final = 30


def read_table(
    data: bytes, filename: str, columns: Mapping[int, str] | None = None, *, keep_faulty_rows: bool = False
) -> FnaTable:
    """Read FNA measurements from delimited text or a workbook.

    `filename` only serves the messages: what the file is, is told from its content. `columns` maps column
    indexes (from 0) to a feature's name, "sample_id", "diagnosis" or "ignored", overriding what would be
    understood.

    With `keep_faulty_rows` a row that can't be read doesn't keep the others from being read: it is named in the
    table's `faults`.

    Raises TableError, listing every problem found, unless all of the file can be read; ValueError for a
    meaning in `columns` that doesn't exist.
    """
    chosen = columns or {}
    unknown = sorted({meaning for meaning in chosen.values() if meaning not in MEANINGS})
    if unknown or any(index < 0 for index in chosen):
        raise ValueError(f"columns must map indexes from 0 to known meanings, got {dict(chosen)!r}")
    filename = shortened(filename, 100)
    if kind_of(data, filename) == "workbook":
        grids = read_workbook(data, filename)
    else:
        grids = [read_text(data, filename)]
        if not grids[0].rows:
            raise refuse("empty_file", f"“{filename}” is empty. {ADVICE}")
    layout = _choose([understand(grid, chosen) for grid in grids], filename)
    if layout.problems:
        raise TableError(layout.problems, columns=tuple(layout.columns), file_format=layout.grid.format)
    if not layout.rows:
        raise refuse("no_rows", f"“{filename}” has a header but no samples below it.")
    if len(layout.rows) > MAX_ROWS:
        raise too_many_rows(filename)
    return build_table(layout, keep_faulty_rows=keep_faulty_rows)


def _choose(layouts: list[Layout], filename: str) -> Layout:
    """The sheet that is an FNA table; where none is, the one that comes nearest, with its problems."""
    complete = [layout for layout in layouts if layout.features_found == _ALL_FEATURES and layout.rows]
    if len(complete) > 1:
        names = ", ".join(f"“{layout.grid.sheet}”" for layout in complete)
        message = f"“{filename}” has {len(complete)} sheets with FNA measurements: {names}. Keep one of them."
        raise refuse("several_tables", message)
    best = complete[0] if complete else max(layouts, key=lambda layout: layout.features_found)
    if len(layouts) > 1:
        others = ", ".join(f"“{layout.grid.sheet}”" for layout in layouts if layout is not best)
        message = f"Read from sheet “{best.grid.sheet}”; left out: {others}."
        best.warnings.append(Problem("other_sheets", message))
    return best
