"""Numbers: read exactly, or not at all."""

import pytest

from ml.fna.intake.numbers import decimal_mark, parse_cell, parse_column


@pytest.mark.parametrize(
    ("cell", "mark", "expected"),
    [
        ("17.99", ".", 17.99),
        (" 17.99 ", ".", 17.99),
        ("1e-05", ".", 1e-05),
        (".5", ".", 0.5),
        ("1,234.5", ".", 1234.5),
        ("1001", ",", 1001.0),
        ("17,99", ",", 17.99),
        ("1,001", ",", 1.001),
        ("1.234,5", ",", 1234.5),
        ("1 234,5", ",", 1234.5),
        ("1’234.5", ".", 1234.5),
        ("−3", ".", -3.0),
        ("1,001", ".", "two_readings"),
        ("1.001", ",", "two_readings"),
        ("17,99", ".", "other_decimal_mark"),
        ("0.118", ",", "other_decimal_mark"),
        ("1.2.3", ".", "not_a_number"),
        ("1_000", ".", "not_a_number"),
        ("١٢", ".", "not_a_number"),
        ("0x1F", ".", "not_a_number"),
        ("12 px", ".", "not_a_number"),
        ("1e999", ".", "infinite"),
        ("-Infinity", ".", "infinite"),
        ("2024-05-01", ".", "date"),
        ("1/5/2024", ".", "date"),
        ("?", ".", "missing"),
        ("NaN", ".", "missing"),
        ("", ".", "missing"),
    ],
)
def test_one_cell(cell, mark, expected):
    assert parse_cell(cell, mark) == expected
    column = parse_column([cell, cell], mark)
    if isinstance(expected, str):
        assert column.faults == {0: expected, 1: expected}
    else:
        assert column.values.tolist() == [expected, expected]


@pytest.mark.parametrize(
    ("columns", "mark"),
    [
        ([["1001", "578"], ["17.99", "20.5"]], "."),
        ([["1001", "578"], ["17,99", "20,5"]], ","),
        ([["1.001,5"]], ","),
        ([["1,001.5"]], "."),
        ([["1,001"], ["2,002"]], "."),  # proves nothing, so a point; the cells are then reported
        ([["1.001"], ["17,9"], ["0,5"]], ","),
    ],
)
def test_the_tables_decimal_mark_is_proved_by_its_cells(columns, mark):
    assert decimal_mark(columns) == mark


def test_a_cell_with_the_joining_character_is_reported_not_split():
    column = parse_column(["1", "2\x1f3"], ".")
    assert column.faults == {1: "not_a_number"}
