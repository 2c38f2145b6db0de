"""Private attributes, overlays, curves, icons and documents: gone, with what they hide in other places."""

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from ml.dicom.deidentification import NotDeidentified
from tests.ml.dicom.deidentification.conftest import cleaned, read

PDF = b"%PDF-1.4 Planted Jane"


def test_deid_03_private_attributes_overlays_curves_icons_and_documents_are_removed(image):
    block = image.private_block(0x0029, "PLANTED", create=True)
    block.add_new(0x10, "LO", "PLANTED")
    image[0x60000010] = DataElement(0x60000010, "US", 16)
    image[0x60003000] = DataElement(0x60003000, "OW", b"\xff" * 48)
    image[0x60024000] = DataElement(0x60024000, "LT", "PLANTED")
    image[0x50003000] = DataElement(0x50003000, "OW", b"\x01\x02")
    icon = Dataset()
    icon.Rows, icon.Columns, icon.PixelData = 1, 2, b"PLANTED!"
    icon["PixelData"].VR = "OB"
    image.IconImageSequence = [icon]
    image.EncapsulatedDocument = PDF
    nested = Dataset()
    nested.EncapsulatedDocument = PDF
    nested[0x60003000] = DataElement(0x60003000, "OW", b"\xff" * 48)
    nested.private_block(0x0031, "PLANTED", create=True).add_new(0x01, "LO", "PLANTED")
    image.SharedFunctionalGroupsSequence = [nested]
    result = cleaned(image)
    found = read(result)
    groups = {element.tag.group for element in found.iterall()}
    assert not {group for group in groups if group % 2 or group >> 8 in {0x50, 0x60}}
    assert "IconImageSequence" not in found
    assert "EncapsulatedDocument" not in found
    assert b"PLANTED" not in result.data
    assert b"%PDF" not in result.data
    assert len(found.SharedFunctionalGroupsSequence) == 1


@pytest.mark.parametrize("signed", [False, True])
def test_deid_03_an_overlay_in_the_unused_bits_of_the_pixels_is_cleared(image, signed):
    samples = (np.arange(16 * 24) % 4096).astype("<u2")
    image.PixelRepresentation = int(signed)
    image.PixelData = (samples | 0x1000).tobytes()
    image[0x60000010] = DataElement(0x60000010, "US", 16)
    image[0x60000102] = DataElement(0x60000102, "US", 12)
    found = np.frombuffer(read(cleaned(image)).PixelData, "<i2").astype(int)
    expected = samples.astype(int)
    assert np.array_equal(found, np.where(expected >= 2048, expected - 4096, expected) if signed else expected)


def test_deid_03_an_object_without_a_picture_is_not_let_through(image):
    image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.104.1"  # Encapsulated PDF
    del image.PixelData
    image.EncapsulatedDocument = PDF
    with pytest.raises(NotDeidentified, match="Only pictures"):
        cleaned(image)


def test_the_changes_say_what_happens_to_each_attribute(image):
    image.StudyDescription = "Breast, left"
    nested = Dataset()
    nested.ImageComments = "a note"
    image.SharedFunctionalGroupsSequence = [nested]
    result = cleaned(image)
    changes = {(change.path, change.keyword): change for change in result.changes}
    assert changes["", "StudyDescription"].action == "removed"
    assert changes["", "StudyDescription"].before == "Breast, left"
    assert changes["", "StudyDate"].action == "shifted"
    assert changes["", "StudyDate"].after == read(result).StudyDate
    assert changes["", "PatientBirthDate"].action == "emptied"
    assert changes["", "PatientID"].action == "replaced"
    assert changes["SharedFunctionalGroupsSequence[1] › ", "ImageComments"].tag == "(0020,4000)"
    assert result.changed == len(result.changes)
    assert Tag(changes["", "PatientID"].keyword) == 0x00100020
