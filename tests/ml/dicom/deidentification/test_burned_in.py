"""Writing in the pixels: pictures that may hold some wait for a person, planted writing always."""

import zipfile

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ml.dicom.deidentification import pixels_reason
from ml.dicom.deidentification.burned_in import FLAGGED, RECOGNISABLE, UNSAID
from ml.dicom.deidentification.looking import MOST_FRAMES
from ml.dicom.deidentification.text_search import find_writing, is_telling
from ml.dicom.inspection import inspect
from tests.ml.dicom.deidentification.conftest import as_file, cleaned, read

ULTRASOUND, SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.7"


def test_deid_07_a_picture_that_says_that_text_is_burned_in_waits(image):
    image.BurnedInAnnotation = "YES"
    assert cleaned(image).quarantine == FLAGGED
    image.BurnedInAnnotation = "NO"
    image.RecognizableVisualFeatures = "YES"
    assert cleaned(image).quarantine == RECOGNISABLE


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("SOPClassUID", SECONDARY_CAPTURE),
        ("SOPClassUID", SECONDARY_CAPTURE + ".2"),
        ("SOPClassUID", ULTRASOUND),
        ("Modality", "US"),
        ("Modality", "OT"),
        ("ConversionType", "DF"),
        ("ConversionType", "SD"),
        ("ConversionType", "WSD"),
        ("ImageType", ["DERIVED", "SECONDARY", "SCREEN SAVE"]),
    ],
)
@pytest.mark.parametrize("said", [None, "", "UNKNOWN", ["NO", "YES"]])
def test_deid_07_ultrasound_captures_and_scans_wait_unless_they_say_no(image, keyword, value, said):
    setattr(image, keyword, value)
    assert cleaned(image).quarantine == ""
    if said is None:
        del image.BurnedInAnnotation
    else:
        image.BurnedInAnnotation = said
    assert cleaned(image).quarantine == UNSAID


def test_deid_07_a_mammogram_that_says_nothing_does_not_wait(image):
    del image.BurnedInAnnotation
    assert cleaned(image).quarantine == ""


@pytest.mark.parametrize(
    "name",
    ["ultrasounds/GREYSCALE_IMAGE.dcm", "ultrasounds/RGB_IMAGE.dcm", "humans/ctbrain1.dcm", "dicom-cookies/image1.dcm"],
)
def test_deid_07_real_pictures_with_test_patients_wait(shared, name):
    assert cleaned(shared(f"dicom-phi-deid/{name}")).quarantine


def _tissue(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Speckle on a slow gradient, as ultrasound has it, from 20 to 150."""
    noise = np.random.default_rng(seed).rayleigh(1.0, shape)
    smooth = (noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 0) + np.roll(noise, 2, 1)) / 4
    depth = np.linspace(1.0, 0.35, shape[0])[:, None]
    return np.clip(20 + 60 * smooth * depth, 0, 150).astype(np.uint8)


def _written(pixels: np.ndarray, text: str, *, at: tuple[int, int], size: int, value: int) -> np.ndarray:
    picture = Image.fromarray(pixels)
    ImageDraw.Draw(picture).text(at, text, fill=value, font=ImageFont.load_default(size))
    return np.asarray(picture)


def _background(kind: str) -> np.ndarray:
    pixels = _tissue((360, 500))
    if kind == "light":
        return 255 - pixels
    if kind == "banner":
        pixels[100:160] = 0
    return pixels


@pytest.mark.parametrize("kind", ["tissue", "light", "banner"])
def test_deid_08_speckle_alone_is_not_taken_for_writing(kind):
    assert not is_telling(find_writing(_background(kind)))


@pytest.mark.parametrize(
    ("text", "at", "size", "value", "kind"),
    [
        ("DOE^JANE", (4, 2), 16, 255, "tissue"),
        ("MRN 7788991", (90, 150), 24, 255, "tissue"),
        ("Smith, Mary 12/03/1960", (30, 310), 28, 230, "tissue"),
        ("00079241539", (300, 60), 20, 230, "tissue"),
        ("jane planted", (200, 260), 18, 0, "light"),
        ("DOE^JANE", (90, 20), 28, 0, "light"),
        ("MRN 7788991", (300, 110), 16, 140, "banner"),
        ("Smith, Mary 12/03/1960", (10, 115), 24, 140, "banner"),
    ],
)
def test_deid_08_planted_writing_is_seen_where_it_is(text, at, size, value, kind):
    found = find_writing(_written(_background(kind), text, at=at, size=size, value=value))
    there = tuple(row for row in found if row.x1 >= at[0] and at[1] <= (row.y0 + row.y1) / 2 <= at[1] + 1.4 * size)
    assert is_telling(there)


@pytest.mark.parametrize("size", [10, 11, 12])
@pytest.mark.parametrize(
    ("text", "at", "value", "kind"),
    [
        ("DOE^JANE 19510829", (40, 120), 60, "banner"),  # less bright than the tissue around its band
        ("Smith, Mary 12/03/1960", (40, 120), 90, "banner"),
        ("DOE^JANE 19510829", (330, 20), 45, "film"),
        ("Smith, Mary 12/03/1960", (330, 300), 60, "film"),
    ],
)
def test_deid_08_small_and_faint_writing_is_seen_beside_what_outshines_it(size, text, at, value, kind):
    if kind == "film":
        pixels = np.zeros((360, 500), np.uint8)
        pixels[:, :250] = _tissue((360, 250)) // 2 + 90
        pixels[:, 250:] = np.random.default_rng(1).integers(0, 8, (360, 250))
    else:
        pixels = _background(kind)
    assert not is_telling(find_writing(pixels))
    assert is_telling(find_writing(_written(pixels, text, at=at, size=size, value=value)))


def test_deid_08_a_real_screen_of_a_scanner_is_seen_to_have_writing(shared):
    from io import BytesIO

    from pydicom import dcmread

    frames = dcmread(BytesIO(shared("dicom-pydicom/pydicom/examples_ybr_color.dcm"))).pixel_array
    assert is_telling(find_writing(frames[0]))


def test_deid_08_writing_is_seen_upright_standing_coloured_and_in_16_bits():
    tissue = _tissue((400, 600))
    written = _written(tissue, "MRN 7788991", at=(60, 80), size=18, value=255)
    assert is_telling(find_writing(np.rot90(written)))
    assert is_telling(find_writing(written.astype(np.uint16) * 16))
    assert is_telling(find_writing(written.astype(np.int16) - 1000))
    assert is_telling(find_writing(written.astype(np.float32) / 7))
    coloured = np.stack([tissue, np.maximum(written, tissue), tissue], axis=2)
    assert is_telling(find_writing(coloured))


def test_deid_08_a_large_mammogram_is_looked_through(shared):
    pixels = np.full((4600, 3000), 400, dtype=np.uint16)
    pixels[:, :1500] += np.random.default_rng(0).integers(0, 900, (4600, 1500)).astype(np.uint16)
    plain = find_writing(pixels)
    assert not is_telling(plain)
    written = _written(np.zeros((4600, 3000), np.uint8), "DOE^JANE 1951", at=(1800, 200), size=60, value=255)
    pixels[written > 128] = 4095
    (row, *_) = find_writing(pixels)
    assert 1790 <= row.x0 < row.x1 <= 2400
    assert 190 <= row.y0 < row.y1 <= 290


def test_deid_08_side_marks_are_let_through():
    mammogram = np.zeros((400, 300), np.uint8)
    mammogram[:, :150] = 120
    assert not is_telling(find_writing(_written(mammogram, "R CC", at=(180, 20), size=30, value=255)))
    assert find_writing(np.zeros((50, 50))) == ()


def test_deid_08_most_real_pictures_without_writing_are_let_through(shared):
    from io import BytesIO

    from pydicom import dcmread

    names = ["pydicom/CT_small.dcm", "pydicom/MR_small.dcm", "pydicom-data/RG3_J2KR.dcm", "pydicom-data/693_UNCI.dcm"]
    assert not [
        name
        for name in names
        if is_telling(find_writing(dcmread(BytesIO(shared(f"dicom-pydicom/{name}"))).pixel_array))
    ]


def _decoded(data: bytes, tmp_path):
    path, folder = tmp_path / "in.dcm", tmp_path / "frames"
    path.write_bytes(data)
    inspection = inspect(path, decode_into=folder)
    assert inspection.frames is not None, inspection.message
    return folder, inspection.frames


@pytest.mark.parametrize("name", ["GREYSCALE_IMAGE.dcm", "RGB_IMAGE.dcm"])
def test_deid_08_the_pixels_alone_tell_when_a_real_header_lies(shared, tmp_path, name):
    ds = read(shared(f"dicom-phi-deid/ultrasounds/{name}"))
    ds.BurnedInAnnotation = "NO"
    result = cleaned(as_file(ds))
    assert result.quarantine == ""
    assert "writing" in pixels_reason(*_decoded(result.data, tmp_path))


def test_deid_08_a_real_cine_loop_waits_by_its_pixels(shared, tmp_path):
    (tmp_path / "cine.zip").write_bytes(shared("dicom-phi-deid/ultrasounds/GREYSCALE_CINE.zip"))
    with zipfile.ZipFile(tmp_path / "cine.zip") as archive:
        data = archive.read(archive.namelist()[0])
    assert "writing" in pixels_reason(*_decoded(cleaned(data).data, tmp_path))


def test_deid_08_writing_in_any_one_frame_of_a_loop_is_seen(image, tmp_path):
    frames = [_tissue((120, 300), seed) for seed in range(9)]
    frames[6] = _written(frames[6], "DOE^JANE", at=(20, 40), size=18, value=255)
    image.Rows, image.Columns, image.NumberOfFrames = 120, 300, 9
    image.BitsAllocated, image.BitsStored, image.HighBit = 8, 8, 7
    image.PixelData = np.stack(frames).tobytes()
    assert "frame 7" in pixels_reason(*_decoded(as_file(image), tmp_path))
    image.PixelData = np.stack([frames[0]] * 9).tobytes()
    assert pixels_reason(*_decoded(as_file(image), tmp_path)) == ""


def test_deid_08_a_loop_too_long_to_be_looked_through_waits(image, tmp_path):
    count = MOST_FRAMES + 1
    image.Rows, image.Columns, image.NumberOfFrames = 8, 8, count
    image.BitsAllocated, image.BitsStored, image.HighBit = 8, 8, 7
    image.PixelData = bytes(64 * count)
    assert "more frames" in pixels_reason(*_decoded(as_file(image), tmp_path))
