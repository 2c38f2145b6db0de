"""Rows that can't be read may be kept apart, so that one of them doesn't keep the others from being answered."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from ml.fna.intake import TableError, read_table
from ml.fna.schema import FEATURE_NAMES

WDBC = load_breast_cancer().data


def table(*faulty_cells: tuple[int, int, str]) -> bytes:
    """Ten real rows; (row from 0, column, text) spoils a cell."""
    rows = [[str(value) for value in row] for row in WDBC[:10].tolist()]
    for row, column, text in faulty_cells:
        rows[row][column] = text
    return "\n".join([",".join(FEATURE_NAMES), *map(",".join, rows)]).encode()


def test_the_other_rows_are_read_as_if_alone() -> None:
    read = read_table(table((2, 0, "?"), (5, 3, "-1"), (5, 4, "abc")), "t.csv", keep_faulty_rows=True)
    assert {row: [fault.code for fault in faults] for row, faults in read.faults.items()} == {
        4: ["missing"],
        7: ["negative", "not_a_number"],
    }
    sound = [index for index, row in enumerate(read.row_numbers) if row not in read.faults]
    assert np.array_equal(read.X[sound], np.delete(WDBC[:10], [2, 5], axis=0))


def test_a_row_of_a_wrong_length_is_one_of_them() -> None:
    data = table().replace(b"\n", b"\n1,2,3\n", 1)
    read = read_table(data, "t.csv", keep_faulty_rows=True)
    assert [fault.code for fault in read.faults[2]] == ["row_length"]
    assert len(read.row_numbers) == 11


def test_a_table_that_is_none_is_refused_all_the_same() -> None:
    with pytest.raises(TableError):
        read_table(b"a,b\n1,2\n", "t.csv", keep_faulty_rows=True)


def test_predict_refuses_the_row_and_answers_the_rest(tmp_path: Path) -> None:
    source, answers = tmp_path / "t.csv", tmp_path / "answers.csv"
    source.write_bytes(table((2, 0, "?"), (5, 3, "1e9")))
    command = [sys.executable, "-m", "ml", "predict", "fna", str(source), "--out", str(answers)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    rows = list(csv.DictReader(answers.read_text().splitlines()))
    assert [row["row"] for row in rows] == [str(number) for number in range(2, 12)]
    assert [row["row"] for row in rows if row["status"] == "refused"] == ["4", "7"]
    assert "no value" in rows[2]["reason"]
    assert rows[2]["probability_malignant"] == rows[2]["prediction_set"] == ""
    assert all(row["probability_malignant"] for row in rows if row["row"] not in {"4", "7"})
