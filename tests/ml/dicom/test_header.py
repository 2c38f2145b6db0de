"""What a file says of its patient, study and image: nothing lost, nothing garbled, nothing believed too easily."""

import pydicom
import pytest
from pydicom.sr.codedict import codes

from ml.dicom.header import _VIEWS
from ml.dicom.levels import Header
from ml.dicom.screening import screen
from tests.ml.dicom.making import (
    BIG,
    FRAMES,
    IMPLICIT,
    SHARED,
    data_set,
    dicom_file,
    element,
    open_sequence,
    real_files,
    refused,
    screened,
    sequence,
)

Change = dict[int, tuple[str, int | str] | None]


def header(change: Change | None = None, *extra: bytes) -> Header:
    found = screened(data_set(*extra, change=change)).header
    assert found is not None
    return found


def codes_of(change: Change) -> list[str]:
    return [remark.code for remark in screened(data_set(change=change)).remarks]


NAMES = {
    "chrArab": "قباني^لنزار",
    "chrFren": "Buc^Jérôme",
    "chrFrenMulti": "Buc^Jérôme",
    "chrGerm": "Äneas^Rüdiger",
    "chrGreek": "Διονυσιος",
    "chrH31": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "chrH32": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrHbrw": "שרון^דבורה",
    "chrI2": "Hong^Gildong=洪^吉洞=홍^길동",
    "chrRuss": "Люкceмбypг",
    "chrX1": "Wang^XiaoDong=王^小東=",
    "chrX2": "Wang^XiaoDong=王^小东=",
}


@real_files
@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_character_set(name: str) -> None:
    found = screen((SHARED / "dicom-pydicom" / "charset_files" / f"{name}.dcm").read_bytes())

    assert found.header is not None
    assert found.header.patient.name == NAMES[name]
    assert "character_set_unknown" not in [remark.code for remark in found.remarks]


@pytest.mark.parametrize(
    ("character_set", "name", "shown", "doubtful"),
    [
        ("", "Müller".encode(), "Müller", True),
        ("", "Müller".encode("latin-1"), "Müller", True),
        ("ISO_IR 192", "Müller".encode(), "Müller", False),
        ("iso_ir 192 ", "Müller".encode(), "Müller", False),
        ("ISO_IR 192", "Müller".encode("latin-1"), "M\ufffdller", True),
        ("ISO_IR 999", "Müller".encode("latin-1"), "Müller", True),
        ("GB18030", "王小东".encode("gb18030"), "王小东", False),
        ("ISO_IR 100", b"plain\0\0", "plain", False),
        ("ISO 2022 IR 100\\ISO 2022 IR 87", b"\x1b$B", "\x1b$B", True),
    ],
)
def test_text_is_decoded_or_doubted(character_set: str, name: bytes, shown: str, doubtful: bool) -> None:
    content = data_set(change={0x00080005: ("CS", character_set), 0x00100010: None}).replace(
        element(0x00100020, "LO", "P-1"), element(0x00100010, "PN", name) + element(0x00100020, "LO", "P-1")
    )

    found = screened(content)

    assert found.header is not None
    assert found.header.patient.name == shown
    assert ("character_set_unknown" in [remark.code for remark in found.remarks]) is doubtful


def test_no_nul_and_no_outer_blank_survives() -> None:
    found = header({0x00100020: ("LO", " 12\0 34 \0"), 0x00081030: ("LO", "breast\0")})

    assert found.patient.patient_id == "12 34"
    assert found.study.description == "breast"


def test_texts_come_verbatim() -> None:
    """Nothing is escaped or turned into something else on the way in; that is for whoever shows it."""
    hostile = "<script>alert(1)</script>"
    found = header({0x00100010: ("PN", hostile), 0x00081030: ("LO", "=cmd|' /C calc'!A0"), 0x0008103E: ("LO", "a\\b")})

    assert found.patient.name == hostile
    assert found.study.description == "=cmd|' /C calc'!A0"
    assert found.series.description == "a\\b"


def test_overlong_identifiers_stay_distinct() -> None:
    first, second = (header({0x00100020: ("LO", "9" * 100 + end)}).patient.patient_id for end in ("A", "B"))

    assert first != second
    assert len(first) == len(second) == 64
    assert codes_of({0x00100020: ("LO", "9" * 100)}) == ["value_shortened"]
    assert header({0x00100020: ("LO", "9" * 64)}).patient.patient_id == "9" * 64


def test_overlong_descriptions_are_shortened() -> None:
    found = header({0x00081030: ("LO", "d" * 5000), 0x00100010: ("PN", "n" * 5000)})

    assert (len(found.study.description), len(found.patient.name)) == (200, 200)


@pytest.mark.parametrize(
    ("text", "date"),
    [("20240229", "20240229"), ("2024.02.29", "20240229"), ("", ""), ("yesterday", ""), ("٢٠٢٤٠٢٢٩", "")],
)
def test_dates_are_dates_or_nothing(text: str, date: str) -> None:
    found = screened(
        data_set(change={0x00080005: ("CS", "ISO_IR 192"), 0x00080020: None}).replace(
            element(0x00080060, "CS", "US"), element(0x00080020, "DA", text.encode()) + element(0x00080060, "CS", "US")
        )
    )

    assert found.header is not None
    assert found.header.study.date == date
    assert ("invalid_value" in [remark.code for remark in found.remarks]) is bool(text and not date)


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), (" +7 ", 7), ("7.0", 7), ("-1", -1), ("", None), ("one", None), ("9" * 12, None)]
)
def test_numbers_are_whole_numbers_or_nothing(text: str, number: int | None) -> None:
    assert header({0x00200013: ("IS", text)}).instance.number == number


@pytest.mark.parametrize(
    ("change", "side"),
    [
        ({0x00200062: ("CS", "L ")}, "L"),
        ({0x00200062: ("CS", "r")}, "R"),
        ({0x00200060: ("CS", "L")}, "L"),
        ({0x00200060: ("CS", "L"), 0x00200062: ("CS", "R")}, "R"),
        ({0x00200062: ("CS", "B")}, "B"),
        ({0x00200062: ("CS", "U")}, ""),
        ({}, ""),
    ],
)
def test_laterality_of_plain_images(change: Change, side: str) -> None:
    assert header(change).instance.laterality == side


@pytest.mark.parametrize(("sides", "side"), [("L", "L"), ("RR", "R"), ("RL", "B"), ("U", "")])
@pytest.mark.parametrize("group", [0x52009229, 0x52009230])
@pytest.mark.parametrize("wrap", [sequence, open_sequence])
def test_laterality_of_functional_groups(sides: str, side: str, group: int, wrap) -> None:
    frames = [wrap(element(0x00209072, "CS", one), tag=0x00209071) for one in sides]

    found = header({}, wrap(*frames, tag=group))

    assert found.instance.laterality == side


@pytest.mark.parametrize("value", ["CC", "MLO", "XCCL", "ml"])
def test_view_position_as_it_stands(value: str) -> None:
    assert header({0x00185101: ("CS", value)}).instance.view_position == value.upper()


@pytest.mark.parametrize(("code", "view"), [("R-10226", "MLO"), ("399162004", "CC"), ("T-04000", "")])
def test_view_from_its_code(code: str, view: str) -> None:
    modifier = sequence(element(0x00080100, "SH", "R-10242"), tag=0x00540222)
    views = sequence(element(0x00080100, "SH", code) + modifier, tag=0x00540220)

    assert header({}, views).instance.view_position == view


def test_views_know_all_the_codes_of_the_standard() -> None:
    """PS3.16 CID 4014 as pydicom carries it."""
    wanted = {getattr(codes.cid4014, name).value for name in codes.cid4014.dir()}

    assert wanted == {code for code in _VIEWS if code.isdigit()}


@pytest.mark.parametrize(
    ("change", "orientation"),
    [
        ({0x00200020: ("CS", "A\\FR")}, ("A", "FR")),
        ({0x00200037: ("DS", "1\\0\\0\\0\\1\\0")}, ("L", "P")),
        ({0x00200037: ("DS", "0\\-1\\0\\0\\0\\-1")}, ("A", "F")),
        ({0x00200037: ("DS", "-.8\\.6\\.01\\0\\.5\\.85")}, ("RP", "HP")),
        ({0x00200037: ("DS", "1\\0\\0")}, ()),
        ({0x00200037: ("DS", "a\\b\\c\\d\\e\\f")}, ()),
        ({0x00200020: ("CS", "X\\Y")}, ()),
        ({}, ()),
    ],
)
def test_patient_orientation(change: Change, orientation: tuple[str, ...]) -> None:
    assert header(change).instance.patient_orientation == orientation


def test_patient_orientation_of_functional_groups() -> None:
    plane = sequence(element(0x00200037, "DS", "1\\0\\0\\0\\1\\0"), tag=0x00209116)

    assert header({}, sequence(plane, tag=0x52009229)).instance.patient_orientation == ("L", "P")


def test_image_level_attributes() -> None:
    change: Change = {
        0x00080008: ("CS", "DERIVED\\SECONDARY"),
        0x00080064: ("CS", "DF"),
        0x00280301: ("CS", "YES"),
        0x00282110: ("CS", "01"),
        0x00280103: ("US", 1),
        FRAMES: ("IS", "1"),
    }

    found = header(change).instance

    assert found.image_type == ("DERIVED", "SECONDARY")
    assert (found.conversion_type, found.burned_in_annotation, found.lossy) == ("DF", "YES", True)
    assert (found.is_signed, found.frames, found.bits_allocated, found.bits_stored) == (True, 1, 8, 8)
    assert header({}).instance.lossy is False
    assert found.sop_class_name == "Ultrasound Image Storage"


@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E])
def test_an_image_without_a_uid_is_a_study_of_its_own(tag: int) -> None:
    file = dicom_file(data_set(change={tag: None}))
    uids = set()
    for digest in ("a" * 64, "b" * 64, "a" * 64):
        found = screen(file, sha256=digest)
        assert found.header is not None
        assert [remark.code for remark in found.remarks] == ["identifiers_derived"]
        uids.add(
            {0x00080018: found.header.instance, 0x0020000D: found.header.study, 0x0020000E: found.header.series}[
                tag
            ].uid
        )

    assert len(uids) == 2
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)
    assert refused(data_set(change={tag: None})) == "missing_identifiers"


def test_objects_without_pixels_need_their_uids() -> None:
    report = dicom_file(
        data_set(pixels=b"", change={0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.88.11"), 0x0020000D: None})
    )

    with pytest.raises(Exception, match="missing_identifiers"):
        screen(report, sha256="a" * 64)


def test_identity_of_the_file_header_helps_out() -> None:
    file = dicom_file(data_set(change={0x00080018: None}))
    meta_uid = element(0x00020003, "UI", "1.2.3.99")
    at = file.index(element(0x00020010, "UI", "1.2.840.10008.1.2.1"))
    found = screen(file[:at] + meta_uid + file[at:])

    assert found.header is not None
    assert found.header.instance.uid == "1.2.3.99"


@pytest.mark.parametrize(
    ("uid", "remarked"), [("1.2.03", True), ("a1b2c3", True), ("1.2.3", False), ("1.2.3\0", False)]
)
def test_odd_uids_are_used_and_remarked(uid: str, remarked: bool) -> None:
    assert codes_of({0x0020000D: ("UI", uid)}) == (["invalid_uid"] if remarked else [])


@pytest.mark.parametrize("syntax", [IMPLICIT, BIG])
def test_numbers_are_read_in_the_files_order(syntax: str) -> None:
    content = data_set(implicit=syntax == IMPLICIT, big=syntax == BIG)
    found = screened(content, syntax=syntax).header

    assert found is not None
    assert (found.instance.rows, found.instance.columns) == (4, 6)


@real_files
def test_real_mammogram_keeps_side_and_view() -> None:
    found = screen((SHARED / "dicom-mg-wg04" / "MG1_J2KI.dcm").read_bytes()).header

    assert found is not None
    assert (found.instance.laterality, found.instance.view_position) == ("L", "MLO")
    assert (found.series.modality, found.series.body_part) == ("RG", "BREAST")
    assert found.instance.patient_orientation == ("A", "F")


@real_files
@pytest.mark.parametrize(
    "name", ["CT_small", "MR_small_bigendian", "MR_small_implicit", "examples_ybr_color", "SC_rgb_rle"]
)
def test_real_headers_agree_with_pydicom(name: str) -> None:
    path = SHARED / "dicom-pydicom" / "pydicom" / f"{name}.dcm"
    ds = pydicom.dcmread(path, stop_before_pixels=True)
    found = screen(path.read_bytes()).header

    assert found is not None
    assert found.patient.name == str(ds.PatientName)
    assert found.patient.patient_id == ds.PatientID
    assert (found.study.uid, found.series.uid, found.instance.uid) == (
        ds.StudyInstanceUID,
        ds.SeriesInstanceUID,
        ds.SOPInstanceUID,
    )
    assert (found.instance.rows, found.instance.columns) == (ds.Rows, ds.Columns)
    assert found.instance.frames == int(ds.get("NumberOfFrames") or 1)
    assert found.instance.photometric == ds.PhotometricInterpretation
    assert found.series.number == (int(ds.SeriesNumber) if ds.get("SeriesNumber") else None)
