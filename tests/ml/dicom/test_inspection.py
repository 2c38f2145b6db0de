"""One judgement for every file: image, kept or refused, never an exception."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from ml.dicom.inspection import MAX_FILE_BYTES, inspect
from ml.dicom.outcomes import CODES, KEPT, Refusal
from tests.ml.dicom.making import (
    COLUMNS,
    J2K,
    ROWS,
    SHARED,
    data_set,
    dicom_file,
    element,
    fragments,
    inspected,
    jpeg_2000_head,
    real_files,
)

STORAGE = "1.2.840.10008.5.1.4.1.1."


def test_an_image(tmp_path: Path) -> None:
    data = dicom_file()

    outcome = inspected(tmp_path, data, file_name="breast.dcm")

    assert (outcome.status, outcome.code, outcome.message, outcome.format) == ("image", "", "", "dicom")
    assert (outcome.sha256, outcome.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert outcome.warnings == ()
    assert outcome.header is not None
    assert outcome.frames is None
    assert json.loads(json.dumps(outcome.as_dict()))["header"]["patient"]["patient_id"] == "P-1"


def test_an_image_is_decoded_on_demand(tmp_path: Path) -> None:
    folder = tmp_path / "frames"

    outcome = inspected(tmp_path, dicom_file(), decode_into=folder)

    assert outcome.frames is not None
    assert (outcome.frames.rows, outcome.frames.columns, outcome.frames.frames) == (4, 6, 1)
    assert (folder / outcome.frames.files[0]).read_bytes() == bytes(range(24))
    assert outcome.as_dict()["frames"]["rows"] == 4


@pytest.mark.parametrize(
    ("sop_class", "code"),
    [
        (STORAGE + "88.11", "structured_report"),
        (STORAGE + "88.59", "presentation_state"),
        (STORAGE + "104.1", "encapsulated_document"),
        (STORAGE + "481.5", "radiotherapy"),
        (STORAGE + "11.1", "presentation_state"),
        (STORAGE + "9.1.1", "waveform"),
        (STORAGE + "66", "other_object"),
        (STORAGE + "66.1", "derived_object"),
        (STORAGE + "4.2", "other_object"),
        ("1.2.3.4.5", "no_pixels"),
    ],
)
def test_other_objects_are_kept(tmp_path: Path, sop_class: str, code: str) -> None:
    content = data_set(pixels=b"", change={0x00080016: ("UI", sop_class), ROWS: None, COLUMNS: None})

    outcome = inspected(tmp_path, dicom_file(content), decode_into=tmp_path / "frames")

    assert (outcome.status, outcome.code, outcome.message) == ("kept", code, KEPT[code])
    assert outcome.header is not None
    assert outcome.header.patient.patient_id == "P-1"


@pytest.mark.parametrize("sop_class", [STORAGE + "66.4", STORAGE + "30", STORAGE + "481.2"])
def test_objects_made_from_images_are_kept_and_shown(tmp_path: Path, sop_class: str) -> None:
    content = data_set(change={0x00080016: ("UI", sop_class)})

    outcome = inspected(tmp_path, dicom_file(content), decode_into=tmp_path / "frames")

    assert (outcome.status, outcome.code) == ("kept", "derived_object")
    assert outcome.frames is not None


@pytest.mark.parametrize(
    "sop_class", [STORAGE + "481.1", "1.2.3.4.5", STORAGE + "7", STORAGE + "1.2", STORAGE + "13.1.3"]
)
def test_pictures_of_patients_are_images(tmp_path: Path, sop_class: str) -> None:
    outcome = inspected(tmp_path, dicom_file(data_set(change={0x00080016: ("UI", sop_class)})))

    assert outcome.status == "image"


def test_a_directory_is_kept_without_header(tmp_path: Path) -> None:
    content = element(0x00041130, "CS", "DISC") + element(0x00041220, "SQ")

    outcome = inspected(tmp_path, dicom_file(content))

    assert (outcome.status, outcome.code, outcome.header) == ("kept", "directory", None)


def test_a_refusal_keeps_digest_and_size(tmp_path: Path) -> None:
    data = dicom_file()[:-3]

    outcome = inspected(tmp_path, data)

    assert (outcome.status, outcome.code, outcome.format) == ("refused", "truncated", "dicom")
    assert (outcome.header, outcome.warnings) == (None, ())
    assert (outcome.sha256, outcome.size) == (hashlib.sha256(data).hexdigest(), len(data))


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        (b"", "empty_file", "empty"),
        (b"%PDF-1.7", "not_an_image_file", "a PDF document"),
        (b"PK\x03\x04" + bytes(40), "not_an_image_file", "ZIP"),
        (b"<html>", "not_an_image_file", "web page"),
        (b'{"a": 1}', "not_an_image_file", "JSON"),
        (b"name,age\nJane,64\n", "not_an_image_file", "plain text"),
        (b"GIF89a" + bytes(20), "not_an_image_file", "GIF"),
        (b"\x7fELF" + bytes(200), "not_an_image_file", "a program"),
        (b"\x80\x04\x95" + bytes(20), "not_an_image_file", "pickle"),
        (os.urandom(64).replace(b"\x08", b"\x09") and b"\x99\x01\x02" * 200, "not_dicom", "not DICOM"),
        (b"\x08\x00\x16\x00UI\x04\x001.2", "truncated", "ends"),
        (element(0x00080000, "UL", b"\0\0\0\0") + element(0x00091010, "LO", "stray"), "not_dicom", "not DICOM"),
    ],
)
def test_what_is_no_image(tmp_path: Path, data: bytes, code: str, told: str) -> None:
    outcome = inspected(tmp_path, data, file_name="looks-like-an.dcm")

    assert (outcome.status, outcome.code) == ("refused", code)
    assert told in outcome.message


def test_what_is_no_file(tmp_path: Path) -> None:
    assert inspect(tmp_path).code == "unreadable"
    assert inspect(tmp_path / "missing").code == "unreadable"
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    assert inspect(huge).code == "too_large"


def test_large_files_are_mapped(tmp_path: Path) -> None:
    change = {ROWS: ("US", 1500), COLUMNS: ("US", 1000)}
    data = dicom_file(data_set(pixels=element(0x7FE00010, "OB", bytes(1_500_000)), change=change))

    outcome = inspected(tmp_path, data)

    assert (outcome.status, outcome.sha256) == ("image", hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("kind", ["png", "jpeg", "tiff"])
def test_pictures_need_their_modality(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "picture.dcm"
    Image.new("L", (30, 20), 90).save(path, format=kind)

    stated = inspect(path, modality="US", file_name="a.PNG", decode_into=tmp_path / "frames")

    assert (stated.status, stated.format, stated.header) == ("image", kind, None)
    assert stated.frames is not None
    assert (stated.frames.rows, stated.frames.columns) == (20, 30)
    assert [remark.code for remark in stated.warnings] == ([] if kind == "png" else ["extension_misleading"])
    assert inspect(path, modality=None).status == "image"
    for nothing in ("", " "):
        unstated = inspect(path, modality=nothing)
        assert (unstated.status, unstated.code) == ("refused", "modality_not_stated")


def test_the_name_decides_nothing(tmp_path: Path) -> None:
    outcome = inspected(tmp_path, dicom_file(), file_name="../../etc/photo.png")

    assert (outcome.status, outcome.format) == ("image", "dicom")
    assert [remark.code for remark in outcome.warnings] == ["extension_misleading"]


def test_upl_20_pixels_that_break_the_decoder_are_refused_and_the_next_file_is_read(tmp_path: Path) -> None:
    broken = jpeg_2000_head(4, 6) + bytes(60) + b"\xff\xd9"
    file = dicom_file(data_set(pixels=fragments(broken)), syntax=J2K)
    assert inspected(tmp_path, file).status == "image"  # nothing is wrong until it is decoded
    folder = tmp_path / "frames"

    outcome = inspected(tmp_path, file, decode_into=folder)

    assert (outcome.status, outcome.code) == ("refused", "decode_failed")
    assert (outcome.frames, outcome.header) == (None, None)
    assert not folder.exists() or not list(folder.iterdir())
    assert inspected(tmp_path, dicom_file(), decode_into=folder).status == "image"


def test_a_kept_object_whose_pixels_break_the_decoder_is_kept(tmp_path: Path) -> None:
    broken = fragments(jpeg_2000_head(4, 6) + bytes(60) + b"\xff\xd9")
    file = dicom_file(data_set(pixels=broken, change={0x00080016: ("UI", STORAGE + "66.4")}), syntax=J2K)

    outcome = inspected(tmp_path, file, decode_into=tmp_path / "frames")

    assert (outcome.status, outcome.code, outcome.frames) == ("kept", "derived_object", None)
    assert [remark.code for remark in outcome.warnings] == ["not_shown"]


def test_what_nobody_foresaw_is_refused_without_quoting_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def surprise(*_: object, **__: object) -> None:
        raise ZeroDivisionError("Doe^Jane")

    monkeypatch.setattr("ml.dicom.inspection.screen", surprise)

    outcome = inspected(tmp_path, dicom_file())

    assert (outcome.status, outcome.code) == ("refused", "damaged_header")
    assert "ZeroDivisionError" in caplog.text
    assert "Doe" not in caplog.text + outcome.message


def test_a_refusal_must_have_a_known_code() -> None:
    with pytest.raises(ValueError, match="no code"):
        Refusal("made_up")
    assert Refusal("truncated").message == CODES["truncated"]


@real_files
def test_archive_members_of_the_shared_set_are_images(tmp_path: Path) -> None:
    outcome = inspect(SHARED / "dicom-phi-deid" / "ultrasounds" / "GREYSCALE_CINE.zip")

    assert (outcome.status, outcome.code) == ("refused", "not_an_image_file")
