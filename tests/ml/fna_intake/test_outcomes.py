"""Diagnosis columns: kept beside the measurements, and never guessed."""

import numpy as np
import pytest

from ml.fna.intake import TableError, read_table
from ml.fna.schema import FEATURE_NAMES


def _csv(wdbc, header: str, cells: list[str]) -> bytes:
    X, _ = wdbc
    lines = [",".join([header, *FEATURE_NAMES])]
    for cell, row in zip(cells, X, strict=False):
        lines.append(",".join([cell, *map(repr, row.tolist())]))
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("malignant", "benign"), [("M", "B"), ("m", "b"), ("Malignant", "BENIGN"), (" malignant ", "benign")]
)
def test_words_for_the_outcome(malignant, benign, wdbc):
    _, y = wdbc
    table = read_table(_csv(wdbc, "Diagnosis", [malignant if i else benign for i in y[:60]]), "t.csv")
    assert table.known_outcomes == y[:60].tolist()
    assert table.X.shape == (60, 30)


def test_blank_is_unknown(wdbc):
    table = read_table(_csv(wdbc, "diagnosis", ["M", "", "?", "B"]), "t.csv")
    assert table.known_outcomes == [1, None, None, 0]


@pytest.mark.parametrize("header", ["diagnosis", "malignant"])
def test_one_means_malignant_and_is_said_so(header, wdbc):
    _, y = wdbc
    table = read_table(_csv(wdbc, header, [str(i) for i in y[:60]]), "t.csv")
    assert table.known_outcomes == y[:60].tolist()
    assert "1 as malignant" in table.warnings[0].message


def test_yes_and_no_answer_only_the_question_malignant(wdbc):
    assert read_table(_csv(wdbc, "malignant", ["yes", "no"]), "t.csv").known_outcomes == [1, 0]
    with pytest.raises(TableError) as caught:
        read_table(_csv(wdbc, "diagnosis", ["yes", "B"]), "t.csv")
    assert (caught.value.problems[0].code, caught.value.problems[0].row) == ("bad_diagnosis", 2)


def test_scikit_learns_target_is_told_from_the_measurements(wdbc):
    _, y = wdbc
    table = read_table(_csv(wdbc, "target", [str(1 - i) for i in y]), "t.csv")
    assert table.known_outcomes == y.tolist()
    assert "0 as malignant" in table.warnings[0].message


def test_nameless_codes_are_told_from_the_measurements_or_left_out(wdbc):
    _, y = wdbc
    nameless = _csv(wdbc, "", [str(1 - i) for i in y]).split(b"\n", 1)[1]
    assert read_table(nameless, "t").known_outcomes == y.tolist()
    few = _csv(wdbc, "", ["1", "1", "0"]).split(b"\n", 1)[1]
    assert read_table(few, "t").known_outcomes == [None] * 3


def test_a_target_that_cannot_be_told_is_left_out(wdbc):
    coin = np.random.default_rng(0).integers(0, 2, 200)
    for cells in ([str(c) for c in coin], ["1", "0", "1"], ["A", "B", "A"], ["2", "4", "2"]):
        table = read_table(_csv(wdbc, "target", cells), "t.csv")
        assert set(table.known_outcomes) == {None}
        assert [w.code for w in table.warnings] == ["ambiguous_outcome"]
        assert (table.columns[0].meaning, table.columns[0].how) == ("ignored", "ambiguous")


def test_a_code_the_measurements_contradict_is_left_out(wdbc):
    _, y = wdbc
    table = read_table(_csv(wdbc, "diagnosis", [str(1 - i) for i in y]), "t.csv")
    assert set(table.known_outcomes) == {None}
    assert "0s have the larger nuclei" in table.warnings[0].message


def test_an_outcome_of_another_kind_is_an_error_with_its_place(wdbc):
    with pytest.raises(TableError) as caught:
        read_table(_csv(wdbc, "diagnosis", ["M", "suspicious", "B"]), "t.csv")
    (problem,) = caught.value.problems
    assert (problem.code, problem.row, problem.column, problem.value) == (
        "bad_diagnosis",
        3,
        "diagnosis",
        "suspicious",
    )
    assert "M or malignant" in problem.message
