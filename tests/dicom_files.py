"""Small real DICOM files, pictures and archives for the tests, made with pydicom, Pillow and zipfile."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    ComprehensiveSRStorage,
    DigitalMammographyXRayImageStorageForPresentation,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    UltrasoundImageStorage,
    generate_uid,
)

SHARED = Path(__file__).parents[2] / "shared" / "data"
SOP_CLASSES = {"US": UltrasoundImageStorage, "MG": DigitalMammographyXRayImageStorageForPresentation}
HOSTILE = "<script>alert('x')</script>"


def new_uid() -> str:
    """A UID that nothing else has."""
    return str(generate_uid())


def dicom_image(
    *,
    modality: str = "US",
    rows: int = 48,
    columns: int = 64,
    seed: int = 0,
    patient_id: str = "P-1",
    patient_name: str = "Doe^Jane",
    study: str | None = None,
    series: str | None = None,
    uid: str | None = None,
    **attributes: Any,
) -> bytes:
    """One 8-bit grey image; equal arguments with the three UIDs given make equal bytes.

    Args:
        modality: US or MG.
        rows: height in pixels.
        columns: width in pixels.
        seed: of the speckle in it.
        patient_id: Patient ID; empty for none.
        patient_name: in DICOM's form.
        study: Study Instance UID; a new one unless given.
        series: Series Instance UID; a new one unless given.
        uid: SOP Instance UID; a new one unless given.
        attributes: more attributes by keyword; None leaves one out.
    """
    ds = _dataset(SOP_CLASSES[modality], uid or new_uid())
    ds.PatientID, ds.PatientName, ds.PatientBirthDate, ds.PatientSex = patient_id, patient_name, "19600101", "F"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study or new_uid(), series or new_uid()
    ds.StudyDate, ds.StudyTime, ds.StudyDescription, ds.StudyID = "20260102", "101500", "Breast, both sides", "1"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber, ds.BodyPartExamined = modality, 1, 1, "BREAST"
    ds.Rows, ds.Columns, ds.SamplesPerPixel = rows, columns, 1
    ds.PhotometricInterpretation, ds.PixelRepresentation = "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = speckle(rows, columns, seed).tobytes() + b"\0" * (rows * columns % 2)
    for keyword, value in attributes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return written(ds)


def speckle(rows: int, columns: int, seed: int) -> np.ndarray:
    """Something that looks a little like ultrasound, (rows, columns) uint8."""
    values = np.random.default_rng(seed).rayleigh(scale=50.0, size=(rows, columns))
    return np.clip(values, 0, 255).astype(np.uint8)


def structured_report(*, study: str | None = None, patient_id: str = "P-1", patient_name: str = "Doe^Jane") -> bytes:
    """A report without pixels."""
    ds = _dataset(ComprehensiveSRStorage, new_uid())
    ds.PatientID, ds.PatientName = patient_id, patient_name
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study or new_uid(), new_uid()
    ds.StudyDate, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "20260102", "SR", 9, 1
    ds.ValueType, ds.ContinuityOfContent = "CONTAINER", "SEPARATE"
    return written(ds)


def encapsulated_pdf(*, study: str | None = None, patient_id: str = "P-1", patient_name: str = "Doe^Jane") -> bytes:
    """A PDF inside DICOM."""
    ds = _dataset(EncapsulatedPDFStorage, new_uid())
    ds.PatientID, ds.PatientName = patient_id, patient_name
    ds.StudyInstanceUID, ds.SeriesInstanceUID = study or new_uid(), new_uid()
    ds.StudyDate, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "20260102", "DOC", 8, 1
    ds.MIMETypeOfEncapsulatedDocument, ds.EncapsulatedDocument = "application/pdf", b"%PDF-1.4 \n"
    return written(ds)


def dicomdir(files: Mapping[str, str]) -> bytes:
    """A DICOMDIR that lists files: path inside the disc, with slashes, to SOP Instance UID."""
    ds = _dataset(MediaStorageDirectoryStorage, new_uid())
    ds.FileSetID = "TEST"
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    ds.FileSetConsistencyFlag = 0
    ds.DirectoryRecordSequence = Sequence([_image_record(path, uid) for path, uid in files.items()])
    return written(ds)


def picture(kind: str = "PNG", *, rows: int = 48, columns: int = 64, seed: int = 0) -> bytes:
    """A grey picture as PNG, JPEG or TIFF."""
    out = io.BytesIO()
    Image.fromarray(speckle(rows, columns, seed)).save(out, format=kind)
    return out.getvalue()


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """A zip archive of these members, in this order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def written(ds: Dataset) -> bytes:
    """The data set as a DICOM file with preamble and file meta, explicit little endian."""
    out = io.BytesIO()
    dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def _dataset(sop_class: str, uid: str) -> Dataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, uid
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.file_meta = meta
    ds.SpecificCharacterSet = "ISO_IR 192"
    if sop_class != MediaStorageDirectoryStorage:
        ds.SOPClassUID, ds.SOPInstanceUID = sop_class, uid
    return ds


def _image_record(path: str, uid: str) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord, record.RecordInUseFlag = 0, 0xFFFF
    record.OffsetOfReferencedLowerLevelDirectoryEntity, record.DirectoryRecordType = 0, "IMAGE"
    record.ReferencedFileID = path.split("/")
    record.ReferencedSOPClassUIDInFile, record.ReferencedSOPInstanceUIDInFile = UltrasoundImageStorage, uid
    record.ReferencedTransferSyntaxUIDInFile = ExplicitVRLittleEndian
    return record
