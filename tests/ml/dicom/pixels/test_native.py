"""Uncompressed pixels of every width, order and sign, against values written by hand."""

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian

from ml.dicom.outcomes import Refusal


def test_unsigned_sixteen_bits(show):
    image = show(np.array([[0, 1], [40_000, 65_535]], dtype=np.uint16))
    assert image.set.dtype == "uint16"
    assert image.values[0].tolist() == [[0, 1], [40_000, 65_535]]
    assert (image.set.minimum, image.set.maximum) == (0, 65_535)


@pytest.mark.parametrize("syntax", [None, ExplicitVRBigEndian])
def test_signed_sixteen_bits_in_both_orders(show, syntax):
    stored = np.array([[-32_768, -1], [0, 32_767]], dtype=np.int16)
    image = show(stored, **({"syntax": syntax} if syntax else {}))
    assert image.set.dtype == "int16"
    np.testing.assert_array_equal(image.values[0], stored)


def test_signed_eight_bits_widen(show):
    image = show(np.array([[-128, -1], [0, 127]], dtype=np.int8))
    assert image.set.dtype == "int16"
    assert image.values[0].tolist() == [[-128, -1], [0, 127]]


def test_unused_high_bits_are_ignored(show):
    # 0xF is an overlay's or a careless writer's
    image = show(np.array([[0xF001, 0x0FFF]], dtype=np.uint16), BitsStored=12, HighBit=11)
    assert image.values[0].tolist() == [[1, 4095]]
    assert image.set.bits_stored == 12


def test_the_sign_is_in_the_highest_stored_bit(show):
    stored = np.array([[0x0FFF, 0x0800, 0x07FF]], dtype=np.uint16)
    image = show(stored, BitsStored=12, HighBit=11, PixelRepresentation=1)
    assert image.values[0].tolist() == [[-1, -2048, 2047]]


def test_values_that_stand_in_the_upper_bits_come_down(show):
    image = show(np.array([[0x1235, 0xFFF0]], dtype=np.uint16), BitsStored=12, HighBit=15)
    assert image.values[0].tolist() == [[0x123, 0xFFF]]


def test_thirty_two_bits_become_floats(show):
    image = show(np.array([[0, 2**31]], dtype=np.uint32))
    assert image.set.dtype == "float32"
    assert image.values[0].tolist() == [[0.0, 2.0**31]]


def test_float_pixels(show):
    image = show(np.array([[0.25, -1.5]], dtype=np.float32), keyword="FloatPixelData", BitsStored=None)
    assert image.set.dtype == "float32"
    assert image.values[0].tolist() == [[0.25, -1.5]]


def test_what_is_no_number_becomes_the_lowest_number(show):
    stored = np.array([[np.nan, -2.0], [np.inf, 1e300]])
    image = show(stored, keyword="DoubleFloatPixelData", BitsStored=None)
    np.testing.assert_array_equal(
        image.values[0], np.array([[-2.0, -2.0], [-2.0, np.finfo(np.float32).max]], np.float32)
    )
    assert np.isfinite(image.set.maximum)


def test_single_bits_run_over_the_ends_of_frames(show):
    # three frames of 3 × 3: 27 bits, lowest bit of each byte first
    frames = np.array([[1, 0, 1, 0, 1, 0, 1, 0, 1], [0] * 9, [1] * 9])
    packed = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    image = show(packed, Rows=3, Columns=3, NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0)
    assert [frame.reshape(-1).tolist() for frame in image.values] == frames.tolist()


def test_bytes_that_were_swapped_in_words(show):
    # 8 bits as OW in big endian: each pair is turned round, also where a frame ends within a pair
    frames = np.arange(1, 19, dtype=np.uint8)
    swapped = frames.view("<u2").astype(">u2").tobytes()
    image = show(swapped, syntax=ExplicitVRBigEndian, vr="OW", Rows=3, Columns=3, NumberOfFrames=2)
    assert np.concatenate(image.values).reshape(-1).tolist() == frames.tolist()


def test_frames_of_odd_length_follow_each_other(show):
    image = show(bytes(range(27)), Rows=3, Columns=3, NumberOfFrames=3)
    assert [int(frame[0, 0]) for frame in image.values] == [0, 9, 18]
    assert image.set.files == ("0001.raw", "0002.raw", "0003.raw")


@pytest.mark.parametrize("planar", [0, 1])
def test_colours_by_pixel_or_by_plane(show, planar):
    pixels = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 8, 7]]], dtype=np.uint8)
    stored = pixels if planar == 0 else np.ascontiguousarray(np.moveaxis(pixels, -1, 0))
    image = show(
        stored.tobytes(),
        Rows=2,
        Columns=2,
        SamplesPerPixel=3,
        PhotometricInterpretation="RGB",
        PlanarConfiguration=planar,
    )
    np.testing.assert_array_equal(image.values[0], pixels)


def test_too_few_bytes_are_refused(write, decoded):
    path = write(b"\0" * 10, Rows=4, Columns=4)
    with pytest.raises(Refusal) as refused:
        decoded(path)
    assert refused.value.code == "pixel_length_mismatch"
    assert refused.value.detail == {"found": 10, "expected": 16}


def test_a_file_that_ends_early_is_refused(write, decoded):
    path = write(np.zeros((16, 16), np.uint16))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Refusal) as refused:
        decoded(path)
    assert refused.value.code == "truncated"


@pytest.mark.parametrize(
    ("code", "attributes"),
    [
        ("missing_pixel_description", {"Rows": None}),
        ("missing_pixel_description", {"Rows": 0}),
        ("missing_pixel_description", {"SamplesPerPixel": 4}),
        ("missing_pixel_description", {"SamplesPerPixel": 3}),
        ("missing_pixel_description", {"PhotometricInterpretation": "HSV"}),
        ("missing_pixel_description", {"BitsAllocated": 12}),
        ("too_many_frames", {"NumberOfFrames": 2_000_000_000}),
        ("too_many_pixels", {"Rows": 65_535, "Columns": 65_535}),
        ("too_many_pixels", {"Rows": 10_000, "Columns": 10_000, "NumberOfFrames": 30}),
    ],
)
def test_upl_04_sizes_are_refused_before_anything_is_decoded(write, decoded, code, attributes):
    path = write(b"\0" * 16, **{"Rows": 4, "Columns": 4, **attributes})
    with pytest.raises(Refusal) as refused:
        decoded(path)
    assert refused.value.code == code
