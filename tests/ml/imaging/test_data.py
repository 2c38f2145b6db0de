"""Folders, manifests and BreastMNIST's file become pictures with outcomes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.imaging.data import DataError, read_pictures
from ml.imaging.networks import CLEAR, LESION, MALIGNANT

BREASTMNIST = Path(__file__).resolve().parents[4] / "shared" / "data" / "breastmnist-28-dev"


def save(path: Path, grey: int = 90) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 50), grey, dtype=np.uint8)).save(path)
    return path


def test_a_folder_gives_outcomes_by_its_subfolders_and_leaves_outlines_out(tmp_path: Path) -> None:
    for name in ("benign/a.png", "benign/a_mask.png", "Malignant/b.png", "normal/c.jpg", "readme/d.png"):
        save(tmp_path / name)
    found = read_pictures(tmp_path)
    assert found.labels.tolist() == [MALIGNANT, LESION, CLEAR]
    assert found.names == ("Malignant/b.png", "benign/a.png", "normal/c.jpg")
    assert found.groups is None
    assert found.pictures[1].shape == (40, 50)
    assert found.skipped == {
        str(tmp_path / "readme"): "1 pictures in a folder that isn't named benign, malignant or normal"
    }


@pytest.mark.parametrize("column", ["group", "Patient"])
def test_a_manifest_names_patients_by_either_column(tmp_path: Path, column: str) -> None:
    for name in ("1.png", "2.png", "3.png"):
        save(tmp_path / name)
    (tmp_path / "m.csv").write_text(f"path,label,{column}\n1.png,benign,7\n2.png,malignant,8\n3.png,benign,7\n")
    groups = read_pictures(tmp_path / "m.csv").groups
    assert groups is not None
    assert groups[0] == groups[2] != groups[1]


def test_folders_of_other_names_are_told(tmp_path: Path) -> None:
    for name in ("cysts/a.png", "tumours/b.png"):
        save(tmp_path / name)
    with pytest.raises(DataError, match="named benign, malignant or normal; there are pictures in cysts, tumours"):
        read_pictures(tmp_path)
    with pytest.raises(DataError, match="absent: there is no such file or folder"):
        read_pictures(tmp_path / "absent")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train_images": (20, 8, 8), "train_labels": (19,)}, "each picture needs one label"),
        ({"train_images": (20, 8, 8)}, "each array of images needs one of labels"),
        (
            {"train_images": (2, 8, 8), "train_labels": (2,), "val_images": (2, 9, 9), "val_labels": (2,)},
            "the pictures of train and val differ in size",
        ),
    ],
)
def test_arrays_that_do_not_fit_together_are_told(tmp_path: Path, arrays: dict, message: str) -> None:
    np.savez(tmp_path / "a.npz", **{name: np.zeros(shape, dtype=np.uint8) for name, shape in arrays.items()})
    with pytest.raises(DataError, match=message):
        read_pictures(tmp_path / "a.npz")


@pytest.mark.parametrize("content", [b"junk", b"PK\x03\x04junk"])
def test_a_damaged_array_file_is_told_without_advice_to_trust_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"not a readable array file, as numpy\.savez writes it$"):
        read_pictures(tmp_path / "a.npz")


def test_a_manifest_gives_groups_and_holds_test_rows_back(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "3.png", "4.png"):
        save(tmp_path / name)
    (tmp_path / "m.csv").write_text(
        "path,label,group,split\n1.png,benign,p1,train\n2.png,malignant,p2,\n3.png,benign,p1,val\n4.png,malignant,p3,test\n"
    )
    found = read_pictures(tmp_path / "m.csv")
    assert found.labels.tolist() == [LESION, MALIGNANT, LESION]
    assert found.groups is not None
    assert found.groups[0] == found.groups[2] != found.groups[1]


def test_a_picture_that_cannot_be_read_is_skipped_with_its_reason(tmp_path: Path) -> None:
    save(tmp_path / "benign/a.png")
    (tmp_path / "malignant").mkdir()
    (tmp_path / "malignant/b.png").write_bytes(b"not a picture")
    found = read_pictures(tmp_path)
    assert len(found.labels) == 1
    assert list(found.skipped) == [str(tmp_path / "malignant/b.png")]


def test_an_unknown_outcome_or_nothing_at_all_is_an_error(tmp_path: Path) -> None:
    save(tmp_path / "1.png")
    (tmp_path / "m.csv").write_text("path,label\n1.png,perhaps\n")
    with pytest.raises(DataError, match="unknown outcome 'perhaps'"):
        read_pictures(tmp_path / "m.csv")
    with pytest.raises(DataError, match="no pictures in subfolders"):
        read_pictures(tmp_path)
    (tmp_path / "bad.csv").write_text("file\n1.png\n")
    with pytest.raises(DataError, match="needs a first line"):
        read_pictures(tmp_path / "bad.csv")


def test_an_array_file_turns_its_codes_round_and_leaves_the_test_part_alone(tmp_path: Path) -> None:
    pictures = np.zeros((3, 28, 28), dtype=np.uint8)
    arrays = {f"{part}_images": pictures for part in ("train", "val", "test")}
    codes = {"train_labels": [[0], [1], [1]], "val_labels": [[1], [0], [1]], "test_labels": [[0]] * 3}
    np.savez(tmp_path / "b.npz", **arrays, **codes)
    found = read_pictures(tmp_path / "b.npz")
    assert found.outcomes.tolist() == [1, 0, 0, 0, 1, 0]


@pytest.mark.skipif(not BREASTMNIST.is_dir(), reason="the shared BreastMNIST file is not here")
def test_breastmnist_is_read() -> None:
    found = read_pictures(BREASTMNIST / "breastmnist_trainval.npz")
    assert (len(found.labels), int(found.outcomes.sum())) == (624, 168)


def test_excluding_a_name_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    save(tmp_path / "benign/a.png")
    found = read_pictures(tmp_path)
    assert len(found.without(["a.png"]).labels) == 0
    with pytest.raises(DataError, match="no picture is named"):
        found.without(["b.png"])
