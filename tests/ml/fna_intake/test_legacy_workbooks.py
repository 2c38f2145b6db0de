"""Excel 97–2003 workbooks (.xls), written here by hand: BIFF8 records in a compound file."""

import struct

import numpy as np
import pytest

from ml.fna.intake import TableError, read_table
from ml.fna.schema import FEATURE_NAMES

SECTOR = 512
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
    return _record(0x0203, place + struct.pack("<d", value))


def _stream(cells: bytes) -> bytes:
    """A workbook stream with one sheet, “FNA”."""

    def beginning(kind: int) -> bytes:
        return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 0, 0, 0))

    end = _record(0x000A, b"")
    sheet_at = len(beginning(5)) + 4 + 6 + 2 + 3 + len(end)
    named = _record(0x0085, struct.pack("<IBBBB", sheet_at, 0, 0, 3, 0) + b"FNA")
    return beginning(5) + named + end + beginning(0x10) + cells + end


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) if name else 0, kind, 1, FREE, FREE, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


def _compound_file(stream: bytes) -> bytes:
    """A version 3 compound file whose only stream is “Workbook”: allocation table, directory, then the
    stream.
    """
    stream = stream.ljust(4096, b"\0")  # shorter streams would belong in the small-block table
    sectors = -(-len(stream) // SECTOR)
    tables = -(-(sectors + 2) // (SECTOR // 4 - 1))
    first = tables + 1
    chain = [FAT_SECTOR] * tables + [END] + [*range(first + 1, first + sectors), END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, END, 0, END, 0)
    header += struct.pack(f"<{tables}I", *range(tables)).ljust(109 * 4, b"\xff")
    directory = _entry("Root Entry", 5, 1, END, 0) + _entry("Workbook", 2, FREE, first, len(stream))
    return header + table + directory.ljust(SECTOR, b"\0") + stream.ljust(sectors * SECTOR, b"\0")


@pytest.fixture
def cells(wdbc) -> bytes:
    X, y = wdbc
    written = [_cell(0, j, name) for j, name in enumerate(["id", "diagnosis", *FEATURE_NAMES])]
    for i in range(5):
        written.append(_cell(i + 1, 0, float(100 + i)) + _cell(i + 1, 1, "BM"[y[i]]))
        written += [_cell(i + 1, j + 2, float(value)) for j, value in enumerate(X[i])]
    return b"".join(written)


def test_an_old_workbook_reads_exactly(cells, wdbc):
    table = read_table(_compound_file(_stream(cells)), "t.xls")
    np.testing.assert_array_equal(table.X, wdbc[0][:5])
    assert table.known_outcomes == wdbc[1][:5].tolist()
    assert table.sample_ids == ["100", "101", "102", "103", "104"]
    assert table.format == "workbook, sheet “FNA”, decimal point"


def test_a_cell_in_a_far_corner_of_an_old_workbook_harms_only_the_child_process(cells):
    data = _compound_file(_stream(cells + _cell(65_535, 65_535, 1.0)))
    with pytest.raises(TableError) as caught:
        read_table(data, "t.xls")
    assert caught.value.problems[0].code == "unreadable_workbook"
