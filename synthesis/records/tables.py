"""FNA measurements with their diagnosis: from an upload, and as they are kept.

A kept table is a CSV of the diagnosis, a group number and the 30 measurements. Rows of one group are of one patient as
far as the upload tells: they had the same sample number. The number itself, and every column that is no measurement,
is left behind.
"""

import csv
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES, LABELS
from ml.fna.intake import FnaTable, TableError, read_table
from synthesis.records.problems import Problem, UnusableUpload

# Without so many, what a set gives away of them cannot be told from chance: the release gate would block every set.
LEAST, LEAST_OF_A_CLASS = 100, 20


@dataclass(frozen=True)
class FnaRecords:
    """Measurements `X` (n, 30) in the schema's order and units, outcomes `y` (n,) with 1 malignant, groups (n,)."""

    X: NDArray[np.float64]
    y: NDArray[np.int64]
    groups: NDArray[np.int64]

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each class."""
        return {name: int((self.y == label).sum()) for label, name in enumerate(LABELS)}


def read_upload(data: bytes, file_name: str) -> tuple[FnaRecords, list[Problem]]:
    """The usable rows of a table in any shape that the FNA intake reads, and what was left out.

    Raises:
        UnusableUpload: it is no such table, says no diagnosis, or a class has too few rows.
    """
    try:
        table = read_table(data, file_name, keep_faulty_rows=True)
    except TableError as error:
        problems = [Problem(_place(problem.row), problem.message) for problem in error.problems]
        raise UnusableUpload("This is no table of FNA measurements that can be read.", problems) from error
    problems = [Problem("", remark.message) for remark in table.warnings if remark.row is None]
    kept = []
    for index, (row, outcome) in enumerate(zip(table.row_numbers, table.known_outcomes, strict=True)):
        if faults := table.faults.get(row):
            problems.append(Problem(_place(row), " ".join(fault.message for fault in faults)))
        elif outcome is None:
            problems.append(Problem(_place(row), "The diagnosis is missing: write benign or malignant (B or M)."))
        else:
            kept.append(index)
    records = _records(table, kept)
    check_counts(records.counts, problems)
    return records, problems


def check_counts(counts: dict[str, int], problems: list[Problem]) -> None:
    """Whether every class has enough records to learn from and to hold some out.

    Raises:
        UnusableUpload: one has fewer.
    """
    if not any(counts.values()):
        raise UnusableUpload("No record of the upload can be used.", problems)
    if sum(counts.values()) < LEAST:
        raise UnusableUpload(
            f"Only {sum(counts.values())} usable records: at least {LEAST} are needed to learn from and to hold back "
            "for the tests.",
            problems,
        )
    for name, number in counts.items():
        if 0 < number < LEAST_OF_A_CLASS:
            raise UnusableUpload(
                f"Only {number} usable {name} record{'' if number == 1 else 's'}: at least {LEAST_OF_A_CLASS} of a "
                "class are needed. Add more, or leave the class out.",
                problems,
            )


def _records(table: FnaTable, kept: list[int]) -> FnaRecords:
    names = [table.sample_ids[index] or f"\0{index}" for index in kept]
    groups = np.unique(names, return_inverse=True)[1] if names else np.empty(0, dtype=np.int64)
    outcomes = [table.known_outcomes[index] for index in kept]
    return FnaRecords(table.X[kept], np.array(outcomes, dtype=np.int64), np.asarray(groups, dtype=np.int64))


def _place(row: int | None) -> str:
    return "" if row is None else f"row {row:,}"


def kept_form(records: FnaRecords) -> bytes:
    """The table as it is kept; the same records give the same bytes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["diagnosis", "group", *FEATURE_NAMES])
    for row, outcome, group in zip(records.X.tolist(), records.y.tolist(), records.groups.tolist(), strict=True):
        writer.writerow([LABELS[outcome], group, *map(repr, row)])
    return out.getvalue().encode()


def from_kept_form(data: bytes) -> FnaRecords:
    """What `kept_form` wrote."""
    rows = list(csv.reader(io.StringIO(data.decode())))[1:]
    return FnaRecords(
        X=np.array([[float(cell) for cell in row[2:]] for row in rows]),
        y=np.array([LABELS.index(row[0]) for row in rows], dtype=np.int64),
        groups=np.array([int(row[1]) for row in rows], dtype=np.int64),
    )
