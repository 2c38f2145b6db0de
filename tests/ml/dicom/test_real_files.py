"""Every real file of the shared sets is an image, kept, or refused with the code that it deserves."""

import zipfile
from pathlib import Path

import pytest

from ml.dicom.archive import members
from ml.dicom.inspection import Inspection, inspect
from ml.dicom.outcomes import CODES, KEPT, WARNINGS
from tests.ml.dicom.making import SHARED, real_files, real_paths

REFUSED = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "codestream_mismatch",
    "MR_small_padded.dcm": "pixel_length_mismatch",
    "MR_truncated.dcm": "truncated",
    "DICOMDIR-nooffset": "truncated",
    "rtplan_truncated.dcm": "truncated",
    "UN_sequence.dcm": "missing_identifiers",
    "badVR.dcm": "missing_pixel_description",
    "chrJapMulti.dcm": "missing_pixel_data",
    "chrJapMultiExplicitIR6.dcm": "missing_pixel_data",
    "chrKoreanMulti.dcm": "missing_pixel_data",
    "chrSQEncoding.dcm": "missing_identifiers",
    "chrSQEncoding1.dcm": "missing_identifiers",
    "crayons.icc": "not_dicom",
    "empty_charset_LEI.dcm": "missing_identifiers",
    "meta_missing_tsyntax.dcm": "missing_identifiers",
    "nested_priv_SQ.dcm": "missing_identifiers",
    "no_meta.dcm": "not_dicom",
    "no_meta_group_length.dcm": "missing_identifiers",
    "priv_SQ.dcm": "missing_identifiers",
    "GREYSCALE_CINE.zip": "not_an_image_file",
    "zipMR.gz": "not_an_image_file",
}
NO_IMAGES = {".txt", ".csv", ".json", ".dump"}
KEPT_FILES = {
    "DICOMDIR": "directory",
    "DICOMDIR-bigEnd": "directory",
    "DICOMDIR-empty.dcm": "directory",
    "DICOMDIR-implicit": "directory",
    "DICOMDIR-nopatient": "directory",
    "DICOMDIR-reordered": "directory",
    "ExplVR_BigEndNoMeta.dcm": "radiotherapy",
    "ExplVR_LitEndNoMeta.dcm": "radiotherapy",
    "rtplan.dcm": "radiotherapy",
    "rtstruct.dcm": "radiotherapy",
    "reportsi.dcm": "structured_report",
    "reportsi_with_empty_number_tags.dcm": "structured_report",
    "test-SR.dcm": "structured_report",
    "waveform_ecg.dcm": "waveform",
}
DERIVED = ("liver", "rtdose", "parametric_map")


def expected(path: Path) -> tuple[str, str]:
    if path.suffix in NO_IMAGES:
        return "refused", "not_an_image_file"
    if path.name in REFUSED:
        return "refused", REFUSED[path.name]
    if path.name in KEPT_FILES:
        return "kept", KEPT_FILES[path.name]
    return ("kept", "derived_object") if path.name.startswith(DERIVED) else ("image", "")


def check(outcome: Inspection) -> None:
    assert outcome.code in {"", *CODES, *KEPT}
    assert all(remark.code in WARNINGS for remark in outcome.warnings)
    shown = outcome.status == "image" or outcome.code == "derived_object"
    assert (outcome.frames is not None) == shown


@real_files
@pytest.mark.parametrize("path", [pytest.param(path, id="/".join(path.parts[-3:])) for path in real_paths()])
def test_every_file_has_its_outcome(path: Path, tmp_path: Path) -> None:
    outcome = inspect(path, file_name=path.name, decode_into=tmp_path / "frames")

    assert (outcome.status, outcome.code) == expected(path)
    check(outcome)


@real_files
def test_every_member_of_every_archive_has_its_outcome(tmp_path: Path) -> None:
    archives = [path for path in real_paths() if zipfile.is_zipfile(path)]
    assert archives
    for archive in archives:
        for number, member in enumerate(members(archive)):
            path = tmp_path / str(number)
            member.save(path, 2**30)
            outcome = inspect(path, decode_into=tmp_path / f"{number}-frames")
            assert outcome.status == "image"
            check(outcome)


@real_files
def test_the_expectations_name_files_that_exist() -> None:
    assert set(REFUSED) | set(KEPT_FILES) <= {path.name for path in SHARED.glob("dicom-*/**/*")}
