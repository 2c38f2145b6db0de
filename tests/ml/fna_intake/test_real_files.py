"""Every table of the collection: the WDBC shapes are read alike, everything else is refused by name."""

import numpy as np
import pytest

from ml.fna.intake import TableError, read_table


@pytest.mark.parametrize(
    ("name", "first_row", "how"),
    [
        ("wdbc.data", 1, "position"),
        ("wdbc_prakash.data", 2, "synonym"),
        ("wdbc_titlecase_header_diagnosis_last.csv", 2, "synonym"),
    ],
)
def test_wdbc_shapes_give_the_same_table(name, first_row, how, real_file, wdbc):
    table = read_table(real_file(name), name)
    X, y = wdbc
    np.testing.assert_array_equal(table.X, X)
    assert table.known_outcomes == y.tolist()
    assert table.row_numbers == list(range(first_row, first_row + 569))
    assert table.sample_ids[:2] == ["842302", "842517"]
    assert {column.how for column in table.columns} == {how}
    assert table.warnings == []
    assert table.describe()["outcomes"] == {"malignant": 212, "benign": 357, "unknown": 0}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wbc_prakash.data", "original Wisconsin"),
        ("wbc_with_header.csv", "original Wisconsin"),
        ("wbc_unformatted-data", "original Wisconsin"),
        ("wbc.names", "running text"),
        ("wdbc.names", "running text"),
        ("SOURCE.txt", "running text"),
        ("wpbc.data", "Prognostic"),
        ("wpbc_space_separated.data", "Prognostic"),
        ("mammographic_masses.data", "mammographic masses"),
    ],
)
def test_other_tables_are_refused_by_what_they_look_like(name, told, real_file):
    with pytest.raises(TableError) as caught:
        read_table(real_file(name), name)
    (problem,) = caught.value.problems
    assert problem.code == "lookalike"
    assert told in problem.message
    assert "Missing: all thirty" in problem.message


def test_prognostic_table_with_a_header_is_refused_although_it_has_all_thirty(real_file):
    from ml.fna.schema import FEATURE_NAMES

    header = ",".join(["id", "outcome", "time", *FEATURE_NAMES, "tumor_size", "lymph_node_status"])
    data = header.encode() + b"\n" + real_file("wpbc.data")
    with pytest.raises(TableError) as caught:
        read_table(data, "wpbc.csv")
    assert "Prognostic" in caught.value.problems[0].message


def test_headerless_original_wisconsin_table_is_named(real_file):
    data = b"\n".join(real_file("wbc_with_header.csv").splitlines()[1:])
    with pytest.raises(TableError, match="original Wisconsin"):
        read_table(data, "breast-cancer-wisconsin.data")
