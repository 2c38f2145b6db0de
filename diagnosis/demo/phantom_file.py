"""A drawn picture as a DICOM file that says in every header that it is a phantom."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

_ROOT = "2.25.3148520931758294"


def phantom_file(
    pixels: NDArray[Any], *, sop_class: str, study: int, series: int, instance: int, bits: int, **attributes: Any
) -> bytes:
    """The file; equal arguments make equal bytes.

    Args:
        pixels: (rows, columns), uint8 or uint16.
        sop_class: SOP Class UID.
        study: numbers the study, and with it the phantom; `series` and `instance` number what is below it.
        series: Series Number.
        instance: Instance Number.
        bits: bits stored in each pixel.
        attributes: more, by keyword.
    """
    ds = pydicom.Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"{_ROOT}.{study}", f"{_ROOT}.{study}.{series}"
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = UID(f"{_ROOT}.{study}.{series}.{instance}")
    ds.PatientID, ds.PatientSex = f"PHANTOM-{study}", "O"
    ds.PatientIdentityRemoved, ds.BurnedInAnnotation = "YES", "NO"
    ds.SeriesNumber, ds.InstanceNumber = series, instance
    ds.BodyPartExamined, ds.Manufacturer = "BREAST", "Lobule demo"
    ds.ImageType = ["DERIVED", "PRIMARY"]
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8 * pixels.dtype.itemsize, bits, bits - 1
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    ds.PixelData = np.ascontiguousarray(pixels).tobytes()
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()
