"""Picture files, DICOM or not, as display pixels with what their tags say. Decoding is done by a limited process."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.dicom.inspection import inspect
from ml.dicom.rendering import load_frame, to_display

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ".ima"})


class PictureError(ValueError):
    """A file can't be read as a picture; the text says why, in plain words, and `code` names it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class PictureFile:
    """A file's picture: of several frames, the middle one.

    Attributes:
        pixels: display values, uint8, (h, w) or (h, w, 3).
        format: "dicom", "png", "jpeg" or "tiff".
        modality: as the tags say; empty where they don't.
        body_part: as the tags say; empty where they don't.
        frames: how many the file holds.
    """

    pixels: NDArray[np.uint8]
    format: str
    modality: str = ""
    body_part: str = ""
    frames: int = 1


def read_picture(path: Path) -> PictureFile:
    """Read a PNG, JPEG, TIFF or DICOM file, told apart by content.

    Raises:
        PictureError: when it can't be read, or holds no picture of a patient.
    """
    with tempfile.TemporaryDirectory(prefix="lobule-") as folder:
        found = inspect(path, modality=None, decode_into=Path(folder))
        if found.status != "image" or found.frames is None:
            raise PictureError(found.code, found.message or "The file holds no picture.")
        middle = (found.frames.frames - 1) // 2
        pixels = to_display(load_frame(Path(folder), found.frames, middle), found.frames)
    series = found.header.series if found.header else None
    return PictureFile(
        pixels=pixels,
        format=found.format,
        modality=series.modality if series else "",
        body_part=series.body_part if series else "",
        frames=found.frames.frames,
    )
