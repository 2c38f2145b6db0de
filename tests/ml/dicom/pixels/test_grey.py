"""Windows, tables, rescale and padding as attributes give them."""

import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from ml.dicom.frames import VoiLut, Window
from ml.dicom.rendering import to_display

VALUES = np.array([[0, 1000], [2000, 4000]], dtype=np.uint16)


def item(**attributes) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def lut(first: int, bits: int, values: list[int], **more) -> Dataset:
    table = item(LUTDescriptor=[len(values), first, bits], LUTData=values, **more)
    table["LUTDescriptor"].VR, table["LUTData"].VR = ("SS" if first < 0 else "US"), "US"
    return table


def test_window_presets_with_names(show):
    image = show(VALUES, WindowCenter=[40, 300], WindowWidth=[400, 1500], WindowCenterWidthExplanation=["SOFT", "BONE"])
    assert image.set.windows == (Window(40, 400, "SOFT", "LINEAR"), Window(300, 1500, "BONE", "LINEAR"))


@pytest.mark.parametrize("function", ["SIGMOID", "LINEAR_EXACT"])
def test_the_windows_function(show, function):
    image = show(VALUES, WindowCenter=10, WindowWidth=0.5, VOILUTFunction=function)
    assert image.set.windows == (Window(10, 0.5, "", function),)


@pytest.mark.parametrize("width", [0, -5, 0.5])
def test_windows_of_no_width_are_left_out(show, width):
    assert [window.name for window in show(VALUES, WindowCenter=1, WindowWidth=width).set.windows] == ["Computed"]


def test_the_computed_window_leaves_out_padding_and_extremes(show):
    values = np.repeat(np.arange(1000, dtype=np.uint16), 100).reshape(1000, 100)
    values[0, :] = 60_000
    window = show(values, PixelPaddingValue=60_000).set.windows[0]
    # 1 to 999 remain; half a per cent at each end is 5
    assert window.function == "LINEAR_EXACT"
    assert window.center == pytest.approx(500, abs=1)
    assert window.width == pytest.approx(988, abs=2)


def test_eight_bits_without_a_window_are_shown_as_they_are(show):
    values = np.arange(100, 116, dtype=np.uint8).reshape(4, 4)
    image = show(values)
    np.testing.assert_array_equal(to_display(image.values[0], image.set), values)


def test_rescale_is_told_not_applied(show):
    image = show(VALUES, RescaleSlope=2, RescaleIntercept=-1024, RescaleType="HU")
    assert (image.set.slope, image.set.intercept, image.set.units) == (2, -1024, "HU")
    np.testing.assert_array_equal(image.values[0], VALUES)


def test_computed_tomography_has_hounsfield_units_unless_it_says_otherwise(show):
    assert show(VALUES, RescaleSlope=1, RescaleIntercept=0, Modality="CT").set.units == "HU"
    assert show(VALUES, RescaleSlope=1, RescaleIntercept=0, RescaleType="US").set.units == ""


def test_a_slope_of_nothing_is_ignored(show):
    assert show(VALUES, RescaleSlope=0, RescaleIntercept=5).set.slope == 1


def test_a_modality_table_is_applied(show):
    image = show(
        np.array([[9, 10], [11, 99]], np.uint16),
        ModalityLUTSequence=[lut(10, 16, [500, 600, 700], ModalityLUTType="OD")],
        PixelPaddingValue=9,
    )
    assert image.values[0].tolist() == [[500, 500], [600, 700]]
    assert (image.set.slope, image.set.intercept, image.set.units, image.set.padding) == (1, 0, "OD", None)


def test_voi_tables_come_with_their_first_value_and_depth(show):
    image = show(
        VALUES.astype(np.int16),
        VOILUTSequence=[lut(-2, 12, [0, 4095, 17], LUTExplanation="DENSE"), item(LUTExplanation="no table")],
    )
    assert image.set.voi_luts == (VoiLut(-2, (0, 4095, 17), 12, "DENSE"),)


def test_padding_range(show):
    image = show(VALUES, PixelPaddingValue=2000, PixelPaddingRangeLimit=5000)
    assert image.set.padding == (2000, 5000)
    assert (image.set.minimum, image.set.maximum) == (0, 1000)


def test_padding_in_the_wrong_sign(show):
    image = show(np.array([[-2000, 5]], np.int16), padding=DataElement("PixelPaddingValue", "US", 63_536))
    assert image.set.padding == (-2000, -2000)
    assert (image.set.minimum, image.set.maximum) == (5, 5)


def test_an_image_of_nothing_but_padding_has_a_range(show):
    image = show(np.full((2, 2), 7, np.uint16), PixelPaddingValue=7)
    assert (image.set.minimum, image.set.maximum) == (7, 7)
    assert to_display(image.values[0], image.set).tolist() == [[0, 0], [0, 0]]


def test_frames_with_rescales_of_their_own_are_rescaled(show):
    frames = [
        item(PixelValueTransformationSequence=[item(RescaleSlope=slope, RescaleIntercept=1, RescaleType="ADC")])
        for slope in (2, 10)
    ]
    stored = np.array([[1, 2], [3, 4]], np.uint16).tobytes()
    image = show(
        stored * 2, Rows=2, Columns=2, NumberOfFrames=2, BitsAllocated=16, BitsStored=16, HighBit=15,
        PerFrameFunctionalGroupsSequence=frames,
    )  # fmt: skip
    assert [frame.tolist() for frame in image.values] == [[[3, 5], [7, 9]], [[11, 21], [31, 41]]]
    assert (image.set.dtype, image.set.slope, image.set.intercept, image.set.units) == ("float32", 1, 0, "ADC")


def test_frames_that_share_a_rescale_keep_their_values(show):
    shared = item(
        PixelValueTransformationSequence=[item(RescaleSlope=3, RescaleIntercept=1)],
        FrameVOILUTSequence=[item(WindowCenter=50, WindowWidth=60)],
    )
    own = item(FrameVOILUTSequence=[item(WindowCenter=70, WindowWidth=80)])
    image = show(
        bytes(8), Rows=2, Columns=2, NumberOfFrames=2,
        SharedFunctionalGroupsSequence=[shared], PerFrameFunctionalGroupsSequence=[own, Dataset()],
    )  # fmt: skip
    assert (image.set.dtype, image.set.slope, image.set.intercept) == ("uint8", 3, 1)
    # the first frame's own window goes before the shared one
    assert image.set.windows == (Window(70, 80),)


def test_a_dose_is_scaled(real):
    assert real("rtdose.dcm").set.slope == pytest.approx(1e-6)


def test_a_real_modality_table(real):
    image = real("mlut_18.dcm")
    assert (image.set.dtype, image.set.minimum, image.set.maximum) == ("uint16", 0, 65_535)


def test_a_real_voi_table(real):
    image = real("vlut_04.dcm")
    (table,) = image.set.voi_luts
    assert (table.first, table.bits, table.values) == (0, 16, tuple(range(0, 65_536, 257)))
    np.testing.assert_array_equal(to_display(image.values[0], image.set), image.values[0])
