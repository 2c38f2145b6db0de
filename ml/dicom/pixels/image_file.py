"""Any image file to frames: DICOM or a picture, by its content."""

from __future__ import annotations

from pathlib import Path

from pydicom import config

from ml.dicom.frames import FrameSet
from ml.dicom.pixels.dicom_image import decode_dicom
from ml.dicom.pixels.picture import PICTURE_STARTS, decode_picture


def prepare() -> None:
    """Set the libraries up for files from anywhere: take values as they stand, never fetch what they point to."""
    config.settings.reading_validation_mode = config.IGNORE


def decode_file(path: Path, into: Path) -> FrameSet:
    """Write the frames of a file into the folder.

    Raises Refusal, and what a codec raises for damaged data.
    """
    with path.open("rb") as file:
        head = file.read(132)
    if head[128:] != b"DICM" and head.startswith(PICTURE_STARTS):
        return decode_picture(path, into)
    return decode_dicom(path, into)
