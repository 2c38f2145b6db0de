"""Tags and pixels decide which model is asked."""

from pathlib import Path

import numpy as np
import pytest

from diagnosis.demo.mammography_phantom import VIEWS, mammography_phantom
from ml.dicom.decoding import decode
from ml.dicom.rendering import load_frame, to_display
from ml.imaging.routing import looks_like_mammogram, route

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
GREY = np.full((300, 400), 90, dtype=np.uint8)


def displayed(path: Path, folder: Path) -> np.ndarray:
    frames = decode(path, folder)
    return to_display(load_frame(folder, frames, (frames.frames - 1) // 2), frames)


@pytest.mark.parametrize(
    ("modality", "part"), [("US", "BREAST"), ("US", ""), (" us ", "breast"), ("MG", ""), ("CT", "HEAD")]
)
def test_a_telling_modality_is_believed(modality: str, part: str) -> None:
    assert route(modality, part, GREY).modality == modality.strip().upper()
    assert route(modality, part, GREY).reason == ""


def test_an_ultrasound_of_something_else_is_for_no_model() -> None:
    assert "another part of the body (heart)" in route("US", "HEART", GREY).reason


@pytest.mark.parametrize("modality", ["", "OT", "SC"])
def test_a_picture_that_says_nothing_of_itself_is_for_no_model(modality: str) -> None:
    assert "does not say how the picture was made" in route(modality, "", GREY).reason


def test_what_the_sender_states_decides_where_the_tags_say_nothing() -> None:
    assert route("", "", GREY, stated="US") == route("OT", "", GREY, stated="us") == route("US", "", GREY)
    assert route("CT", "", GREY, stated="US").modality == "CT"


@pytest.mark.parametrize("index", range(len(VIEWS)), ids=["-".join(view) for view in VIEWS])
def test_each_view_of_a_mammogram_is_known_by_its_pixels(index: int, tmp_path: Path) -> None:
    name, data = list(mammography_phantom())[index]
    (tmp_path / name).write_bytes(data)
    pixels = displayed(tmp_path / name, tmp_path)

    assert looks_like_mammogram(pixels)
    assert route("OT", "", pixels).modality == "MG"
    assert route("CR", "BREAST", pixels).modality == "MG"
    assert route("CR", "CHEST", pixels).modality == "CR"


@pytest.mark.parametrize("name", ["MG1_J2KI.dcm", "MG1_JPLY.dcm"])
def test_a_digitised_mammogram_that_is_tagged_a_radiograph_goes_to_mammography(name: str, tmp_path: Path) -> None:
    path = DATA / "dicom-mg-wg04" / name
    if not path.exists():
        pytest.skip("the shared DICOM files are not there")

    assert route("RG", "BREAST", displayed(path, tmp_path)).modality == "MG"


def test_pictures_of_other_things_do_not_look_like_mammograms() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (1200, 1200), dtype=np.uint8)
    disc = np.zeros((1200, 1200), dtype=np.uint8)
    y, x = np.mgrid[0:1200, 0:1200]
    disc[(x - 600) ** 2 + (y - 600) ** 2 < 300**2] = 200
    colourful = rng.integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    for pixels in (noise, disc, np.zeros_like(disc), colourful, GREY):
        assert not looks_like_mammogram(pixels)
