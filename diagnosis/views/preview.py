"""How a table was understood, as its preview shows it."""

from dataclasses import dataclass
from itertools import islice

from ml.fna.intake import FnaTable
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


@dataclass(frozen=True)
class PreviewColumn:
    """One column of the file: what it is called there, what it was taken for, why, and its first cells."""

    letter: str
    header: str
    meaning: str
    how: str
    examples: tuple[str, ...]


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
        columns=[
            PreviewColumn(
                letter=column.letter,
                header=column.header or "",
                meaning=_meaning(column.meaning),
                how=HOW[column.how],
                examples=column.examples,
            )
            for column in table.columns
        ],
        labels=[feature.label for feature in FEATURES],
        rows=[
            (number, sample_id or "", "" if outcome is None else LABELS[outcome], values)
            for number, sample_id, outcome, values in islice(numbered, ROWS_SHOWN)
        ],
    )


def _meaning(meaning: str) -> str:
    feature = FEATURES_BY_NAME.get(meaning)
    return feature.label if feature else MEANINGS[meaning]
