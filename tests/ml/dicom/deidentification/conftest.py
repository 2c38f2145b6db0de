"""Files with planted identifiers, and the real ones of the shared collection."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from ml.dicom.deidentification import Deidentified, Options, deidentify
from ml.dicom.deidentification.quiet import quietly

DATA = Path(__file__).parents[5] / "shared" / "data"
SECRET = b"a secret for tests, 32 bytes long"
MAMMOGRAPHY = "1.2.840.10008.5.1.4.1.1.1.2"


@pytest.fixture
def shared() -> Callable[[str], bytes]:
    """Read a real file; skips where the collection is not at hand."""

    def read(name: str) -> bytes:
        if not (DATA / name).exists():
            pytest.skip(f"the collection of real images is not at {DATA}")
        return (DATA / name).read_bytes()

    return read


@pytest.fixture
def image() -> Dataset:
    """A small mammogram that says of itself that nothing is burned in."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = UID(MAMMOGRAPHY), UID("1.2.3.4.5.6.7.1")
    ds.StudyInstanceUID, ds.SeriesInstanceUID = UID("1.2.3.4.5.6.7.2"), UID("1.2.3.4.5.6.7.3")
    ds.Modality, ds.PatientName, ds.PatientID = "MG", "Planted^Jane", "MRN-7788991"
    ds.PatientBirthDate, ds.StudyDate, ds.StudyTime = "19510829", "20240229", "101500"
    ds.BurnedInAnnotation, ds.ImageLaterality, ds.ViewPosition = "NO", "L", "CC"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 16, 24, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.PixelData = (np.arange(16 * 24, dtype="<u2") % 4096).tobytes()
    return ds


def as_file(ds: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """The data set as a file."""
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = UID(syntax)
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    out = BytesIO()
    with quietly():
        dcmwrite(out, ds, enforce_file_format=True)
    return out.getvalue()


def cleaned(data: bytes | Dataset, institution: str = "hospital-1", **options: object) -> Deidentified:
    """`deidentify` with the tests' secret."""
    data = as_file(data) if isinstance(data, Dataset) else data
    return deidentify(data, secret=SECRET, institution=institution, options=Options(**options))  # type: ignore[arg-type]


def read(data: bytes | Deidentified) -> Dataset:
    """The data set of a file."""
    return dcmread(BytesIO(data.data if isinstance(data, Deidentified) else data), force=True)
