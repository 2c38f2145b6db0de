"""Where a grid's header and samples are, and what each column means."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ml.fna.features import FEATURE_NAMES, FEATURES, FEATURES_BY_NAME
from ml.fna.intake.headers import HeaderMeaning, is_generic, understand_header
from ml.fna.intake.lookalikes import WPBC, resemblance
from ml.fna.intake.numbers import is_number
from ml.fna.intake.position import understand_positions
from ml.fna.intake.table import (
    DIAGNOSIS,
    IGNORED,
    SAMPLE_ID,
    ColumnUnderstanding,
    Grid,
    Problem,
    column_letter,
    shortened,
)

MEANINGS: Final = frozenset({*FEATURE_NAMES, SAMPLE_ID, DIAGNOSIS, IGNORED})
_ROWS_ABOVE_HEADER: Final = 30
_FEATURES_IN_HEADER: Final = 3
_EXAMPLES: Final = 3


@dataclass
class Layout:
    """A grid understood: the samples' rows, each column's meaning, and what stands in the way of reading."""

    grid: Grid
    header: list[str] | None
    header_row: int | None
    rows: list[list[str]]
    row_numbers: list[int]
    columns: list[ColumnUnderstanding]
    bare_outcomes: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def index_of(self, meaning: str) -> int | None:
        """The column that holds `meaning`, or None."""
        return next((column.index for column in self.columns if column.meaning == meaning), None)

    def column_of(self, meaning: str) -> ColumnUnderstanding:
        """The column that holds `meaning`. Raises KeyError where there is none."""
        index = self.index_of(meaning)
        if index is None:
            raise KeyError(meaning)
        return self.columns[index]

    def place(self, column: ColumnUnderstanding, i: int) -> str:
        """Where the cell of `column` in sample `i` stands, in the words of the user's file."""
        return f"Row {self.row_numbers[i]}, {column.name if column.header is None else f'“{column.header}”'}"

    @property
    def features_found(self) -> int:
        """How many of the thirty features have a column."""
        return len({column.meaning for column in self.columns} & set(FEATURE_NAMES))


def _count_features(row: list[str]) -> int:
    return len({understand_header(cell).meaning for cell in row} & set(FEATURE_NAMES))


def _share_of_numbers(row: list[str]) -> float:
    filled = [cell for cell in row if cell.strip()]
    return sum(map(is_number, filled)) / max(1, len(filled))


def _header_index(rows: list[list[str]]) -> int | None:
    """The first row that names features; else row 0 where it is words above numbers; else None."""
    for index, row in enumerate(rows[:_ROWS_ABOVE_HEADER]):
        if len(row) >= _FEATURES_IN_HEADER and _count_features(row) >= _FEATURES_IN_HEADER:
            return index
    if is_generic(rows[0]):
        return 0
    if len(rows) > 1 and _share_of_numbers(rows[0]) <= 0.2 and _share_of_numbers(rows[1]) >= 0.5:
        return 0
    return None


def understand(grid: Grid, chosen: Mapping[int, str]) -> Layout:
    """Find the header and each column's meaning; `chosen` meanings override what was understood.

    Problems are gathered, not raised: the layout is also what a person needs to see to put them right.
    """
    at = _header_index(grid.rows)
    first = 0 if at is None else at + 1
    rows, row_numbers = grid.rows[first:], grid.row_numbers[first:]
    header = None if at is None else list(grid.rows[at])
    usual_width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    if header is not None and usual_width == len(header) + 1 and _names_rows(header, rows):
        header.insert(0, "")  # R's write.table leaves out the name of its row-name column
    width = max(len(header) if header is not None else 0, usual_width)
    header_row = None if at is None else grid.row_numbers[at]
    layout = Layout(grid, header, header_row, rows, row_numbers, [])
    if header is None or is_generic(header):
        _by_position(layout, width)
    else:
        _by_name(layout, [*header, *[""] * (width - len(header))])
    if at:
        message = f"The {at} row{'s' * (at > 1)} above the header were left out."
        layout.warnings.append(Problem("rows_above_header", message, row=header_row))
    _apply_choices(layout, chosen)
    _require_features(layout)
    _trim_empty_tail(layout)
    return layout


def _names_rows(header: list[str], rows: list[list[str]]) -> bool:
    """Whether the one column more than the header has is the first, naming or numbering the rows, not the
    last.
    """
    if not header[-1].strip() or not all(row[-1].strip() for row in rows):
        return False
    names = [row[0].strip() for row in rows]
    if names == [str(number) for number in range(1, len(names) + 1)]:
        return True
    return not any(understand_header(name).meaning == SAMPLE_ID for name in header) and not any(
        "." in name or "," in name for name in names
    )


def _understanding(layout: Layout, index: int, header: str | None, meaning: HeaderMeaning) -> ColumnUnderstanding:
    examples = tuple(shortened(row[index].strip()) for row in layout.rows[:_EXAMPLES] if index < len(row))
    name = shortened(header.strip()) if header and header.strip() else None
    return ColumnUnderstanding(index, column_letter(index), name, meaning.meaning or IGNORED, meaning.how, examples)


def _by_position(layout: Layout, width: int) -> None:
    meanings = understand_positions(layout.rows, width) or (None,) * width
    for index, meaning in enumerate(meanings):
        understood = HeaderMeaning(meaning, "position" if meaning else "unrecognised")
        layout.columns.append(_understanding(layout, index, None, understood))
        if meaning == DIAGNOSIS:  # without a name, nothing says which of 0 and 1 means malignant
            layout.bare_outcomes.add(index)


def _by_name(layout: Layout, header: list[str]) -> None:
    meanings = [understand_header(name) for name in header]
    named_outcome = any(m.meaning == DIAGNOSIS and not m.bare_outcome for m in meanings)
    seen: set[str] = set()
    for index, (name, said) in enumerate(zip(header, meanings, strict=True)):
        meaning = said
        surplus = said.meaning in seen and said.meaning in (SAMPLE_ID, DIAGNOSIS)
        if surplus or (said.bare_outcome and named_outcome):  # one id and one outcome column are enough
            meaning = HeaderMeaning(None, "unrecognised")
        elif said.bare_outcome:
            layout.bare_outcomes.add(index)
        if meaning.meaning is None and not any(index < len(row) and row[index].strip() for row in layout.rows):
            meaning = replace(meaning, how="empty")
        if meaning.meaning:
            seen.add(meaning.meaning)
        column = _understanding(layout, index, name, meaning)
        layout.columns.append(column)
        if meaning.other_unit:
            layout.warnings.append(
                Problem(
                    "other_unit",
                    f"“{column.name}” gives the unit {meaning.other_unit}. The classifier was trained on "
                    "pixels of one microscope's images: values on another scale are not comparable and will "
                    "be refused or wrong.",
                    column=column.name,
                    column_index=index,
                )
            )


def _apply_choices(layout: Layout, chosen: Mapping[int, str]) -> None:
    for index, meaning in chosen.items():
        if index >= len(layout.columns):
            message = f"{column_letter(index)} was chosen as {meaning}, but the table has no such column."
            layout.problems.append(Problem("no_such_column", message, column_index=index))
            continue
        layout.columns[index] = replace(layout.columns[index], meaning=meaning, how="chosen")
        layout.bare_outcomes.discard(index)
        if meaning == IGNORED:
            continue
        # The chosen column takes the place of the one that was understood.
        for other, column in enumerate(layout.columns):
            if column.meaning == meaning and other not in chosen:
                layout.columns[other] = replace(column, meaning=IGNORED, how="unrecognised")


def _require_features(layout: Layout) -> None:
    """Exactly one column for each feature, and not a lookalike that has them all."""
    by_meaning: dict[str, list[ColumnUnderstanding]] = {}
    for column in layout.columns:
        by_meaning.setdefault(column.meaning, []).append(column)
    for meaning, columns in by_meaning.items():
        if meaning != IGNORED and len(columns) > 1:
            label = FEATURES_BY_NAME[meaning].label if meaning in FEATURES_BY_NAME else meaning
            names = " and ".join(f"“{column.name}” ({column.letter})" for column in columns)
            layout.problems.append(
                Problem(
                    "duplicate_column",
                    f"{label} has {len(columns)} columns: {names}. Keep one.",
                    row=layout.header_row,
                    column=columns[1].name,
                    column_index=columns[1].index,
                )
            )
    missing = [feature for feature in FEATURES if feature.name not in by_meaning]
    looks_like = resemblance(layout.header, layout.rows)
    if missing:
        layout.problems.append(_missing_features(layout, [feature.label for feature in missing], looks_like))
    elif looks_like == WPBC:
        layout.problems.append(Problem("lookalike", WPBC, row=layout.header_row))


def _missing_features(layout: Layout, labels: list[str], looks_like: str | None) -> Problem:
    width = len(layout.columns)
    if looks_like:
        lead = looks_like
    elif layout.header is None:
        lead = (
            f"The table has {width} column{'s' * (width != 1)} without names, and their values are not the "
            "thirty measurements in the usual order. Add a header row (see the template)."
        )
    else:
        lead = f"{len(labels)} of the thirty measurements have no column that could be recognised."
    unknown = [f"“{c.name}”" for c in layout.columns if c.how == "unrecognised" and c.header]
    others = f" Columns not recognised: {', '.join(unknown[:10])}{' …' * (len(unknown) > 10)}."
    listed = "; ".join(labels) if len(labels) < len(FEATURES) else "all thirty, radius to fractal dimension"
    message = f"{lead} Missing: {listed}.{others if unknown and not looks_like else ''}"
    code = "lookalike" if looks_like else "missing_features"
    expected = "a column for each of the thirty measurements"
    return Problem(code, message, row=layout.header_row, expected=expected)


def _trim_empty_tail(layout: Layout) -> None:
    while layout.columns and layout.columns[-1].how == "empty" and not layout.columns[-1].header:
        layout.columns.pop()
