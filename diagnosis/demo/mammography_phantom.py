"""Drawn stand-ins for a mammography study: four views of two breasts, for the demo's viewer.

Nobody's images: shapes and noise, labelled as a phantom in every header. They show how the four standard views are
hung, and nothing of how a model reads mammograms.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import DigitalMammographyXRayImageStorageForPresentation
from scipy.ndimage import gaussian_filter

from diagnosis.demo.phantom_file import phantom_file

ROWS, COLUMNS = 1400, 1050
SPACING_MM = 0.17
VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))


def mammography_phantom() -> Iterator[tuple[str, bytes]]:
    """A file name and the DICOM file of each of the four views; the same bytes each time."""
    for number, (laterality, view) in enumerate(VIEWS, start=1):
        yield f"phantom-{laterality}-{view}.dcm", _file(laterality, view, number)


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


def _file(laterality: str, view: str, number: int) -> bytes:
    towards = ("A", "R") if laterality == "L" else ("P", "L")
    return phantom_file(
        _breast(laterality, view, number),
        sop_class=DigitalMammographyXRayImageStorageForPresentation,
        study=1,
        series=number,
        instance=1,
        bits=12,
        PatientName="PHANTOM^MAMMOGRAPHY",
        StudyDate="20260105",
        StudyTime="091500",
        StudyDescription="Drawn mammography phantom",
        SeriesDescription=f"{laterality} {view}",
        Modality="MG",
        PresentationIntentType="FOR PRESENTATION",
        ImageLaterality=laterality,
        ViewPosition=view,
        PatientOrientation=[towards[0], towards[1] if view == "CC" else "F"],
        ImagerPixelSpacing=[SPACING_MM, SPACING_MM],
        WindowCenter=1500,
        WindowWidth=2600,
    )
