"""What a DICOMDIR lists, and what of it did not come."""

from pathlib import Path

import pytest

from ml.dicom.dicomdir import listed_files, missing_files
from tests.ml.dicom.making import SHARED, dicom_file, element, real_files, sequence


def directory(tmp_path: Path, *names: str) -> Path:
    records = [element(0x00041430, "CS", "IMAGE") + element(0x00041500, "CS", name) for name in names]
    path = tmp_path / "DICOMDIR"
    path.write_bytes(dicom_file(element(0x00041130, "CS", "DISC") + sequence(*records, tag=0x00041220)))
    return path


def test_files_are_listed_once_in_their_order(tmp_path: Path) -> None:
    path = directory(tmp_path, "IMAGES\\B", "IMAGES\\A", "IMAGES\\B")

    assert listed_files(path) == ("IMAGES/B", "IMAGES/A")


@pytest.mark.parametrize("name", ["..\\..\\ETC\\PASSWD", "A\\..\\B", "\\ETC\\PASSWD", "C:\\X", "A/B", ".", "A\\"])
def test_upl_11_entries_that_point_outside_the_disc_are_left_out(tmp_path: Path, name: str) -> None:
    assert listed_files(directory(tmp_path, name, "GOOD")) == ("GOOD",)


def test_missing_files_whatever_folder_came_around_the_disc() -> None:
    listed = ("IMAGES/A", "IMAGES/B", "C")

    assert missing_files(listed, ["disc1/images/a", "disc1/C", "disc1/DICOMDIR"]) == ("IMAGES/B",)
    assert missing_files(listed, ["images\\B", "IMAGES/A", "C"]) == ()
    assert missing_files(listed, []) == listed


@real_files
@pytest.mark.parametrize("name", ["DICOMDIR", "DICOMDIR-bigEnd", "DICOMDIR-implicit", "DICOMDIR-reordered"])
def test_the_real_directory_finds_its_files(name: str) -> None:
    folder = SHARED / "dicom-pydicom" / "pydicom" / "dicomdirtests"
    listed = listed_files(folder / name)
    there = [str(path.relative_to(folder.parent)) for path in folder.rglob("*")]

    assert len(listed) == 31
    assert missing_files(listed, there) == ()
    assert missing_files(listed, [one for one in there if not one.endswith("/6154")]) == ("77654033/CR1/6154",)
