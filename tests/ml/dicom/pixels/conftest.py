"""Image files written for one test each, and what decoding them gives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from ml.dicom.frames import FrameSet
from ml.dicom.pixels.image_file import decode_file, prepare
from ml.dicom.rendering import load_frame

DATA = Path(__file__).parents[5] / "shared" / "data"
FOLDERS = ("dicom-pydicom", "dicom-mg-wg04", "dicom-phi-deid")


class Decoded:
    """A frame set with its frames in memory."""

    def __init__(self, frames: FrameSet, folder: Path) -> None:
        self.set = frames
        self.folder = folder
        self.values = [load_frame(folder, frames, index) for index in range(frames.frames)]


@pytest.fixture(autouse=True)
def _tolerant_reading() -> Iterator[None]:
    """As the decoding process is set up."""
    before = config.settings.reading_validation_mode
    prepare()
    yield
    config.settings.reading_validation_mode = before


@pytest.fixture
def write(tmp_path) -> Callable[..., Path]:
    """Writes an image: its pixels as an array, as bytes, or as a list of compressed frames; attributes by keyword."""

    def written(pixels: Any, *, syntax: str = ExplicitVRLittleEndian, **attributes: Any) -> Path:
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.SOPClassUID = SecondaryCaptureImageStorage
        described = _described(pixels) | attributes
        vr = described.pop("vr", None)
        keyword = described.pop("keyword", "PixelData")
        for name, value in described.items():
            if isinstance(value, DataElement):
                dataset.add(value)
            elif value is not None:
                setattr(dataset, name, value)
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        if isinstance(pixels, np.ndarray):
            pixels = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        if isinstance(pixels, list):
            pixels = encapsulate(pixels)
        setattr(dataset, keyword, pixels + b"\0" * (len(pixels) % 2))
        dataset[keyword].VR = vr or ("OB" if dataset.get("BitsAllocated", 8) <= 8 else "OW")
        if keyword != "PixelData":
            dataset[keyword].VR = "OF" if keyword == "FloatPixelData" else "OD"
        path = tmp_path / f"{generate_uid()}.dcm"
        dcmwrite(path, dataset, enforce_file_format=True, implicit_vr=False, little_endian=order == "<")
        return path

    return written


def _described(pixels: Any) -> dict[str, Any]:
    described = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "PixelRepresentation": 0}
    if isinstance(pixels, np.ndarray):
        bits = 8 * pixels.dtype.itemsize
        described |= {"Rows": pixels.shape[0], "Columns": pixels.shape[1], "BitsAllocated": bits}
        described |= {"BitsStored": bits, "HighBit": bits - 1, "PixelRepresentation": int(pixels.dtype.kind == "i")}
        if pixels.ndim == 3:
            described |= {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    else:
        described |= {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    return described


@pytest.fixture
def decoded(tmp_path) -> Callable[[Path], Decoded]:
    """Decodes a file here and now, without a process of its own."""

    def result(path: Path) -> Decoded:
        folder = tmp_path / f"frames-{path.name}"
        folder.mkdir(exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Decoded(decode_file(path, folder), folder)

    return result


@pytest.fixture
def show(write, decoded) -> Callable[..., Decoded]:
    """Writes an image and decodes it."""
    return lambda *arguments, **attributes: decoded(write(*arguments, **attributes))


@pytest.fixture
def real(decoded) -> Callable[[str], Decoded]:
    """Decodes a file of the shared collection by its name."""

    def result(name: str) -> Decoded:
        return decoded(real_path(name))

    return result


def real_path(name: str) -> Path:
    """Where a file of the shared collection lies."""
    if not DATA.is_dir():
        pytest.skip("the shared real DICOM files are not here")
    return next(path for folder in FOLDERS for path in sorted((DATA / folder).rglob(name)))


@pytest.fixture
def real_file() -> Callable[[str], Path]:
    """Finds a file of the shared collection by its name."""
    return real_path
