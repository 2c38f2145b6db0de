"""PNG, JPEG and TIFF pictures of every kind that people send."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ml.dicom.outcomes import Refusal
from ml.dicom.pixels import picture

GREY = np.random.default_rng(0).integers(0, 256, (20, 30), dtype=np.uint8)


@pytest.fixture
def see(tmp_path, decoded):
    def seen(image: Image.Image, kind: str = "PNG", **options):
        path = tmp_path / f"picture.{kind}"
        image.save(path, format=kind, **options)
        return decoded(path)

    return seen


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey(see, kind):
    image = see(Image.fromarray(GREY), kind)
    assert (image.set.samples, image.set.dtype, image.set.photometric) == (1, "uint8", "MONOCHROME2")
    np.testing.assert_array_equal(image.values[0], GREY)
    assert (image.folder / image.set.thumbnail).exists()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_kept(see, kind):
    deep = GREY.astype(np.uint16) * 257
    image = see(Image.fromarray(deep), kind)
    assert image.set.dtype == "uint16"
    np.testing.assert_array_equal(image.values[0], deep)


def test_single_bits(see):
    image = see(Image.fromarray(GREY > 127))
    np.testing.assert_array_equal(image.values[0], np.where(GREY > 127, 255, 0))


def test_jpeg_colours(see):
    image = see(Image.new("RGB", (16, 16), (200, 100, 50)), "JPEG", quality=95)
    assert (image.set.samples, image.set.photometric) == (3, "RGB")
    np.testing.assert_allclose(image.values[0].reshape(-1, 3).mean(axis=0), (200, 100, 50), atol=2)


def test_a_photograph_is_turned_upright(see):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned to the right
    image = see(Image.fromarray(GREY), "JPEG", quality=100, exif=exif)
    assert (image.set.rows, image.set.columns) == (30, 20)
    np.testing.assert_allclose(image.values[0].astype(int), np.rot90(GREY, -1), atol=8)


def test_cmyk_becomes_rgb(see):
    image = see(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "TIFF")
    assert image.values[0][0, 0].tolist() == [255, 0, 0]


def test_transparent_parts_are_black(see):
    pixels = np.full((4, 4, 4), 200, np.uint8)
    pixels[..., 3] = 255
    pixels[0, :, 3] = 0
    image = see(Image.fromarray(pixels, "RGBA"))
    assert image.values[0][0, 0].tolist() == [0, 0, 0]
    assert image.values[0][1, 0].tolist() == [200, 200, 200]


def test_transparent_grey_stays_grey(see):
    pixels = np.dstack([GREY, np.where(GREY > 100, 255, 0).astype(np.uint8)])
    image = see(Image.fromarray(pixels, "LA"))
    assert image.set.samples == 1
    np.testing.assert_array_equal(image.values[0], np.where(GREY > 100, GREY, 0))


def test_a_palette_of_colours(see):
    indexed = Image.new("P", (4, 4), 1)
    indexed.putpalette([0, 0, 0, 10, 20, 30])
    assert see(indexed).values[0][2, 2].tolist() == [10, 20, 30]


def test_pages_become_frames_and_odd_ones_are_left_out(see):
    pages = [Image.fromarray(GREY), Image.fromarray(GREY[:5, :5]), Image.fromarray(255 - GREY)]
    image = see(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert image.set.frames == 2
    np.testing.assert_array_equal(image.values[1], 255 - GREY)


def test_white_is_zero(see):
    deep = see(Image.fromarray(GREY.astype(np.uint16)), "TIFF", tiffinfo={262: 0})
    assert deep.set.photometric == "MONOCHROME1"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_damaged_pictures_are_not_shown_in_part(tmp_path, decoded, kind):
    out = BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (200, 200), dtype=np.uint8)).save(out, format=kind)
    path = tmp_path / "half"
    path.write_bytes(out.getvalue()[: len(out.getvalue()) // 2])
    with pytest.raises((OSError, SyntaxError, ValueError)):
        decoded(path)


def test_too_large_pictures_are_refused_undecoded(see, monkeypatch):
    monkeypatch.setattr(picture, "MAX_FRAME_BYTES", 100)
    with pytest.raises(Refusal) as refused:
        see(Image.fromarray(GREY))
    assert refused.value.code == "picture_too_large"
