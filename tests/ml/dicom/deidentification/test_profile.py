"""Every attribute of PS3.15 Table E.1-1, wherever it stands."""

from collections.abc import Iterator

import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from ml.dicom.deidentification.allowed import is_allowed
from ml.dicom.deidentification.cleaning import MAX_DEPTH
from ml.dicom.deidentification.deidentifying import NotDeidentified
from ml.dicom.deidentification.profile import profile_action, table
from ml.dicom.deidentification.quiet import quietly
from tests.ml.dicom.deidentification.conftest import as_file, cleaned, read

PLANTED = {
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UT", "UC", "PN", "CS", "AE"), "PLANTED"),
    "UI": "1.2.3.99.88.77", "DA": "20240229", "DT": "20240229101500", "TM": "101500", "AS": "044Y",
    "DS": "77.5", "IS": "7755", "US": 7755, "FD": 77.5, "UR": "http://planted.example/",
    "OB": b"PLANTED!", "UN": b"PLANTED!",
}  # fmt: skip
WAY_DOWN = (
    "SharedFunctionalGroupsSequence",
    "FrameAnatomySequence",
    "AnatomicRegionSequence",
    "AnatomicRegionModifierSequence",
    "PrimaryAnatomicStructureSequence",
)


def _plant(ds: Dataset) -> None:
    for tag in table():
        if Tag(tag) in ds or Tag(tag).group < 8:  # of messages and of the file's own header
            continue
        vr = dictionary_VR(tag).split(" or ")[0] if dictionary_has_tag(tag) else "UN"
        if vr == "SQ":
            item = Dataset()
            item.PatientName = "PLANTED"
            ds[Tag(tag)] = DataElement(Tag(tag), "SQ", [item])
        else:
            ds[Tag(tag)] = DataElement(Tag(tag), vr, PLANTED[vr])


def _standard_code() -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "76752008", "SCT", "Breast"
    return item


def _planted_to_depth_5(image: Dataset) -> Dataset:
    _plant(image)
    ds = image
    for depth, keyword in enumerate(WAY_DOWN, start=1):
        item = _standard_code() if depth > 2 else Dataset()
        setattr(ds, keyword, [item])
        if depth in {1, 5}:
            _plant(item)
        ds = item
    return image


def _everything(ds: Dataset, depth: int = 0) -> Iterator[tuple[int, DataElement]]:
    for element in ds:
        yield depth, element
        if element.VR == "SQ":
            for item in element.value:
                yield from _everything(item, depth + 1)


@pytest.mark.parametrize("dates", ["removed", "shifted"])
def test_deid_01_no_attribute_of_the_table_is_left_unchanged_at_any_depth(image, dates):
    with quietly():
        result = read(cleaned(_planted_to_depth_5(image), dates=dates))
        found = list(_everything(result))
    reached = {depth for depth, element in found if element.keyword == "CodeValue" and element.value == "76752008"}
    assert 5 in reached  # the sequences themselves stay, so what is gone was cleaned, not cut off with its parent
    kept_times = {"TM"} if dates == "shifted" else set()  # moved by whole days: a declared option
    unchanged = [
        (depth, element.keyword)
        for depth, element in found
        if profile_action(element.tag) and element.VR not in kept_times and element.value == PLANTED.get(element.VR)
    ]
    assert unchanged == []
    assert b"PLANTED" not in as_file(result)


def test_deid_01_the_table_is_the_whole_of_edition_2026c():
    assert len(table()) > 640
    known = ("PatientName", "PatientID", "SOPInstanceUID", "StudyDescription")
    assert [profile_action(Tag(name)) for name in known] == ["empty", "replace", "uid", "remove"]
    assert profile_action(Tag(0x0009, 0x1001)) == profile_action(Tag(0x6002, 0x3000)) == "remove"


def test_deid_01_an_attribute_nobody_named_is_not_allowed():
    assert not is_allowed(Tag("PatientComments"), nested=False)
    assert not is_allowed(Tag(0x0008, 0x9FFF), nested=False)  # not in the dictionary
    assert is_allowed(Tag("KVP"), nested=False)
    assert is_allowed(Tag("PixelData"), nested=False)
    assert not is_allowed(Tag("PixelData"), nested=True)


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [
        ("KVP", "LO", "Planted Jane"),
        ("KVP", "DS", "Planted Jane"),
        ("BodyPartExamined", "CS", "a sentence about Jane Planted"),
        ("SpecificCharacterSet", "CS", "PLANTED"),
    ],
)
def test_deid_01_an_allowed_attribute_is_no_hiding_place(image, keyword, vr, value):
    with quietly():
        image[keyword] = DataElement(Tag(keyword), vr, value, already_converted=True)
        assert keyword not in read(cleaned(image))


def test_deid_01_local_codes_go_and_standard_ones_get_their_own_meaning(image):
    local, standard = _standard_code(), _standard_code()
    local.CodingSchemeDesignator = "99LOCAL"
    standard.CodeMeaning = "Jane's breast"
    image.AnatomicRegionSequence = [local, standard]
    image.ViewCodeSequence = [local]
    result = read(cleaned(image))
    assert [item.CodeMeaning for item in result.AnatomicRegionSequence] == ["Breast"]
    assert "ViewCodeSequence" not in result


def test_deid_01_sequences_too_deep_to_be_looked_through_are_not_let_through(image):
    ds = image
    for _ in range(MAX_DEPTH + 2):
        item = Dataset()
        ds.FrameAnatomySequence = [item]
        ds = item
    with pytest.raises(NotDeidentified):
        cleaned(image)


def test_characteristics_stay_only_when_the_institution_says_so(image):
    image.PatientSex, image.PatientAge, image.PatientSize, image.PatientWeight = "F", "094Y", "1.71", "66"
    result = read(cleaned(image))
    assert (result.PatientSex, "PatientAge" in result, "PatientSize" in result) == ("", False, False)
    result = read(cleaned(image, characteristics=True))
    assert (result.PatientSex, result.PatientAge, result.PatientSize) == ("F", "090Y", 1.71)
    codes = {item.CodeValue for item in result.DeidentificationMethodCodeSequence}
    assert codes == {"113100", "113107", "113108"}


def test_what_describes_the_picture_stays(image):
    before = as_file(image)
    result = read(cleaned(before))
    for keyword in ("Rows", "Columns", "BitsStored", "ImageLaterality", "ViewPosition", "Modality", "PixelData"):
        assert result[keyword].value == read(before)[keyword].value
