"""Whatever the table and however it is written: it reads back exactly, or the fault is named at its place."""

import csv
from io import BytesIO, StringIO

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ml.fna.intake import TableError, read_table
from ml.fna.schema import FEATURE_NAMES, FEATURES

QUICK = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def _spell(feature, style: str) -> str:
    measure = feature.measure.replace("_", " ")
    word = {"mean": "Mean", "se": "SE", "worst": "Worst"}[feature.statistic]
    number = {"mean": 1, "se": 2, "worst": 3}[feature.statistic]
    return {
        "ours": feature.name,
        "label": feature.label,
        "title": f"{word} {measure.title()} ",
        "kaggle": f"{measure}_{feature.statistic}",
        "uci": f"{feature.measure}{number}",
        "camel": f"{measure.title().replace(' ', '')}{word}",
    }[style]


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


@st.composite
def tables(draw):
    """A valid matrix within the hard limits, at full float precision, with ids and outcomes."""
    n = draw(st.integers(1, 4))
    X = [[draw(st.floats(f.minimum, f.maximum, allow_subnormal=False)) for f in FEATURES] for _ in range(n)]
    text = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=12)
    ids = draw(st.lists(text.filter(lambda s: "\x00" not in s), min_size=n, max_size=n))
    outcomes = draw(st.lists(st.sampled_from([0, 1, None]), min_size=n, max_size=n))
    return np.array(X), ids, outcomes


@QUICK
@given(
    table=tables(),
    style=st.sampled_from(["ours", "label", "title", "kaggle", "uci", "camel"]),
    dialect=st.tuples(
        st.sampled_from([(",", "."), (";", ","), (";", "."), ("\t", "."), ("\t", ","), ("|", ",")]),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
        st.sampled_from(["\n", "\r\n"]),
    ),
    order=st.permutations(range(32)),
)
def test_any_table_in_any_dialect_order_and_header_style_reads_back_exactly(table, style, dialect, order):
    X, ids, outcomes = table
    (delimiter, decimal), encoding, line_end = dialect
    header = ["Sample ID", "Diagnosis", *(_spell(feature, style) for feature in FEATURES)]
    words = {1: "M", 0: "benign", None: ""}
    out = StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerow([header[i] for i in order])
    for row, sample_id, outcome in zip(X, ids, outcomes, strict=True):
        cells = [sample_id, words[outcome], *(repr(float(v)).replace(".", decimal) for v in row)]
        writer.writerow([cells[i] for i in order])
    data = out.getvalue().encode(encoding)
    # "Â¡" in Windows-1252 is "¡" in UTF-8: such bytes say nothing of which was meant.
    assume(encoding != "cp1252" or data.isascii() or not _is_utf8(data))
    read = read_table(data, "t.csv")
    np.testing.assert_array_equal(read.X, X)
    assert read.sample_ids == ids
    assert read.known_outcomes == outcomes
    assert {column.meaning for column in read.columns} == {"sample_id", "diagnosis", *FEATURE_NAMES}


@settings(QUICK, max_examples=15)
@given(table=tables())
def test_any_table_in_a_workbook_reads_back_exactly(table):
    X, _, outcomes = table
    workbook = Workbook()
    workbook.active.append(["diagnosis", *FEATURE_NAMES])
    for row, outcome in zip(X, outcomes, strict=True):
        workbook.active.append([{1: "malignant", 0: "benign", None: None}[outcome], *map(float, row)])
    stream = BytesIO()
    workbook.save(stream)
    read = read_table(stream.getvalue(), "t.xlsx")
    # A workbook stores 15 to 17 digits, as its writer chose.
    np.testing.assert_allclose(read.X, X, rtol=1e-14)
    assert read.known_outcomes == outcomes


@QUICK
@given(
    row=st.integers(0, 5),
    column=st.integers(2, 31),
    rubbish=st.one_of(
        st.sampled_from(["", "?", "nan", "-inf", "1e400", "-0.5", "1e30", "#REF!", "=A1", "2024-05-01", "1.2.3"]),
        st.text(st.characters(codec="utf-8", exclude_characters='",\r\n\x00'), min_size=1, max_size=20).filter(
            lambda text: not any(character.isdigit() for character in text)
        ),
    ),
)
def test_a_corrupted_cell_is_reported_at_its_row_and_column(row, column, rubbish, wdbc):
    X, y = wdbc
    rows = [["id", "diagnosis", *FEATURE_NAMES]]
    rows += [[f"S{i}", "BM"[y[i]], *map(repr, X[i].tolist())] for i in range(6)]
    rows[row + 1][column] = rubbish
    with pytest.raises(TableError) as caught:
        read_table("\n".join(map(",".join, rows)).encode(), "t.csv")
    (problem,) = caught.value.problems
    assert (problem.row, problem.column) == (row + 2, FEATURE_NAMES[column - 2])


def _reads_or_refuses(data: bytes) -> None:
    """Read it, or be refused with something to say; any other exception fails the test."""
    problems = None
    try:
        table = read_table(data, "t")
    except TableError as refusal:
        problems = refusal.problems
    if problems is not None:
        assert problems
        assert all(problem.message.strip() for problem in problems)
    else:
        assert np.isfinite(table.X).all()
        assert len(table.X) == len(table.sample_ids) == len(table.known_outcomes) == len(table.row_numbers) > 0


@settings(QUICK, max_examples=200)
@given(
    prefix=st.sampled_from(
        [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"\xef\xbb\xbf", b"sep=;\n"]
    ),
    data=st.binary(max_size=2_000),
)
def test_random_bytes_never_raise_anything_but_a_table_error(prefix, data):
    _reads_or_refuses(prefix + data)


@settings(QUICK, max_examples=150)
@given(data=st.text("0123456789.,;|\t \n\"'eMB-?xradius_mn", max_size=400))
def test_text_that_almost_is_a_table_never_raises_anything_but_a_table_error(data):
    _reads_or_refuses(data.encode())


@settings(QUICK, max_examples=40)
@given(cut=st.integers(0, 2**31), byte=st.integers(0, 255), seed=st.integers(0, 2**31))
def test_a_damaged_workbook_never_raises_anything_but_a_table_error(cut, byte, seed, workbook_bytes):
    damaged = bytearray(workbook_bytes)
    for position in np.random.default_rng(seed).integers(0, len(damaged), 3):
        damaged[position] = byte
    _reads_or_refuses(bytes(damaged[: cut % len(damaged)]) if cut % 3 == 0 else bytes(damaged))


@pytest.fixture(scope="module")
def workbook_bytes(wdbc) -> bytes:
    workbook = Workbook()
    workbook.active.append(["id", *FEATURE_NAMES])
    for i in range(5):
        workbook.active.append([i, *wdbc[0][i].tolist()])
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()
