"""What a de-identified file says of itself: that it is one, by which method and with which options."""

from typing import Final

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from ml.dicom.deidentification.options import Options
from ml.dicom.deidentification.profile import EDITION

METHOD: Final = f"Lobule 1, PS3.15 {EDITION} Basic Profile"
IMPLEMENTATION_CLASS_UID: Final = UID("2.25.214380551783017935241857217562811326311")
IMPLEMENTATION_VERSION: Final = "LOBULE_1"

# PS3.16 CID 7050
_CODES: Final = {
    "profile": ("113100", "Basic Application Confidentiality Profile"),
    "pixels": ("113101", "Clean Pixel Data Option"),
    "dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "characteristics": ("113108", "Retain Patient Characteristics Option"),
}


def mark(ds: Dataset, options: Options) -> None:
    """Sets the attributes that PS3.15 E.1.1 asks for."""
    ds.PatientIdentityRemoved = "YES"
    ds.DeidentificationMethod = METHOD
    chosen = ["profile"]
    if options.dates == "shifted":
        chosen.append("dates")
    if options.characteristics:
        chosen.append("characteristics")
    ds.DeidentificationMethodCodeSequence = [_item(name) for name in chosen]
    ds.LongitudinalTemporalInformationModified = "MODIFIED" if options.dates == "shifted" else "REMOVED"


def mark_pixels_clean(ds: Dataset, *, masked: bool) -> None:
    """What a person's review adds: nothing is burned in, and, where something was masked, by which option."""
    ds.BurnedInAnnotation = "NO"
    codes = list(ds.get("DeidentificationMethodCodeSequence") or [])
    if masked and codes and all(item.get("CodeValue") != _CODES["pixels"][0] for item in codes):
        ds.DeidentificationMethodCodeSequence = [*codes, _item("pixels")]


def file_meta(ds: Dataset, transfer_syntax: str) -> FileMetaDataset:
    """File meta information with nothing but what a reader needs: no AE titles, no private information."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(str(ds.get("SOPClassUID", "")))
    meta.MediaStorageSOPInstanceUID = UID(str(ds.get("SOPInstanceUID", "")))
    meta.TransferSyntaxUID = UID(transfer_syntax)
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    return meta


def _item(name: str) -> Dataset:
    value, meaning = _CODES[name]
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "DCM"
    item.CodeMeaning = meaning
    return item
