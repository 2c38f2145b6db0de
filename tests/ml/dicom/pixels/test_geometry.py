"""Calibration, cine and overlays as a file states them."""

import numpy as np
import pytest
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from ml.dicom.frames import OVERLAY, FrameSet, Region

PIXELS = np.zeros((4, 6), np.uint8)


def item(**attributes) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def region(**attributes) -> Dataset:
    return item(
        **{
            "RegionLocationMinX0": 1,
            "RegionLocationMinY0": 0,
            "RegionLocationMaxX1": 4,
            "RegionLocationMaxY1": 2,
            "PhysicalUnitsXDirection": 3,
            "PhysicalUnitsYDirection": 3,
            "PhysicalDeltaX": 0.01,
            "PhysicalDeltaY": -0.02,
            **attributes,
        }
    )


@pytest.mark.parametrize(
    ("attributes", "spacing", "source"),
    [
        ({"PixelSpacing": [0.5, 0.25]}, (0.5, 0.25), "PixelSpacing"),
        ({"ImagerPixelSpacing": [0.2, 0.2]}, (0.2, 0.2), "ImagerPixelSpacing"),
        (
            {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 2.0},
            (0.1, 0.1),
            "ImagerPixelSpacing",
        ),
        ({"PixelSpacing": [0.5, 0.5], "ImagerPixelSpacing": [0.2, 0.2]}, (0.5, 0.5), "PixelSpacing"),
        ({"NominalScannedPixelSpacing": [0.1, 0.1]}, (0.1, 0.1), "NominalScannedPixelSpacing"),
        ({"SequenceOfUltrasoundRegions": [region()]}, (0.2, 0.1), "UltrasoundRegion"),
        ({"SequenceOfUltrasoundRegions": [region(), region(PhysicalDeltaX=0.5)]}, None, ""),
        ({"SequenceOfUltrasoundRegions": [region(PhysicalUnitsXDirection=4)]}, None, ""),
        ({"PixelSpacing": [0, 0]}, None, ""),
        ({"PixelSpacing": [0.5]}, None, ""),
        ({}, None, ""),
    ],
)
def test_spacing(show, attributes, spacing, source):
    image = show(PIXELS, **attributes)
    assert image.set.spacing == (pytest.approx(spacing) if spacing else None)
    assert image.set.spacing_source == source


def test_enhanced_images_hold_their_spacing_in_a_functional_group(show):
    shared = item(PixelMeasuresSequence=[item(PixelSpacing=[0.3, 0.4])])
    assert show(PIXELS, SharedFunctionalGroupsSequence=[shared]).set.spacing == (0.3, 0.4)


def test_the_shape_of_a_pixel(show):
    assert show(PIXELS, PixelAspectRatio=["2", "1"]).set.aspect == 2
    assert show(PIXELS, PixelSpacing=[0.5, 0.25]).set.aspect == 2
    assert show(PIXELS).set.aspect == 1


def test_the_thumbnail_has_square_pixels(show):
    image = show(np.zeros((40, 60), np.uint8), PixelAspectRatio=["2", "1"])
    with Image.open(image.folder / image.set.thumbnail) as thumbnail:
        assert thumbnail.size == (60, 80)


def test_thumbnails_are_small(show):
    image = show(np.zeros((600, 300), np.uint8))
    with Image.open(image.folder / image.set.thumbnail) as thumbnail:
        assert thumbnail.size == (128, 256)


def test_regions_are_cut_to_the_image(show):
    image = show(
        PIXELS,
        SequenceOfUltrasoundRegions=[
            region(RegionLocationMaxX1=400),
            region(PhysicalUnitsYDirection=7),
            region(RegionLocationMinX0=50, RegionLocationMaxX1=60),
        ],
    )
    assert image.set.regions == (Region(1, 0, 5, 2, (0.2, 0.1)), Region(1, 0, 4, 2, None))


@pytest.mark.parametrize(
    ("attributes", "milliseconds"),
    [
        ({"FrameTime": 40}, 40),
        ({"FrameTimeVector": [0, 30, 50]}, 40),
        ({"RecommendedDisplayFrameRate": 20}, 50),
        ({"CineRate": 10}, 100),
        ({"FrameTime": 0}, None),
        ({}, None),
    ],
)
def test_the_pace_of_a_loop(show, attributes, milliseconds):
    image = show(bytes(12), Rows=2, Columns=2, NumberOfFrames=3, **attributes)
    assert image.set.frame_ms == milliseconds


def test_a_single_frame_has_no_pace(show):
    assert show(PIXELS, FrameTime=40).set.frame_ms is None


def overlay(bits: list[list[int]], origin: tuple[int, int], group: int = 0x6000) -> dict[str, DataElement]:
    plane = np.array(bits, np.uint8)
    packed = np.packbits(plane.reshape(-1), bitorder="little").tobytes()
    elements = [
        DataElement((group, 0x0010), "US", plane.shape[0]),
        DataElement((group, 0x0011), "US", plane.shape[1]),
        DataElement((group, 0x0040), "CS", "G"),
        DataElement((group, 0x0050), "SS", list(origin)),
        DataElement((group, 0x0100), "US", 1),
        DataElement((group, 0x0102), "US", 0),
        DataElement((group, 0x3000), "OB", packed + b"\0" * (len(packed) % 2)),
    ]
    return {str(element.tag): element for element in elements}


def mask_of(image) -> list[list[int]]:
    with Image.open(image.folder / OVERLAY) as mask:
        assert mask.mode == "1"
        return np.asarray(mask).astype(int).tolist()


def test_an_overlay_that_reaches_outside_is_cut(show):
    # its first row and column lie above and to the left of the image
    image = show(np.zeros((3, 3), np.uint8), **overlay([[1, 1, 1], [1, 0, 1], [1, 1, 0]], (0, 0)))
    assert image.set.overlays
    assert mask_of(image) == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert not image.values[0].any()  # never burned in


def test_overlays_add_up(show):
    planes = overlay([[1]], (1, 1)) | overlay([[1]], (3, 3), 0x6002)
    assert mask_of(show(np.zeros((3, 3), np.uint8), **planes)) == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]


def test_an_overlay_wholly_outside_is_none(show):
    assert not show(np.zeros((3, 3), np.uint8), **overlay([[1]], (10, -4))).set.overlays


def test_an_overlay_in_the_unused_bits(show):
    elements = overlay([[0] * 2] * 2, (1, 1))
    del elements["(6000,3000)"]
    elements["(6000,0100)"].value, elements["(6000,0102)"].value = 16, 12
    image = show(np.array([[0x1005, 5], [0, 0x1FFF]], np.uint16), BitsStored=12, HighBit=11, **elements)
    assert mask_of(image) == [[1, 0], [0, 1]]
    assert image.values[0].tolist() == [[5, 5], [0, 4095]]


def test_a_real_overlay(real):
    image = real("examples_overlay.dcm")
    assert image.set.overlays
    assert 0 < np.mean(mask_of(image)) < 0.2


def test_a_real_ultrasound_loop(real):
    image = real("examples_ybr_color.dcm")
    assert (image.set.frames, image.set.frame_ms) == (30, pytest.approx(33.333))
    assert image.set.spacing_source == "UltrasoundRegion"
    assert len(image.set.regions) == 1


def test_a_frame_set_survives_json(real):
    import json

    for name in ("examples_ybr_color.dcm", "vlut_04.dcm", "CT_small.dcm"):
        frames = real(name).set
        assert FrameSet.from_dict(json.loads(json.dumps(frames.as_dict()))) == frames
