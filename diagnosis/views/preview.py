"""How a table was understood, as its preview shows it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from diagnosis.services.intake import UnreadableTable
from ml.fna.intake import ColumnUnderstanding, FnaTable
from ml.fna.schema import FEATURES, FEATURES_BY_NAME, LABELS

ROWS_SHOWN = 3
MEANINGS = {
    "sample_id": "Sample number",
    "diagnosis": "Known diagnosis, kept for comparison only",
    "ignored": "Not used",
}
HOW = {
    "exact": "by its name",
    "synonym": "by another spelling of its name",
    "position": "by its place and values",
    "chosen": "as you chose",
    "unrecognised": "the name is not known here",
    "empty": "the column is empty",
    "ambiguous": "it could mean two things, so it is left out",
}
# A person may say what these mean; whatever was recognised stays as it is.
OPEN_TO_CHOICE = frozenset({"unrecognised", "ambiguous", "chosen"})
# Problems that naming columns can solve.
SOLVED_BY_NAMING = frozenset({"missing_features", "duplicate_column", "no_such_column"})


@dataclass(frozen=True)
class Choice:
    """Something that a column may be said to mean."""

    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True)
class PreviewColumn:
    """One column of the file: what it is called there, what it was taken for, why, its first cells.

    `choices` are what a person may say it means instead; empty where it was recognised.
    """

    index: int
    letter: str
    header: str
    meaning: str
    how: str
    examples: tuple[str, ...]
    choices: list[Choice]


@dataclass(frozen=True)
class Preview:
    """The table's shape, its columns, its first rows as they would be stored, and what the import remarks on."""

    table: FnaTable
    row_count: int
    malignant: int
    benign: int
    columns: list[PreviewColumn]
    labels: list[str]
    rows: list[tuple[int, str, str, list[float]]]


def preview_of(table: FnaTable) -> Preview:
    """The preview of a table that can be imported."""
    outcomes = table.known_outcomes
    numbered = zip(table.row_numbers, table.sample_ids, outcomes, table.X.tolist(), strict=True)
    return Preview(
        table=table,
        row_count=len(table.row_numbers),
        malignant=sum(outcome == 1 for outcome in outcomes),
        benign=sum(outcome == 0 for outcome in outcomes),
        columns=_columns(table.columns),
        labels=[feature.label for feature in FEATURES],
        rows=[
            (number, sample_id or "", "" if outcome is None else LABELS[outcome], values)
            for number, sample_id, outcome, values in islice(numbered, ROWS_SHOWN)
        ],
    )


def columns_to_name(error: UnreadableTable) -> list[PreviewColumn]:
    """The columns of a refused table, where naming some of them by hand could make it readable; else none."""
    codes = {problem["code"] for problem in error.problems}
    return _columns(error.columns) if codes and codes <= SOLVED_BY_NAMING else []


def shown_problems(problems: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Problems for a table with columns for row and column, so that their messages need not repeat the place."""
    return [{**problem, "message": _without_place(problem)} for problem in problems]


def _without_place(problem: Mapping[str, Any]) -> str:
    message, row, column = str(problem["message"]), problem["row"], problem["column"]
    for place in (f"Row {row}, “{column}”: ", f"Row {row}, {column}: ", f"Row {row}: "):
        if message.startswith(place):
            rest = message.removeprefix(place)
            return rest[:1].upper() + rest[1:]
    return message


def _columns(columns: Sequence[ColumnUnderstanding]) -> list[PreviewColumn]:
    taken = Counter(column.meaning for column in columns)
    return [
        PreviewColumn(
            index=column.index,
            letter=column.letter,
            header=column.header or "",
            meaning=_meaning(column.meaning),
            how=HOW[column.how],
            examples=column.examples,
            choices=_choices(column, taken),
        )
        for column in columns
    ]


def _choices(column: ColumnUnderstanding, taken: Mapping[str, int]) -> list[Choice]:
    is_doubled = column.meaning != "ignored" and taken[column.meaning] > 1
    if column.how not in OPEN_TO_CHOICE and not is_doubled:
        return []
    missing = [feature.name for feature in FEATURES if not taken.get(feature.name)]
    values = dict.fromkeys(["ignored", column.meaning, "sample_id", "diagnosis", *missing])
    return [Choice(value, _meaning(value), value == column.meaning) for value in values]


def _meaning(meaning: str) -> str:
    feature = FEATURES_BY_NAME.get(meaning)
    return feature.label if feature else MEANINGS[meaning]
