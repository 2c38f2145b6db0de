"""Pictures as DICOM Secondary Capture objects that say that they were synthesised.

PS3.3 C.12.1 (SOP Common): Synthetic Data (0008,001C) is YES where "some or all of the content was made artificially".
Patient Identity Removed (0012,0062) is not used: it claims that a patient's identity was removed, not that there is
none.
"""

from __future__ import annotations

import uuid
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element, write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from ml.packaging.description import SetDescription

# Namespace of all identifiers made here. They never change for a set: the same set gives the same files.
_NAMESPACE: Final = uuid.UUID("6c6f6275-6c65-5d00-8a00-70616b616765")
MANUFACTURER: Final = "Lobule"
_ENCODING: Final = ["utf8"]
_IMPLEMENTATION: Final = UID("2.25.276422134267371186476811686175066002633")


def uid(description: SetDescription, number: int, level: str) -> UID:
    """The UID of a picture's study, series or instance: 2.25 and a UUID (PS3.5 B.2) of its name."""
    name = f"{description.identifier}/{description.version}/{number}/{level}"
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, name).int}")


def patient_id(description: SetDescription, number: int) -> str:
    """The identity under which a picture arrives: one of its own, since no two belong to one person."""
    return f"{description.identifier}-{number:06d}"


class DicomWriter:
    """Makes a set's DICOM files: one grey picture of 8 bits each, uncompressed.

    Most of a file's elements are the same for all pictures of a class, so these are encoded once.
    """

    def __init__(self, description: SetDescription) -> None:
        self._description = description
        self._common: dict[tuple[str, tuple[int, ...]], dict[int, bytes]] = {}

    def file(self, pixels: NDArray[np.uint8], label: str, number: int) -> bytes:
        """A DICOM file.

        Args:
            pixels: (height, width), as they are to be shown, the mark included.
            label: the picture's class.
            number: the picture's, from 1.
        """
        key = (label, pixels.shape)
        if key not in self._common:
            self._common[key] = _encoded(_common(label, pixels.shape, self._description))
        own = _own(pixels, number, self._description)
        elements = sorted({**self._common[key], **_encoded(own)}.items())
        stream = DicomBytesIO()
        stream.write(b"\0" * 128 + b"DICM")
        write_file_meta_info(stream, _meta(own), enforce_standard=True)
        stream.write(b"".join(data for _, data in elements))
        return bytes(stream.getvalue())


def _encoded(dataset: Dataset) -> dict[int, bytes]:
    """Each element in Explicit VR Little Endian; a data set is nothing but these in the order of their tags."""
    encoded = {}
    for element in dataset:
        stream = DicomBytesIO()
        stream.is_little_endian, stream.is_implicit_VR = True, False
        write_data_element(stream, element, _ENCODING)
        encoded[int(element.tag)] = bytes(stream.getvalue())
    return encoded


def _common(label: str, shape: tuple[int, ...], description: SetDescription) -> Dataset:
    """What all pictures of a class share; empty is what the standard wants present but nobody knows."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.PatientName = "SYNTHETIC"
    for empty in ("PatientBirthDate", "PatientSex", "ReferringPhysicianName", "AccessionNumber"):
        setattr(dataset, empty, "")
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = f"{description.date:%Y%m%d}"
    dataset.StudyTime = dataset.ContentTime = "000000"
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.StudyDescription = "Synthetic data, not for diagnosis"
    _explain(dataset, label, description)
    _describe_pixels(dataset, shape)
    return dataset


def _own(pixels: NDArray[np.uint8], number: int, description: SetDescription) -> Dataset:
    """What is a picture's own: identity, instance, pixels."""
    dataset = Dataset()
    dataset.SOPInstanceUID = uid(description, number, "instance")
    dataset.StudyInstanceUID = uid(description, number, "study")
    dataset.SeriesInstanceUID = uid(description, number, "series")
    dataset.PatientID = patient_id(description, number)
    dataset.StudyID = str(number)
    data = pixels.tobytes()
    dataset.add_new("PixelData", "OB", data + b"\0" * (len(data) % 2))
    return dataset


def _explain(dataset: Dataset, label: str, description: SetDescription) -> None:
    """What the picture is and what made it."""
    dataset.SyntheticData = "YES"
    dataset.ConversionType = "SYN"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.Modality = "OT"
    dataset.BodyPartExamined = "BREAST"
    dataset.PatientOrientation = ""
    dataset.Laterality = ""
    dataset.Manufacturer = MANUFACTURER
    dataset.SeriesDescription = f"Synthetic: {label}"
    dataset.ImageComments = f"Class: {label}. Not for diagnosis."
    dataset.DerivationDescription = description.nature
    dataset.BurnedInAnnotation = "YES" if description.visible_mark else "NO"
    dataset.ContributingEquipmentSequence = [_equipment(description)]


def _equipment(description: SetDescription) -> Dataset:
    purpose = Dataset()
    purpose.CodeValue = "109100"
    purpose.CodingSchemeDesignator = "DCM"
    purpose.CodeMeaning = "Synthesizing Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = MANUFACTURER
    equipment.ManufacturerModelName = str(description.provenance.architecture or "generative model")[:64]
    equipment.ContributionDescription = f"Set {description.identifier}, version {description.version}"
    return equipment


def _describe_pixels(dataset: Dataset, shape: tuple[int, ...]) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.LossyImageCompression = "00"


def _meta(own: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    meta.MediaStorageSOPInstanceUID = own.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = _IMPLEMENTATION
    meta.ImplementationVersionName = "LOBULE"
    return meta
