"""Grey levels against numbers worked out by hand from PS3.3 C.11.2.1.2 and C.11.2.1.3."""

from dataclasses import replace

import numpy as np
import pytest

from ml.dicom.frames import FrameSet, VoiLut, Window
from ml.dicom.rendering import apply_window, load_frame, to_display

PLAIN = FrameSet(
    rows=1, columns=4, frames=1, samples=1, dtype="int16", photometric="MONOCHROME2", bits_stored=16, slope=1.0,
    intercept=0.0, units="", windows=(Window(127.5, 255, "", "LINEAR_EXACT"),), voi_luts=(), minimum=0, maximum=0,
    padding=None, spacing=None, spacing_source="", aspect=1.0, frame_ms=None, regions=(), overlays=False,
    files=("0001.raw",),
)  # fmt: skip


def shown(values: list[float], frames: FrameSet = PLAIN, window: Window | VoiLut | None = None) -> list[int]:
    return to_display(np.array([values], dtype=frames.numpy_dtype), frames, window)[0].tolist()


@pytest.mark.parametrize(
    ("value", "level"),
    [
        # c = 2048, w = 4096: 0 is black, 4095 white, between them (x - 2047.5) / 4095 + .5
        (0, 0),
        (-5, 0),
        (4095, 255),
        (5000, 255),
        (2047, 127),
        (2048, 128),
        (1024, 64),
    ],
)
def test_linear(value, level):
    assert shown([value], window=Window(2048, 4096)) == [level]


def test_linear_from_the_standards_note():
    # "center 0, width 100": -50 is the lowest and 49 the highest value within
    fractions = apply_window(np.array([-51.0, -50.0, -0.5, 49.0, 50.0]), Window(0, 100))
    assert fractions.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_a_width_of_one_is_a_threshold():
    # below c - .5 black, above it white
    assert shown([99, 100, 101], window=Window(100, 1)) == [0, 255, 255]


def test_linear_exact():
    fractions = apply_window(np.array([-50.0, -25.0, 0.0, 50.0]), Window(0, 100, "", "LINEAR_EXACT"))
    assert fractions.tolist() == [0.0, 0.25, 0.5, 1.0]


def test_linear_exact_narrower_than_one():
    fractions = apply_window(np.array([0.0, 0.25, 0.5]), Window(0.25, 0.5, "", "LINEAR_EXACT"))
    assert fractions.tolist() == [0.0, 0.5, 1.0]


def test_sigmoid():
    # 1 / (1 + exp(-4 (x - c) / w)): one half at c; at c + w / 4 it is 1 / (1 + 1 / e)
    fractions = apply_window(np.array([40.0, 65.0, 15.0, 1e9, -1e9]), Window(40, 100, "", "SIGMOID"))
    assert fractions[:3].tolist() == pytest.approx([0.5, 0.7310586, 0.2689414])
    assert fractions[3:].tolist() == pytest.approx([1.0, 0.0], abs=1e-9)


def test_rescale_comes_before_the_window():
    frames = replace(PLAIN, slope=2.0, intercept=-1024.0)
    # 1024 and 0 Hounsfield units on a window from 0 to 1024
    assert shown([1024, 512], frames, Window(512, 1024, "", "LINEAR_EXACT")) == [255, 0]


def test_monochrome1_is_turned_round():
    frames = replace(PLAIN, photometric="MONOCHROME1")
    assert shown([0, 51, 255], frames) == [255, 204, 0]


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_padding_is_black_whichever_way_round(photometric):
    frames = replace(PLAIN, photometric=photometric, padding=(200.0, 300.0))
    levels = shown([199, 200, 300, 301], frames)
    assert levels[1:3] == [0, 0]
    assert levels[0] == (56 if photometric == "MONOCHROME1" else 199)


def test_a_voi_table_clamps_and_goes_before_the_windows():
    frames = replace(PLAIN, voi_luts=(VoiLut(10, (0, 2048, 4095), 12),))
    # 2048 / 4095 × 255 = 127.53
    assert shown([-100, 10, 11, 12, 900], frames) == [0, 0, 128, 255, 255]
    assert shown([10, 11], frames, Window(127.5, 255, "", "LINEAR_EXACT")) == [10, 11]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_large_frames_by_table_come_out_the_same(dtype, photometric):
    info = np.iinfo(dtype)
    values = np.random.default_rng(0).integers(info.min, info.max, (300, 300), dtype=dtype, endpoint=True)
    frames = replace(PLAIN, dtype=dtype, photometric=photometric, slope=1.5, intercept=-7.0, padding=(3.0, 60.0))
    window = Window(float(info.max) / 3, float(info.max))
    rows = np.vstack([to_display(row[None], frames, window) for row in values])
    np.testing.assert_array_equal(to_display(values, frames, window), rows)


def test_colours_are_shown_as_they_are():
    frames = replace(PLAIN, samples=3, dtype="uint8", photometric="RGB", windows=())
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    np.testing.assert_array_equal(to_display(pixels, frames), pixels)


def test_frames_are_loaded_from_folder_and_bytes(tmp_path):
    values = np.array([[1, -2, 3, 400]], dtype="<i2")
    values.tofile(tmp_path / "0001.raw")
    np.testing.assert_array_equal(load_frame(tmp_path, PLAIN), values)
    np.testing.assert_array_equal(load_frame(values.tobytes(), PLAIN), values)
    with pytest.raises(IndexError):
        load_frame(tmp_path, PLAIN, 1)
    with pytest.raises(ValueError, match="reshape"):
        load_frame(values.tobytes() + b"\0\0", PLAIN)
