"""The shapes in which people keep one and the same table."""

import time

import numpy as np
import pytest

from ml.fna.intake import TableError, read_table, template_csv
from ml.fna.schema import FEATURE_NAMES

HEADER = ["sample_id", "diagnosis", *FEATURE_NAMES]


def _same(table, wdbc, n: int) -> None:
    X, y = wdbc
    np.testing.assert_array_equal(table.X, X[:n])
    assert table.known_outcomes == y[:n].tolist()


@pytest.mark.parametrize(
    "shape",
    [
        (",", ".", "comma-separated text, UTF-8, decimal point"),
        (";", ",", "semicolon-separated text, UTF-8, decimal comma"),
        (";", ".", "semicolon-separated text, UTF-8, decimal point"),
        ("\t", ",", "tab-separated text, UTF-8, decimal comma"),
        ("\t", ".", "tab-separated text, UTF-8, decimal point"),
        ("|", ".", "pipe-separated text, UTF-8, decimal point"),
        ("   ", ".", "blank-separated text, UTF-8, decimal point"),
        (", ", ".", "comma-separated text, UTF-8, decimal point"),
    ],
)
@pytest.mark.parametrize("header", [True, False])
def test_delimiters_and_decimal_marks(shape, header, table_text, wdbc):
    delimiter, decimal, told = shape
    table = read_table(table_text(delimiter=delimiter, decimal=decimal, header=header).encode(), "t")
    assert table.format == told
    _same(table, wdbc, 12)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_encodings(encoding, name, table_text, wdbc):
    text = table_text().replace("S3,", "Müller-3,")
    table = read_table(text.encode(encoding), "t.csv")
    assert table.format == f"comma-separated text, {name}, decimal point"
    assert table.sample_ids[3] == "Müller-3"
    _same(table, wdbc, 12)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_and_blank_lines_keep_the_row_numbers(line_end, table_text, wdbc):
    lines = table_text(3).splitlines()
    table = read_table(line_end.join([*lines[:2], "", *lines[2:], "", ""]).encode(), "t.csv")
    assert table.row_numbers == [2, 4, 5]
    _same(table, wdbc, 3)


def test_columns_in_any_order_with_others_between(table_text, wdbc):
    rows = [line.split(",") for line in table_text().splitlines()]
    order = np.random.default_rng(3).permutation(len(rows[0]))
    shuffled = [",".join([*(row[i] for i in order), "note"]) for row in rows]
    table = read_table("\n".join(shuffled).encode(), "t.csv")
    _same(table, wdbc, 12)
    assert table.sample_ids[0] == "S0"
    assert [(c.meaning, c.how) for c in table.columns][-1] == ("ignored", "unrecognised")
    assert [warning.code for warning in table.warnings] == ["ignored_columns"]


def test_kaggles_trailing_comma_and_pandas_index_column(table_text, wdbc):
    lines = table_text().splitlines()
    kaggle = [f"{lines[0].replace('concave_points_', 'concave points_')},", *lines[1:]]
    table = read_table("\n".join(kaggle).encode(), "data.csv")
    _same(table, wdbc, 12)
    assert table.warnings == []
    pandas = [f",{lines[0]},Unnamed: 32", *(f"{i},{line}," for i, line in enumerate(lines[1:]))]
    table = read_table("\n".join(pandas).encode(), "data.csv")
    _same(table, wdbc, 12)
    assert table.warnings == []
    assert table.columns[-1].how == "empty"


def test_separators_at_the_end_of_the_samples_alone_displace_nothing(table_text, wdbc):
    header, *lines = table_text().splitlines()
    for tail in (",", ",remark"):
        table = read_table("\n".join([header, *(line + tail for line in lines)]).encode(), "t.csv")
        _same(table, wdbc, 12)
        assert table.sample_ids[0] == "S0"


def test_rs_write_table_leaves_the_row_name_column_unnamed(table_text, wdbc):
    lines = [line.split(",") for line in table_text().splitlines()]
    text = [" ".join(f'"{name.replace("_", ".")}"' for name in lines[0])]
    text += [" ".join([f'"{i}"', f'"{row[0]}"', f'"{row[1]}"', *row[2:]]) for i, row in enumerate(lines[1:], 1)]
    table = read_table("\n".join(text).encode(), "t.txt")
    _same(table, wdbc, 12)
    assert table.sample_ids[0] == "S0"


def test_titles_above_the_header_and_excels_separator_hint(table_text, wdbc):
    text = "sep=;\nCytology laboratory\nexported 21 Nov 2026\n" + table_text(delimiter=";", decimal=",")
    table = read_table(text.encode(), "t.csv")
    _same(table, wdbc, 12)
    assert table.row_numbers[0] == 5
    assert [warning.code for warning in table.warnings] == ["rows_above_header"]


def test_a_programs_own_column_numbers_count_as_no_header(table_text, wdbc):
    text = ",".join(f"V{i}" for i in range(1, 33)) + "\n" + table_text(header=False)
    table = read_table(text.encode(), "t.csv")
    _same(table, wdbc, 12)
    assert table.row_numbers[0] == 2


@pytest.mark.parametrize(
    ("columns", "has_id", "has_outcome"),
    [
        (range(2, 32), False, False),
        ([0, *range(2, 32)], True, False),
        ([1, *range(2, 32)], False, True),
        ([1, 0, *range(2, 32)], True, True),
        ([0, *range(2, 32), 1], True, True),
        ([*range(2, 32), 1], False, True),
    ],
)
def test_headerless_layouts_that_the_values_prove(columns, has_id, has_outcome, table_text, wdbc):
    rows = [line.split(",") for line in table_text(header=False).splitlines()]
    table = read_table("\n".join(",".join(row[i] for i in columns) for row in rows).encode(), "t")
    X, y = wdbc
    np.testing.assert_array_equal(table.X, X[:12])
    assert table.sample_ids == ([f"S{i}" for i in range(12)] if has_id else [None] * 12)
    assert table.known_outcomes == (y[:12].tolist() if has_outcome else [None] * 12)


def test_headerless_columns_in_another_order_are_refused(table_text):
    rows = [line.split(",") for line in table_text(header=False).splitlines()]
    swapped = [[*row[:2], *row[12:22], *row[2:12], *row[22:]] for row in rows]
    with pytest.raises(TableError, match="not the thirty measurements in the usual order"):
        read_table("\n".join(map(",".join, swapped)).encode(), "t")


def test_a_person_can_name_the_columns(table_text, wdbc):
    rows = [line.split(",") for line in table_text().splitlines()]
    rows[0][5] = "surface"
    data = "\n".join(map(",".join, rows)).encode()
    with pytest.raises(TableError) as caught:
        read_table(data, "t.csv")
    assert "“surface”" in caught.value.problems[0].message
    assert "Area, mean" in caught.value.problems[0].message
    assert caught.value.columns[5].how == "unrecognised"
    table = read_table(data, "t.csv", {5: "area_mean", 0: "ignored"})
    _same(table, wdbc, 12)
    assert table.columns[5].how == "chosen"
    assert table.sample_ids == [None] * 12


def test_a_person_can_name_every_column_of_a_headerless_table(table_text, wdbc):
    rows = [line.split(",") for line in table_text(header=False).splitlines()]
    backwards = "\n".join(",".join(reversed(row)) for row in rows).encode()
    table = read_table(backwards, "t", dict(enumerate(reversed(HEADER))))
    _same(table, wdbc, 12)


def test_choices_that_make_no_sense_are_the_callers_error(table_text):
    with pytest.raises(ValueError, match="known meanings"):
        read_table(table_text().encode(), "t", {0: "radius"})
    with pytest.raises(TableError, match="no such column"):
        read_table(table_text().encode(), "t", {99: "area_mean"})


@pytest.mark.parametrize(
    "sample_id", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "<script>alert(1)</script>", "a' OR 1=1"]
)
def test_sample_ids_are_kept_verbatim(sample_id, table_text):
    table = read_table(table_text(3).replace("S1", sample_id).encode(), "t.csv")
    assert table.sample_ids == ["S0", sample_id, "S2"]


def test_repeated_sample_ids_are_remarked_on(table_text):
    table = read_table(table_text(4).replace("S1,", "S0,").encode(), "t.csv")
    (warning,) = table.warnings
    assert warning.code == "duplicate_sample_id"
    assert "“S0” (2 rows)" in warning.message


def test_the_template_reads_back(wdbc):
    table = read_table(template_csv(), "template.csv")
    X, y = wdbc
    assert table.known_outcomes == [1, 0]
    benign = int(np.flatnonzero(y == 0)[0])
    np.testing.assert_array_equal(table.X, X[[0, benign]])
    assert {column.how for column in table.columns} == {"exact"}


@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ",")])
def test_ten_thousand_rows_take_seconds_not_minutes(delimiter, decimal, table_text, wdbc):
    lines = table_text(500, delimiter=delimiter, decimal=decimal).splitlines()
    data = "\n".join([lines[0], *lines[1:] * 20]).encode()
    started = time.process_time()
    table = read_table(data, "t.csv")
    assert time.process_time() - started < 10  # about half a second on a free machine
    assert table.X.shape == (10_000, 30)
