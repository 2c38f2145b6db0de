"""What is refused, where it says the fault lies, and how to mend it."""

import time

import pytest

from ml.fna.intake import TableError, read_table
from ml.fna.schema import FEATURE_NAMES


def _problems(data: bytes, name: str = "t.csv"):
    with pytest.raises(TableError) as caught:
        read_table(data, name)
    return caught.value.problems


def _rows(table_text, n: int = 6) -> list[list[str]]:
    return [line.split(",") for line in table_text(n).splitlines()]


def _bytes(rows: list[list[str]]) -> bytes:
    return "\n".join(map(",".join, rows)).encode()


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", "missing"),
        ("?", "missing"),
        ("NaN", "missing"),
        ("inf", "infinite"),
        ("-inf", "infinite"),
        ("-0.2", "negative"),
        ("99999", "out_of_range"),
        ("abc", "not_a_number"),
        ("=1+1", "not_a_number"),
        ("2024-05-01", "date"),
        ("1;5", "not_a_number"),
        ('"1,001"', "two_readings"),
        ('"0,25"', "other_decimal_mark"),
    ],
)
def test_one_bad_cell_is_named_by_row_and_column(cell, code, table_text):
    rows = _rows(table_text)
    rows[4][7] = cell
    (problem,) = _problems(_bytes(rows))
    assert (problem.code, problem.row, problem.column, problem.column_index) == (
        code,
        5,
        "compactness_mean",
        7,
    )
    assert problem.message.startswith("Row 5, “compactness_mean”:")
    assert problem.expected == "a number from 0.001 to 5"


def test_headerless_columns_are_named_by_their_letter(table_text):
    rows = _rows(table_text, 8)[1:]
    rows[2][28] = "x"
    (problem,) = _problems(_bytes(rows))
    assert (problem.row, problem.column) == (3, "column AC")


def test_all_faults_are_listed_in_order_and_a_long_list_is_cut(table_text):
    rows = _rows(table_text, 6)
    rows[1][3], rows[5][2], rows[2][31] = "x", "y", "z"
    problems = _problems(_bytes(rows))
    assert [(p.row, p.column_index) for p in problems] == [(2, 3), (3, 31), (6, 2)]
    rows = [rows[0], *([*row[:2], *["x"] * 30] for row in rows[1:])]
    with pytest.raises(TableError) as caught:
        read_table(_bytes(rows), "t.csv")
    assert caught.value.total == 180
    assert len(caught.value.problems) == 101
    assert "80 more problems" in caught.value.problems[-1].message


@pytest.mark.parametrize(("change", "cells"), [(lambda row: row[:-1], 31), (lambda row: [*row, "1"], 33)])
def test_rows_of_a_wrong_length(change, cells, table_text):
    rows = _rows(table_text)
    rows[3] = change(rows[3])
    (problem,) = _problems(_bytes(rows))
    assert (problem.code, problem.row, problem.expected) == ("row_length", 4, "32 cells")
    assert f"{cells} cells" in problem.message


def test_missing_features_are_listed_in_words(table_text):
    rows = [[*row[:5], *row[6:20], *row[21:]] for row in _rows(table_text)]
    (problem,) = _problems(_bytes(rows))
    assert problem.code == "missing_features"
    assert "Missing: Area, mean; Symmetry, standard error." in problem.message


def test_two_columns_for_one_feature(table_text):
    rows = _rows(table_text)
    rows = [[*rows[0], "Mean Radius"], *([*row, row[2]] for row in rows[1:])]
    (problem,) = _problems(_bytes(rows))
    assert (problem.code, problem.column) == ("duplicate_column", "Mean Radius")
    assert "“radius_mean” (C) and “Mean Radius” (AG)" in problem.message


def test_a_standard_deviation_does_not_pass_for_a_standard_error(table_text):
    text = table_text().replace("radius_se", "radius_sd")
    (problem,) = _problems(text.encode())
    assert "Radius, standard error" in problem.message
    assert "“radius_sd”" in problem.message


def test_implausible_rows_are_imported_with_a_warning_that_names_them(table_text):
    rows = _rows(table_text)
    rows[2][5] = str(float(rows[2][5]) * 3)
    table = read_table(_bytes(rows), "t.csv")
    assert table.X.shape == (6, 30)
    found = {warning.code: warning for warning in table.warnings}
    assert found["area_for_radius:mean"].row == 3
    assert found["area_for_radius:mean"].column == "area_mean"


def test_a_whole_column_on_another_scale_is_one_warning(table_text):
    rows = _rows(table_text, 40)
    for row in rows[1:]:
        row[5] = str(float(row[5]) * 3)
    warnings = [w for w in read_table(_bytes(rows), "t.csv").warnings if w.code == "area_for_radius:mean"]
    (warning,) = warnings
    assert warning.row is None
    assert "40 of 40 rows" in warning.message


def test_a_physical_unit_in_a_header_is_remarked_on(table_text):
    table = read_table(table_text().replace("radius_mean", "Mean radius (µm)").encode(), "t.csv")
    assert [warning.code for warning in table.warnings] == ["other_unit"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty_file"),
        (b",,,\n,,,\n", "empty_file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "not_a_table"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "not_a_table"),
        (bytes(128) + b"DICM" + bytes(100), "not_a_table"),
        (b"%PDF-1.7\n", "not_a_table"),
        (b"<!DOCTYPE html><table>", "not_a_table"),
        (b'{"radius_mean": 1}', "not_a_table"),
        (bytes(range(256)) * 20, "not_text"),
        (b"\xff\xfeab\x00", "not_text"),
        (b'a,b\n"x,1\n', "bad_quoting"),
        (b'a,b\n"x"y,1\n', "bad_quoting"),
        (b"hello", "lookalike"),
        (b"1,2,3\n4,5,6\n", "missing_features"),
        (b"," * 1_000_000, "line_too_long"),
        (b"1," * 600 + b"\n", "too_many_columns"),
        (b"1,2\n" * 100_200, "too_many_rows"),
        ((b"1," * 499 + b"1\n") * 10_100, "too_many_cells"),
    ],
)
def test_files_that_are_no_such_table(data, code):
    (problem,) = _problems(data)
    assert problem.code == code


def test_a_header_without_samples():
    (problem,) = _problems(",".join(FEATURE_NAMES).encode())
    assert problem.code == "no_rows"


def test_more_than_fifty_megabytes():
    (problem,) = _problems(b"1,2\n" * (50 * 2**18 + 1))
    assert problem.code == "file_too_large"


def test_one_row_more_than_can_be_read(table_text):
    lines = table_text(1).splitlines()
    (problem,) = _problems("\n".join([lines[0], *[lines[1]] * 100_001]).encode())
    assert problem.code == "too_many_rows"


@pytest.mark.parametrize("sample_id", ["x" * 201, "a\x00b"])
def test_sample_ids_that_cannot_be_stored(sample_id, table_text):
    (problem,) = _problems(table_text(400).replace("S3,", f"{sample_id},").encode())
    assert (problem.code, problem.row, problem.column) == ("bad_sample_id", 5, "sample_id")


def test_messages_hold_no_control_characters_and_little_of_a_long_cell(table_text):
    rows = _rows(table_text)
    rows[1][2] = "\x1b[31m" + "y" * 5_000
    (problem,) = _problems(_bytes(rows))
    assert problem.message.isprintable()
    assert len(problem.message) < 300


@pytest.mark.parametrize(
    "cell", ["1" * 100_000 + "x", "px2" * 30_000 + "z", "(" * 100_000, "1,111" * 20_000, "mean" * 25_000 + "q"]
)
def test_hostile_cells_cost_no_more_than_their_length(cell, table_text):
    rows = _rows(table_text)
    started = time.process_time()
    for at in (0, 2):
        changed = [list(row) for row in rows]
        changed[at][4] = f'"{cell}"'
        assert _problems(_bytes(changed))
    assert time.process_time() - started < 10  # a pattern that backtracks would take hours
