"""Colour spaces and palettes, against values computed by hand from PS3.3 C.7.6.3.1 and C.7.9.2."""

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian

from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.lookup import expand_segments

YBR = {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL", "PlanarConfiguration": 0}


def test_full_range_luma_and_chroma(show):
    # red, green, blue by the standard's equations: Y = .299 R + .587 G + .114 B, ...
    pixels = np.array([[[76, 85, 255], [150, 44, 21]], [[29, 255, 107], [128, 128, 128]]], dtype=np.uint8)
    image = show(pixels, **YBR)
    # (76 + 1.402 × 127, 76 - .344136 × -43 - .714136 × 127, 76 + 1.772 × -43) and so on
    assert image.values[0].tolist() == [[[254, 0, 0], [0, 255, 1]], [[0, 0, 254], [128, 128, 128]]]
    assert (image.set.photometric, image.set.samples) == ("RGB", 3)


def test_chroma_shared_by_two_pixels(show):
    # Y Y Cb Cr: two greys, then two of one colour
    stored = bytes([10, 200, 128, 128, 76, 76, 85, 255])
    image = show(stored, Rows=2, Columns=2, **{**YBR, "PhotometricInterpretation": "YBR_FULL_422"})
    assert image.values[0].tolist() == [[[10, 10, 10], [200, 200, 200]], [[254, 0, 0], [254, 0, 0]]]


def test_all_samples_there_although_the_header_halves_them(show):
    stored = bytes([76, 85, 255] * 4)
    image = show(stored, Rows=2, Columns=2, **{**YBR, "PhotometricInterpretation": "YBR_FULL_422"})
    assert image.values[0].tolist() == [[[254, 0, 0]] * 2] * 2


def test_partial_range(show):
    stored = bytes([16, 16, 128, 128, 235, 235, 128, 128])
    image = show(stored, Rows=2, Columns=2, **{**YBR, "PhotometricInterpretation": "YBR_PARTIAL_422"})
    assert image.values[0].tolist() == [[[0, 0, 0]] * 2, [[255, 255, 255]] * 2]


def test_deep_colours_keep_their_upper_bits(show):
    pixels = np.array([[[0xFFFF, 0x8000, 0x00FF]]] * 2, dtype=np.uint16)
    assert show(pixels).values[0].tolist() == [[[255, 128, 0]]] * 2


def test_shallow_colours_fill_the_range(show):
    pixels = np.array([[[31, 15, 0]]] * 2, dtype=np.uint8)
    assert show(pixels, BitsStored=5, HighBit=4).values[0].tolist() == [[[255, 123, 0]]] * 2


def palette(first: int, bits: int, *tables: bytes, segmented: bool = False, count: int = 4, **more) -> dict:
    """The attributes of a palette colour image."""
    described = {"PhotometricInterpretation": "PALETTE COLOR", **more}
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        described[f"{name}PaletteColorLookupTableDescriptor"] = [count, first, bits]
        described[f"{'Segmented' if segmented else ''}{name}PaletteColorLookupTableData"] = table
    return described


def words(*values: int, order: str = "<") -> bytes:
    return np.array(values, dtype=f"{order}u2").tobytes()


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_palette_of_sixteen_bits(show, order):
    tables = (words(0x0000, 0x1100, 0x2200, 0xFF00, order=order),) * 2 + (words(0xFF00, 0, 0, 0x0100, order=order),)
    syntax = {"syntax": ExplicitVRBigEndian} if order == ">" else {}
    image = show(np.array([[0, 1], [2, 3]], np.uint8), **palette(0, 16, *tables), **syntax)
    assert image.values[0].tolist() == [[[0, 0, 255], [17, 17, 0]], [[34, 34, 0], [255, 255, 1]]]


def test_a_palette_begins_at_its_first_value_and_clamps(show):
    tables = (words(1000, 2000, 3000, 65_280),) * 3
    image = show(np.array([[0, 10], [11, 12], [13, 200]], np.uint8), **palette(10, 16, *tables))
    assert image.values[0][..., 0].tolist() == [[3, 3], [7, 11], [255, 255]]


def test_a_palette_of_eight_bits_packs_two_in_a_word(show):
    image = show(np.array([[0, 1], [2, 3]], np.uint8), **palette(0, 8, bytes([5, 6, 7, 8]), bytes(4), bytes([9] * 4)))
    assert image.values[0].tolist() == [[[5, 0, 9], [6, 0, 9]], [[7, 0, 9], [8, 0, 9]]]


def test_a_palette_that_says_sixteen_bits_and_holds_eight(show):
    image = show(np.array([[0, 1], [2, 3]], np.uint8), **palette(0, 16, *[words(0, 100, 200, 255)] * 3))
    assert image.values[0][..., 1].tolist() == [[0, 100], [200, 255]]


def test_a_signed_palette_image(show):
    image = show(np.array([[-2, -1], [0, 1]], np.int16), **palette(-2, 16, *[words(256, 512, 768, 1024)] * 3))
    assert image.values[0][..., 2].tolist() == [[1, 2], [3, 4]]


def test_a_segmented_palette(show):
    # one entry of 0x1000, then three in a line up to 0x4000
    table = words(0, 1, 0x1000, 1, 3, 0x4000)
    image = show(np.array([[0, 1], [2, 3]], np.uint8), **palette(0, 16, *[table] * 3, segmented=True))
    assert image.values[0][..., 0].tolist() == [[0x10, 0x20], [0x30, 0x40]]


def test_segments_repeated_by_reference():
    # discrete 1 2, linear to 8 in three, then both again from byte 0
    data = [0, 2, 1, 2, 1, 3, 8, 2, 2, 0, 0]
    assert expand_segments(data, wide=True).tolist() == [1, 2, 4, 6, 8, 1, 2, 4, 6, 8]


@pytest.mark.parametrize("data", [[1, 4, 9], [7, 1, 1], [0, 1, 5, 2, 1]])
def test_segments_that_do_not_hold_together(data):
    with pytest.raises(Refusal) as refused:
        expand_segments(data, wide=True)
    assert refused.value.code == "missing_pixel_description"


def test_a_missing_palette_is_refused(write, decoded):
    path = write(np.zeros((2, 2), np.uint8), PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(Refusal) as refused:
        decoded(path)
    assert refused.value.code == "missing_pixel_description"
