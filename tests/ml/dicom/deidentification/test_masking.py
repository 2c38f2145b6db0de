"""Masked is gone: from the file and from the frames, and nothing else with it."""

import numpy as np
import pytest
from PIL import Image

from ml.dicom.deidentification import NotMasked, Region, mask_regions, rewrite_picture
from ml.dicom.deidentification.masking import same_outside
from ml.dicom.deidentification.text_search import find_writing, is_telling
from ml.dicom.frames import FrameSet
from ml.dicom.inspection import inspect
from ml.dicom.rendering import load_frame
from tests.ml.dicom.deidentification.conftest import as_file, cleaned, read

BANNER = Region(0, 0, 1023, 24)


def _decoded(data: bytes, folder):
    folder.mkdir()
    (folder / "file").write_bytes(data)
    inspection = inspect(folder / "file", modality=None, decode_into=folder)
    assert inspection.frames is not None, inspection.message
    return inspection.frames


def _masked(data: bytes, regions, tmp_path) -> tuple[bytes, FrameSet, list[np.ndarray], FrameSet, list[np.ndarray]]:
    frames = _decoded(data, tmp_path / "before")
    before = [load_frame(tmp_path / "before", frames, index).copy() for index in range(frames.frames)]
    after_data = mask_regions(data, regions, folder=tmp_path / "before", frames=frames)
    after_frames = _decoded(after_data, tmp_path / "after")
    after = [load_frame(tmp_path / "after", after_frames, index) for index in range(after_frames.frames)]
    return after_data, frames, before, after_frames, after


@pytest.mark.parametrize(
    "name",
    [
        "dicom-phi-deid/ultrasounds/GREYSCALE_IMAGE.dcm",
        "dicom-phi-deid/ultrasounds/RGB_IMAGE.dcm",
        "dicom-pydicom/pydicom/examples_palette.dcm",
        "dicom-pydicom/pydicom/examples_ybr_color.dcm",
        "dicom-pydicom/pydicom/examples_jpeg2k.dcm",
        "dicom-pydicom/pydicom/CT_small.dcm",
        "dicom-pydicom/pydicom/MR_small_bigendian.dcm",
        "dicom-pydicom/pydicom/MR_small_RLE.dcm",
        "dicom-mg-wg04/RG3_JPLL.dcm",
    ],
)
def test_regions_are_blank_on_every_frame_and_the_rest_is_untouched(shared, tmp_path, name):
    region = Region(5, 3, 60, 60)
    data, frames, before, after_frames, after = _masked(cleaned(shared(name)).data, [region], tmp_path)
    assert len(after) == len(before) == frames.frames
    for old, new in zip(before, after, strict=True):
        assert same_outside(old, new, [region])
    assert any((old != new).any() for old, new in zip(before, after, strict=True))
    assert (after_frames.slope, after_frames.intercept) == (frames.slope, frames.intercept)
    ds = read(data)
    assert ds.BurnedInAnnotation == "NO"
    assert "113101" in {item.CodeValue for item in ds.DeidentificationMethodCodeSequence}
    assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"


def test_deid_08_the_patients_name_is_gone_from_the_masked_banner(shared, tmp_path):
    data = cleaned(shared("dicom-phi-deid/ultrasounds/GREYSCALE_IMAGE.dcm")).data
    _, _, before, _, after = _masked(data, [BANNER], tmp_path)
    assert is_telling(find_writing(before[0][:25]))
    assert not is_telling(find_writing(after[0][:25]))


def test_black_is_white_in_monochrome1(image, tmp_path):
    image.PhotometricInterpretation = "MONOCHROME1"
    _, frames, _, _, after = _masked(as_file(image), [Region(0, 0, 3, 3)], tmp_path)
    assert (after[0][:4, :4] == frames.maximum).all()


def test_rectangles_may_be_drawn_from_any_corner_and_over_the_edge(image, tmp_path):
    _, _, before, _, after = _masked(as_file(image), [Region(30, 99, 20, 10)], tmp_path)
    assert (after[0][10:, 20:] == before[0].min()).all()
    assert (after[0][:10] == before[0][:10]).all()


def test_a_rectangle_beside_the_picture_or_none_is_an_error(image, tmp_path):
    frames = _decoded(as_file(image), tmp_path / "before")
    with pytest.raises(ValueError, match="outside"):
        mask_regions(as_file(image), [Region(100, 100, 120, 120)], folder=tmp_path / "before", frames=frames)
    with pytest.raises(ValueError, match="no region"):
        mask_regions(as_file(image), [], folder=tmp_path / "before", frames=frames)


def test_values_that_would_not_survive_are_not_masked(image, tmp_path):
    from dataclasses import replace

    frames = replace(_decoded(as_file(image), tmp_path / "before"), dtype="float32")
    with pytest.raises(NotMasked):
        mask_regions(as_file(image), [Region(0, 0, 3, 3)], folder=tmp_path / "before", frames=frames)


def test_the_comparison_sees_a_single_changed_pixel():
    before = np.arange(100, dtype=np.uint8).reshape(10, 10)
    masked = before.copy()
    masked[2:4, 2:4] = 0
    assert same_outside(before, masked, [Region(2, 2, 3, 3)])
    masked[9, 9] += 1
    assert not same_outside(before, masked, [Region(2, 2, 3, 3)])
    assert not same_outside(before, before, [Region(2, 2, 3, 3)])


@pytest.mark.parametrize("format_name", ["PNG", "JPEG", "TIFF"])
def test_deid_02_a_picture_is_written_anew_from_its_pixels_alone(tmp_path, format_name):
    from PIL.PngImagePlugin import PngInfo

    pixels = np.arange(40 * 30, dtype=np.uint8).reshape(30, 40)
    path = tmp_path / "in"
    exif = Image.Exif()
    exif[0x010E], exif[0x013B] = "PLANTED description", "PLANTED artist"
    extra = {}
    if format_name == "PNG":
        extra["pnginfo"] = PngInfo()
        extra["pnginfo"].add_text("Comment", "PLANTED comment")
    Image.fromarray(pixels).save(path, format=format_name, exif=exif, **extra)
    data = path.read_bytes() + b"PLANTED at the end"
    assert b"PLANTED" in data
    frames = _decoded(data, tmp_path / "before")
    rewritten = rewrite_picture(tmp_path / "before", frames)
    assert b"PLANTED" not in rewritten
    again = _decoded(rewritten, tmp_path / "after")
    assert np.array_equal(load_frame(tmp_path / "after", again, 0), load_frame(tmp_path / "before", frames, 0))


def test_pictures_of_16_bits_and_of_several_pages_stay_so(tmp_path):
    deep = np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    Image.fromarray(deep).save(tmp_path / "deep.png")
    frames = _decoded((tmp_path / "deep.png").read_bytes(), tmp_path / "deep")
    (tmp_path / "deep2").mkdir()
    (tmp_path / "deep2" / "f").write_bytes(rewrite_picture(tmp_path / "deep", frames))
    assert np.array_equal(np.asarray(Image.open(tmp_path / "deep2" / "f")), deep)
    pages = [Image.fromarray(np.full((20, 30), value, np.uint8)) for value in (1, 2, 3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    frames = _decoded((tmp_path / "pages.tif").read_bytes(), tmp_path / "pages")
    again = _decoded(rewrite_picture(tmp_path / "pages", frames), tmp_path / "pages2")
    assert again.frames == 3
