"""Drawn breast ultrasound with known lesions, for the demo's model to read: nobody's images."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.uid import UltrasoundImageStorage

from diagnosis.demo.phantom_file import phantom_file

SIDE, SEED = 480, 6
SHOWN = (0, 1, 5)
SPACING_MM = 0.08


def ultrasound_phantom() -> Iterator[tuple[str, bytes]]:
    """A file name and the DICOM file of each of three pictures; the same bytes each time."""
    from ml.imaging.phantoms import draw_phantoms  # noqa: PLC0415 brings torch

    pictures = draw_phantoms(max(SHOWN) + 1, SIDE, SEED).canvases[:, 0].numpy()
    for number, index in enumerate(SHOWN, start=1):
        data = phantom_file(
            pictures[index],
            sop_class=UltrasoundImageStorage,
            study=2,
            series=1,
            instance=number,
            bits=8,
            PatientName="PHANTOM^ULTRASOUND",
            StudyDate="20260112",
            StudyTime="141000",
            StudyDescription="Drawn breast ultrasound phantom",
            SeriesDescription="Lesions",
            Modality="US",
            ImageLaterality="R",
            PixelSpacing=[SPACING_MM, SPACING_MM],
        )
        yield f"phantom-ultrasound-{number}.dcm", data
