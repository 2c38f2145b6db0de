"""Workbooks: the same table as typed cells, and the ways in which an archive can be more than it seems."""

import datetime as dt
import zipfile
from io import BytesIO

import numpy as np
import pytest
from openpyxl import Workbook

from ml.fna.intake import TableError, read_table
from ml.fna.schema import FEATURE_NAMES

ODS_HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="FNA">'
)
ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"


def _rows(wdbc, n: int = 8) -> list[list[object]]:
    X, y = wdbc
    body = [[842302 + i, "BM"[y[i]], *map(float, X[i])] for i in range(n)]
    return [["ID Number ", "Diagnosis", *FEATURE_NAMES], *body]


def _xlsx(**sheets: list[list[object]]) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _ods(rows: str, manifest: str = "<manifest/>") -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", f"{ODS_HEAD}{rows}{ODS_TAIL}")
    return stream.getvalue()


def _ods_cell(value: object) -> str:
    kind = "string" if isinstance(value, str) else "float"
    typed = "" if kind == "string" else f' office:value="{value!r}"'
    return f'<table:table-cell office:value-type="{kind}"{typed}><text:p>{value}</text:p></table:table-cell>'


def _ods_rows(rows: list[list[object]]) -> str:
    return "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)


def _replaced(data: bytes, member: str, change) -> bytes:
    """The archive with one member's content changed."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return stream.getvalue()


def _refused(data: bytes, name: str = "t.xlsx"):
    with pytest.raises(TableError) as caught:
        read_table(data, name)
    return caught.value.problems[0]


def test_an_excel_workbook_reads_exactly(wdbc):
    table = read_table(_xlsx(FNA=_rows(wdbc)), "t.xlsx")
    X, y = wdbc
    np.testing.assert_array_equal(table.X, X[:8])
    assert table.known_outcomes == y[:8].tolist()
    assert table.sample_ids[0] == "842302"
    assert table.row_numbers == list(range(2, 10))
    assert table.format == "workbook, sheet “FNA”, decimal point"


def test_an_opendocument_workbook_reads_exactly(wdbc):
    table = read_table(_ods(_ods_rows(_rows(wdbc))), "t.ods")
    np.testing.assert_array_equal(table.X, wdbc[0][:8])
    assert table.sample_ids[0] == "842302"


def test_row_numbers_are_excels_own_below_titles_and_gaps(wdbc):
    header, *body = _rows(wdbc, 3)
    rows = [["Cytology"], [], header, body[0], [], body[1], body[2]]
    table = read_table(_xlsx(FNA=rows), "t.xlsx")
    assert table.row_numbers == [4, 6, 7]
    body[1][5] = None
    problem = _refused(_xlsx(FNA=rows))
    assert (problem.code, problem.row, problem.column) == ("missing", 6, "area_mean")


def test_the_sheet_with_the_measurements_is_found_and_named(wdbc):
    notes = [["Read me"], ["Measured in 2026"]]
    table = read_table(_xlsx(Notes=notes, Data=_rows(wdbc), Empty=[]), "t.xlsx")
    assert table.format.startswith("workbook, sheet “Data”")
    assert [warning.message for warning in table.warnings] == ["Read from sheet “Data”; left out: “Notes”."]


def test_two_such_sheets_are_refused(wdbc):
    problem = _refused(_xlsx(May=_rows(wdbc), June=_rows(wdbc)))
    assert problem.code == "several_tables"
    assert "“May”, “June”" in problem.message


def test_a_number_that_excel_turned_into_a_date_is_named(wdbc):
    rows = _rows(wdbc)
    rows[3][4] = dt.datetime(2026, 5, 1)  # noqa: DTZ001 - a spreadsheet's dates have no zone
    problem = _refused(_xlsx(FNA=rows))
    assert (problem.code, problem.row, problem.column) == ("date", 4, "perimeter_mean")


def test_formulas_without_a_computed_value_and_true_are_no_numbers(wdbc):
    rows = _rows(wdbc)
    rows[2][2], rows[3][2] = "=1+1", True
    with pytest.raises(TableError) as caught:
        read_table(_xlsx(FNA=rows), "t.xlsx")
    assert [(p.row, p.column_index) for p in caught.value.problems] == [(3, 2), (4, 2)]


def test_a_workbook_without_cells():
    assert _refused(_xlsx(Empty=[])).code == "empty_file"


def test_too_many_sheets(wdbc):
    assert _refused(_xlsx(**{f"s{i}": [["a"]] for i in range(51)})).code == "too_many_sheets"


def test_another_archive_is_not_a_workbook():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../wdbc.csv", "1,2")
    assert _refused(stream.getvalue(), "t.zip").code == "not_a_table"


def test_a_cell_in_a_far_corner_is_refused_before_the_rectangle_is_built(wdbc):
    def far(reference: bytes):
        return lambda xml: xml.replace(b'r="A1"', b'r="' + reference + b'"', 1)

    for reference in (b"XFD1048576", b"A1048576", b"XFD2"):
        data = _replaced(_xlsx(FNA=_rows(wdbc)), "xl/worksheets/sheet1.xml", far(reference))
        assert _refused(data).code == "sheet_too_large"
    hidden = _replaced(_xlsx(FNA=_rows(wdbc)), "xl/worksheets/sheet1.xml", far(b"&#88;FD1048576"))
    assert _refused(hidden).code == "unreadable_workbook"


def test_two_far_cells_that_span_a_huge_rectangle_are_refused(wdbc):
    rows = _rows(wdbc)
    rows[0] += [None] * 400 + ["far right"]
    rows += [[]] * 90_000 + [["far down"]]
    assert _refused(_xlsx(FNA=rows)).code == "sheet_too_large"


def test_binary_workbooks_are_named():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("xl/workbook.bin", "")
    assert _refused(stream.getvalue(), "t.xlsb").code == "binary_workbook"


@pytest.mark.parametrize(
    "attributes", ['table:number-rows-repeated="1000000000"', 'table:number-columns-repeated="1000000"']
)
def test_repeated_opendocument_cells_are_counted(attributes, wdbc):
    rows = attributes if "rows" in attributes else ""
    columns = "" if rows else attributes
    cell = f'<table:table-cell {columns} office:value-type="string"><text:p>x</text:p></table:table-cell>'
    bomb = f"<table:table-row {rows}>{cell}</table:table-row>"
    assert _refused(_ods(_ods_rows(_rows(wdbc)) + bomb), "t.ods").code == "sheet_too_large"


def test_repeated_empty_opendocument_cells_are_harmless(wdbc):
    tail = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    assert len(read_table(_ods(_ods_rows(_rows(wdbc)) + tail), "t.ods").row_numbers) == 8


def _declaring(wdbc, size: int) -> bytes:
    """A workbook whose directory gives another size for a part of 2 MB."""
    data = bytearray(_replaced(_xlsx(FNA=_rows(wdbc)), "xl/styles.xml", lambda _: b" " * (2 * 2**20)))
    entry = data.rindex(b"xl/styles.xml") - 46  # the central directory's entry; its size stands 24 bytes in
    assert int.from_bytes(data[entry + 24 : entry + 28], "little") == 2 * 2**20
    data[entry + 24 : entry + 28] = size.to_bytes(4, "little")
    return bytes(data)


def test_an_archive_that_unpacks_to_too_much_is_refused_from_its_directory(wdbc):
    assert _refused(_declaring(wdbc, 420 * 2**20)).code == "archive_too_large"


def test_an_archive_that_lies_about_its_size_is_refused(wdbc):
    assert _refused(_declaring(wdbc, 10)).code == "unreadable_workbook"


def test_password_protected_workbooks_are_named():
    ole2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(64)
    assert _refused(ole2).code == "encrypted"
    manifest = '<manifest xmlns:manifest="m"><manifest:encryption-data/></manifest>'
    assert _refused(_ods("", manifest), "t.ods").code == "encrypted"


@pytest.mark.parametrize("keep", [4, 30, 200, 2_000, 6_000])
def test_a_truncated_workbook_is_unreadable(keep, wdbc):
    assert _refused(_xlsx(FNA=_rows(wdbc))[:keep]).code == "unreadable_workbook"


def test_an_old_office_document_is_unreadable():
    assert _refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4_000), "t.xls").code == "unreadable_workbook"
