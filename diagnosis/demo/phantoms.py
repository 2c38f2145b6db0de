"""Drawn stand-ins for a mammography study: four views of two breasts, for the demo's viewer.

Nobody's images: shapes and noise, labelled as a phantom in every header. They show how the four standard views are
hung, and nothing of how a model reads mammograms.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, DigitalMammographyXRayImageStorageForPresentation, ExplicitVRLittleEndian
from scipy.ndimage import gaussian_filter

ROWS, COLUMNS = 1400, 1050
SPACING_MM = 0.17
VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
_ROOT = "2.25.3148520931758294"


def mammography_phantom() -> Iterator[tuple[str, bytes]]:
    """A file name and the DICOM file of each of the four views; the same bytes each time."""
    for number, (laterality, view) in enumerate(VIEWS, start=1):
        yield f"phantom-{laterality}-{view}.dcm", _dicom(laterality, view, number)


def _breast(laterality: str, view: str, seed: int) -> NDArray[np.uint16]:
    """12-bit grey values, chest wall at the left edge for the left breast and at the right edge for the right."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    middle = ROWS * (0.52 if view == "CC" else 0.6)
    inside = (x / (0.74 * COLUMNS)) ** 2 + ((y - middle) / (0.43 * ROWS)) ** 2 < 1
    tissue = (
        gaussian_filter(rng.normal(size=(ROWS, COLUMNS)), 24) * 24
        + gaussian_filter(rng.normal(size=(ROWS, COLUMNS)), 5) * 3
    )
    glands = np.exp(-(((x - 0.34 * COLUMNS) / (0.24 * COLUMNS)) ** 2 + ((y - middle) / (0.24 * ROWS)) ** 2))
    image = np.where(inside, 1150 + 650 * glands + 170 * tissue * (0.35 + glands), 40.0)
    if view == "MLO":
        image = np.where(y < (0.62 * ROWS) * (1 - x / (0.42 * COLUMNS)), 2300 + 60 * tissue, image)
    image = gaussian_filter(image, 2) + rng.normal(0, 12, image.shape)
    clipped = np.clip(image, 0, 4095).astype(np.uint16)
    return clipped if laterality == "L" else clipped[:, ::-1]


def _dicom(laterality: str, view: str, number: int) -> bytes:
    ds = pydicom.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = DigitalMammographyXRayImageStorageForPresentation
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{_ROOT}.1", f"{_ROOT}.1.{number}"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(f"{_ROOT}.1.{number}.1")
    ds.PatientID, ds.PatientName, ds.PatientSex = "PHANTOM-1", "PHANTOM^MAMMOGRAPHY", "O"
    ds.PatientIdentityRemoved, ds.BurnedInAnnotation = "YES", "NO"
    ds.StudyDate, ds.StudyTime, ds.StudyDescription = "20260105", "091500", "Drawn mammography phantom"
    ds.SeriesNumber, ds.InstanceNumber = number, 1
    ds.SeriesDescription, ds.Modality, ds.BodyPartExamined = f"{laterality} {view}", "MG", "BREAST"
    ds.Manufacturer, ds.PresentationIntentType = "Lobule demo", "FOR PRESENTATION"
    ds.ImageLaterality, ds.ViewPosition = laterality, view
    towards = ("A", "R") if laterality == "L" else ("P", "L")
    ds.PatientOrientation = [towards[0], towards[1] if view == "CC" else "F"]
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.ImagerPixelSpacing = [SPACING_MM, SPACING_MM]
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = ROWS, COLUMNS, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 1500, 2600
    ds.PixelData = np.ascontiguousarray(_breast(laterality, view, number)).tobytes()
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()
