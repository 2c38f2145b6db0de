"""Planted identifiers: in no byte of what comes out."""

import logging
import struct
import warnings

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit

from ml.dicom.deidentification import NotDeidentified
from ml.dicom.deidentification.quiet import quietly
from ml.dicom.deidentification.residue import Identifiers
from tests.ml.dicom.deidentification.conftest import as_file, cleaned, read

IDENTIFIERS = (
    b"PLANTED",
    b"Planted",
    b"7788991",
    b"Secretstreet",
    b"NORTHSTAR",
    b"1.2.3.4.5.6.7",
    b"CALLINGAE",
    b"Oppenhaimer",
)


def _planted(image: Dataset) -> bytes:
    image.PatientAddress, image.InstitutionName, image.StationName = (
        "1 Secretstreet",
        "NORTHSTAR CLINIC",
        "NORTHSTAR-US1",
    )
    image.PerformingPhysicianName, image.AccessionNumber = "Oppenhaimer^J", "A-7788991"
    image.StudyDescription, image.ImageComments = "PLANTED, follow-up", "Seen with Dr Oppenhaimer"
    # in attributes that may stay
    image.Manufacturer = "NORTHSTAR CLINIC workshop"
    image.WindowCenter, image.WindowWidth, image.WindowCenterWidthExplanation = "10", "20", "as Oppenhaimer likes it"
    image.SoftwareVersions = ["1.0", "7788991"]
    image.BodyPartExamined = "PLANTED"
    image.ImageType = ["ORIGINAL", "PRIMARY", "PLANTED"]
    image.SeriesNumber = "7788991"
    image.ICCProfile = b"a profile by Oppenhaimer"
    block = image.private_block(0x0029, "NORTHSTAR", create=True)
    block.add_new(0x10, "LO", "PLANTED")
    block.add_new(0x11, "UN", b"Oppenhaimer")
    data = bytearray(as_file(image))
    data[:20] = b"MZ PLANTED preamble "
    with quietly():
        ds = read(bytes(data))
        ds.file_meta.SourceApplicationEntityTitle = "CALLINGAE"
        ds.file_meta.SendingApplicationEntityTitle = "CALLINGAE"
        ds.file_meta.PrivateInformationCreatorUID = "1.2.3.4.5.6.7.99"
        ds.file_meta.PrivateInformation = b"PLANTED "
        ds.preamble = bytes(data[:128])
        ds.DataSetTrailingPadding = b"PLANTED "
        from io import BytesIO

        from pydicom import dcmwrite

        out = BytesIO()
        dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue() + b"PLANTED after the end of the file"


def test_deid_02_no_planted_identifier_is_in_any_byte_that_comes_out(image, caplog, capsys):
    data = _planted(image)
    assert all(identifier in data for identifier in IDENTIFIERS)
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result = cleaned(data)
    said = (caplog.text + "".join(capsys.readouterr()) + "".join(str(one.message) for one in warned)).encode()
    for identifier in IDENTIFIERS:
        assert identifier.lower() not in result.data.lower()
        assert identifier not in said
    assert result.data[:128] == bytes(128)
    assert set(read(result).file_meta.keys()) == {0x00020000 + element for element in (0, 1, 2, 3, 0x10, 0x12, 0x13)}


def test_deid_02_names_in_other_alphabets_are_found_as_well(image):
    image.SpecificCharacterSet = "ISO_IR 192"
    image.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    image.ConvolutionKernel = "for 山田"
    result = cleaned(image)
    assert "山田".encode() not in result.data
    assert read(result).ConvolutionKernel in ("", None)


def test_deid_02_a_name_is_looked_for_as_a_word_and_a_number_anywhere():
    ds = Dataset()
    ds.PatientName, ds.PatientID = "Lee^Ann", "12345"
    known = Identifiers.of(ds)
    assert known.named_in("seen by lee")
    assert known.named_in("LEE_2")
    assert not known.named_in("sleeve, manner")
    assert known.named_in("x123456")
    assert not known.named_in("1234")


def test_deid_02_a_name_that_must_stay_stops_the_file(image):
    image.Modality = "OPPENHAIMER"
    image.PatientName = "Oppenhaimer^Jane"
    with pytest.raises(NotDeidentified) as caught:
        cleaned(image)
    assert "OPPENHAIMER" not in str(caught.value).upper()
    assert caught.value.__cause__ is None


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def _jpeg(tmp_path) -> bytes:
    from PIL import Image

    path = tmp_path / "frame.jpg"
    Image.fromarray(np.arange(24 * 16, dtype=np.uint8).reshape(16, 24)).save(path, quality=90)
    data = path.read_bytes()
    planted = _segment(0xFE, b"PLANTED comment") + _segment(0xE1, b"Exif\0\0 PLANTED") + _segment(0xED, b"PLANTED")
    return data[:2] + planted + data[2:] + b"PLANTED after the end"


def test_deid_02_comments_in_a_jpeg_codestream_are_blanked_and_the_picture_stays(image, tmp_path):
    frame = _jpeg(tmp_path)
    _eight_bits(image)
    image.PixelData = encapsulate([frame, frame])
    image.NumberOfFrames = 2
    image["PixelData"].is_undefined_length = True
    data = as_file(image, JPEGBaseline8Bit)
    result = cleaned(data)
    assert b"PLANTED" in data
    assert b"PLANTED" not in result.data
    assert np.array_equal(read(result).pixel_array, read(data).pixel_array)
    assert len(read(result).PixelData) == len(image.PixelData)


def test_deid_02_comments_in_a_jpeg_2000_codestream_are_blanked_and_the_picture_stays(image):
    from openjpeg.utils import encode_array

    _eight_bits(image)
    frame = bytes(encode_array(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)))
    image.Rows = image.Columns = 64
    at = frame.index(b"\xff\x90")  # before the first tile part
    frame = frame[:at] + _segment(0x64, b"\0\1PLANTED comment") + frame[at:]
    image.PixelData = encapsulate([frame])
    image["PixelData"].is_undefined_length = True
    data = as_file(image, JPEG2000Lossless)
    result = cleaned(data)
    assert b"PLANTED" in data
    assert b"PLANTED" not in result.data
    assert np.array_equal(read(result).pixel_array, read(data).pixel_array)


def _eight_bits(image: Dataset) -> None:
    image.BitsAllocated, image.BitsStored, image.HighBit = 8, 8, 7


def test_deid_02_bytes_past_the_last_sample_go(image):
    image.PixelData += b"PLANTED!"
    result = cleaned(image)
    assert b"PLANTED" not in result.data
    assert len(read(result).PixelData) == 16 * 24 * 2


def test_deid_02_a_name_spelled_by_the_samples_themselves_waits_for_a_person(image):
    image.PixelData = b"MRN-7788991 " + image.PixelData[12:]
    assert "spell" in cleaned(image).quarantine
