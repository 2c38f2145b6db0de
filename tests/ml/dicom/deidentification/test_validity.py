"""What comes out is DICOM as good as what came in, and says that it is de-identified."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ml.dicom.deidentification import NotDeidentified
from ml.dicom.deidentification.quiet import quietly
from tests.ml.dicom.deidentification.conftest import DATA, cleaned, read

SETS = ("dicom-pydicom", "dicom-mg-wg04", "dicom-phi-deid")
# Names of what was there before too, under another value: UIDs and lengths.
_OWN_VALUES = re.compile(r"<(?:2\.25|1\.|0\.)[\d.]*>|got .*")


def _pictures() -> list[Path]:
    found = [path for name in SETS for path in sorted((DATA / name).rglob("*")) if path.is_file()]
    return [path for path in found if path.suffix not in {".csv", ".txt", ".zip"}]


@pytest.fixture(scope="module")
def dciodvfy() -> str:
    """The checker of DICOM information objects."""
    found = shutil.which("dciodvfy")
    if not found and os.environ.get("LOBULE_REQUIRE_SERVICES") == "1":
        pytest.fail("LOBULE_REQUIRE_SERVICES=1, but dciodvfy is not installed", pytrace=False)
    return found or pytest.skip("dciodvfy is not installed (Debian: apt install dicom3tools)")


def _errors(program: str, path: Path) -> set[str]:
    done = subprocess.run([program, str(path)], capture_output=True, text=True, errors="replace", check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return {_OWN_VALUES.sub("", line).strip(" -") for line in lines if line.startswith("Error")}


@pytest.mark.slow
def test_deid_06_dciodvfy_finds_no_new_errors_in_any_real_picture(dciodvfy, tmp_path):
    if not DATA.exists():
        pytest.skip(f"the collection of real images is not at {DATA}")
    new: dict[str, set[str]] = {}
    checked = 0
    for path in _pictures():
        try:
            result = cleaned(path.read_bytes())
        except NotDeidentified:
            continue
        after = tmp_path / "after.dcm"
        after.write_bytes(result.data)
        checked += 1
        if found := _errors(dciodvfy, after) - _errors(dciodvfy, path):
            new[path.name] = found
    truncated = new.pop("MR_truncated.dcm", set())  # the same lack, measured without the padding
    assert all("PixelData has incorrect value length" in error for error in truncated)
    assert new == {}
    assert checked > 150


def test_deid_06_a_small_picture_gains_no_errors(dciodvfy, image, tmp_path):
    from tests.ml.dicom.deidentification.conftest import as_file

    before, after = tmp_path / "before.dcm", tmp_path / "after.dcm"
    before.write_bytes(as_file(image))
    after.write_bytes(cleaned(image).data)
    assert _errors(dciodvfy, after) <= _errors(dciodvfy, before)


def test_deid_06_the_file_says_that_it_is_deidentified_and_how(image):
    result = read(cleaned(image))
    assert result.PatientIdentityRemoved == "YES"
    assert result.LongitudinalTemporalInformationModified == "MODIFIED"
    assert "PS3.15" in result.DeidentificationMethod
    codes = [(item.CodeValue, item.CodingSchemeDesignator) for item in result.DeidentificationMethodCodeSequence]
    assert codes == [("113100", "DCM"), ("113107", "DCM")]
    codes = [item.CodeValue for item in read(cleaned(image, dates="removed")).DeidentificationMethodCodeSequence]
    assert codes == ["113100"]


def test_deidentifying_twice_keeps_the_file_valid(image):
    once = cleaned(image).data
    twice = cleaned(once).data
    assert read(twice).PatientIdentityRemoved == "YES"
    assert len(read(twice).DeidentificationMethodCodeSequence) == 2


@pytest.mark.parametrize(
    "name",
    [
        "dicom-pydicom/pydicom/MR_small_bigendian.dcm",
        "dicom-pydicom/pydicom/MR_small_implicit.dcm",
        "dicom-pydicom/pydicom/MR_small_RLE.dcm",
        "dicom-pydicom/pydicom/MR_small_jpeg_ls_lossless.dcm",
        "dicom-pydicom/pydicom/MR_small_jp2klossless.dcm",
        "dicom-pydicom/pydicom/SC_rgb_jpeg_dcmtk.dcm",
        "dicom-pydicom/pydicom/image_dfl.dcm",
        "dicom-pydicom/pydicom/examples_palette.dcm",
    ],
)
def test_the_pixels_stay_what_they_were_in_every_encoding(shared, name):
    import numpy as np

    data = shared(name)
    with quietly():
        before, after = read(data), read(cleaned(data))
        assert after.file_meta.TransferSyntaxUID == before.file_meta.TransferSyntaxUID
        assert np.array_equal(after.pixel_array, before.pixel_array)
