"""Picture sets: what lies in each file, that files agree with each other, and that packing is repeatable."""

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.packaging import ChangedMeanwhile, FolderSink, StoredFile, package_images
from ml.packaging.dicom import DicomWriter
from ml.packaging.mark import SMALLEST_EDGE, marked
from tests.ml.packaging.parts import describe, pictures

PNG, DCM = "images/benign/000001.png", "dicom/benign/000001.dcm"
# Debian's validator is older than Synthetic Data (0008,001C) and takes it for an unknown standard attribute.
UNKNOWN_TO_DCIODVFY = "(0x0008,0x001c)"


def pack(folder: Path, count: int = 6, **changes: Any) -> dict[str, StoredFile]:
    batches, counts = pictures(count)
    manifest = package_images(describe("image", counts, **changes), batches, FolderSink(folder))
    return {file.name: file for file in manifest.files}


def grey(data: bytes) -> NDArray[Any]:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


def test_every_picture_is_there_twice_and_unchanged(tmp_path: Path) -> None:
    files = pack(tmp_path)
    (drawn, labels), *_ = pictures(6)[0]

    assert sum(name.endswith(".png") for name in files) == sum(name.endswith(".dcm") for name in files) == 6
    for number, (picture, label) in enumerate(zip(drawn[:, 0], labels, strict=True), start=1):
        name = f"{('benign', 'malignant')[label]}/{number:06d}"
        assert np.array_equal(grey((tmp_path / f"images/{name}.png").read_bytes()), picture)
        assert np.array_equal(pydicom.dcmread(tmp_path / f"dicom/{name}.dcm").pixel_array, picture)
    rows = (tmp_path / "labels.csv").read_text().splitlines()
    assert rows[:2] == ["number,class,png,dicom", f"1,benign,{PNG},{DCM}"]
    assert len(rows) == 7


def test_a_png_says_that_it_is_synthetic(tmp_path: Path) -> None:
    pack(tmp_path)
    with Image.open(tmp_path / PNG) as picture:
        told = dict(picture.text)  # type: ignore[attr-defined]
    assert told["Synthetic"] == "YES"
    assert told["Class"] == "benign"
    assert told["Description"].startswith("Synthetic: drawn by a generative model.")


def test_dicom_says_what_it_is_and_names_nobody(tmp_path: Path) -> None:
    pack(tmp_path)
    one = pydicom.dcmread(tmp_path / DCM)
    other = pydicom.dcmread(tmp_path / "dicom/malignant/000002.dcm")

    assert one.file_meta.MediaStorageSOPClassUID == "1.2.840.10008.5.1.4.1.1.7"
    assert one[0x0008001C].value == "YES"
    assert (one.ConversionType, list(one.ImageType)) == ("SYN", ["DERIVED", "SECONDARY"])
    equipment = one.ContributingEquipmentSequence[0]
    purpose = equipment.PurposeOfReferenceCodeSequence[0]
    assert (purpose.CodeValue, purpose.CodingSchemeDesignator, purpose.CodeMeaning) == (
        "109100",
        "DCM",
        "Synthesizing Equipment",
    )
    assert equipment.ManufacturerModelName == "cgan"
    assert "drawn by a generative model" in one.DerivationDescription
    assert (str(one.PatientName), one.PatientID) == ("SYNTHETIC", "0b9c3c0e-6a4f-4a34-9d7e-000000000001-000001")
    assert (one.PatientBirthDate, one.PatientSex, one.AccessionNumber) == ("", "", "")
    assert one.BurnedInAnnotation == "NO"
    assert "PatientIdentityRemoved" not in one  # it would claim that there was an identity
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID"):
        assert one[keyword].value != other[keyword].value
    uids = [one.SOPInstanceUID, one.StudyInstanceUID, one.SeriesInstanceUID]
    assert len(set(uids)) == 3
    assert all(re.fullmatch(r"2\.25\.[1-9]\d{0,38}", uid) for uid in uids)


def test_pydicom_would_write_the_very_same_file(tmp_path: Path) -> None:
    pack(tmp_path, 2)
    for file in tmp_path.rglob("*.dcm"):
        again = io.BytesIO()
        pydicom.dcmwrite(again, pydicom.dcmread(file), enforce_file_format=True)
        assert again.getvalue() == file.read_bytes()


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="no dciodvfy (Debian: apt install dicom3tools)")
@pytest.mark.parametrize("mark", [True, False])
def test_dicom_passes_an_independent_validator(tmp_path: Path, mark: bool) -> None:
    batches, counts = pictures(1)
    file = tmp_path / "one.dcm"
    writer = DicomWriter(describe("image", counts, visible_mark=mark))
    file.write_bytes(writer.file(batches[0][0][0, 0], "benign", 1))

    told = subprocess.run(["dciodvfy", file], capture_output=True, text=True, check=False).stderr.splitlines()

    assert [line for line in told if line.startswith("Error") and UNKNOWN_TO_DCIODVFY not in line] == []
    assert "SCImage" in told


def test_the_mark_is_readable_and_covers_little(tmp_path: Path) -> None:
    batches, _ = pictures(1, 64)
    plain = batches[0][0][0, 0]

    stamped = marked(plain)

    changed = stamped != plain
    assert 0.01 < changed.mean() < 0.07
    rows = np.nonzero(changed)[0]
    assert rows.min() >= 64 - 8  # in the lowest strip
    assert set(np.unique(stamped[rows.min() : rows.max() + 1, 1:38])) == {0, 255}
    assert np.array_equal(plain, batches[0][0][0, 0])  # the original is left alone
    strip = stamped[57:62, 2:5] == 255
    assert strip.tolist() == [[True] * 3, [True, False, False], [True] * 3, [False, False, True], [True] * 3]  # an S
    with pytest.raises(ValueError, match=f"at least {SMALLEST_EDGE} pixels, got 32 by 32"):
        marked(plain[:32, :32])
    files = pack(tmp_path, 2, visible_mark=True)
    assert np.array_equal(grey((tmp_path / PNG).read_bytes()), pydicom.dcmread(tmp_path / DCM).pixel_array)
    assert pydicom.dcmread(tmp_path / DCM).BurnedInAnnotation == "YES"
    assert "The word SYNTHETIC stands in each picture" in (tmp_path / "data-card.md").read_text()
    assert files[PNG].sha256 != pack(tmp_path / "plain", 2)[PNG].sha256


def test_the_archive_holds_the_single_files_and_their_checksums_verify(tmp_path: Path) -> None:
    files = pack(tmp_path / "single")
    with zipfile.ZipFile(tmp_path / "single/set.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert sorted(names) == sorted(set(files) - {"set.zip"})
        assert {entry.date_time for entry in archive.infolist()} == {(2026, 3, 2, 0, 0, 0)}
        archive.extractall(tmp_path / "unpacked")
    for name in names:
        assert (tmp_path / "unpacked" / name).read_bytes() == (tmp_path / "single" / name).read_bytes()

    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "checksums.sha256"],
        cwd=tmp_path / "unpacked",
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0
    assert checked.stdout.count(": OK") == len(names) - 1  # all but the list itself
    (tmp_path / "unpacked" / PNG).write_bytes(b"other")
    again = subprocess.run(["sha256sum", "--check", "checksums.sha256"], cwd=tmp_path / "unpacked", check=False)
    assert again.returncode == 1


def test_the_same_set_gives_the_same_bytes(tmp_path: Path) -> None:
    assert pack(tmp_path / "a") == pack(tmp_path / "b")
    assert (tmp_path / "a/set.zip").read_bytes() == (tmp_path / "b/set.zip").read_bytes()


class Counting(FolderSink):
    """A sink that remembers what was written, and fails once it was told to."""

    def __init__(self, folder: Path, fail_at: str = "") -> None:
        super().__init__(folder)
        self.written: list[str] = []
        self.fail_at = fail_at

    def write(self, name: str, data: Any) -> StoredFile:
        if name == self.fail_at:
            raise ConnectionError(name)
        self.written.append(name)
        return super().write(name, data)


def test_a_packing_that_was_interrupted_goes_on_where_it_stopped(tmp_path: Path) -> None:
    batches, counts = pictures(6)
    description = describe("image", counts)
    first = Counting(tmp_path / "a", fail_at="dicom/malignant/000004.dcm")
    with pytest.raises(ConnectionError):
        package_images(description, batches, first)
    assert len(first.written) == 7

    second = Counting(tmp_path / "a")
    resumed = package_images(description, batches, second)

    assert not set(first.written) & set(second.written)
    assert resumed == package_images(description, batches, FolderSink(tmp_path / "b"))
    third = Counting(tmp_path / "a")
    assert package_images(description, batches, third) == resumed
    assert third.written == []


def test_leftovers_of_other_pictures_are_noticed_and_nothing_of_the_archive_stays(tmp_path: Path) -> None:
    batches, counts = pictures(6)
    FolderSink(tmp_path).write(PNG, [b"another picture"])

    with pytest.raises(ChangedMeanwhile, match=PNG):
        package_images(describe("image", counts), batches, FolderSink(tmp_path))

    assert not (tmp_path / "set.zip").exists()
    assert list(tmp_path.rglob(".*")) == []


def test_progress_is_told_in_pictures(tmp_path: Path) -> None:
    batches, counts = pictures(60, 16)
    told: list[tuple[int, int]] = []
    package_images(describe("image", counts), batches, FolderSink(tmp_path), lambda *state: told.append(state))
    assert told == [(50, 60), (60, 60)]


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([(np.zeros((2, 1, 16, 16), np.float32), [0, 1])], "of float32"),
        ([(np.zeros((2, 3, 16, 16), np.uint8), [0, 1])], "got .2, 3, 16, 16."),
        ([(np.zeros((2, 1, 16, 16), np.uint8), [0])], "with 1 labels"),
        ([(np.zeros((2, 1, 16, 16), np.uint8), [0, 0])], "promises .*1.*but there are .*2"),
    ],
)
def test_what_is_no_such_set_is_refused(tmp_path: Path, batches: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        package_images(describe("image", {"benign": 1, "malignant": 1}), batches, FolderSink(tmp_path))


def test_batches_that_can_be_gone_through_once_are_refused(tmp_path: Path) -> None:
    batches, counts = pictures(2)
    with pytest.raises(TypeError, match="gone through twice"):
        package_images(describe("image", counts), iter(batches), FolderSink(tmp_path))
