"""The demo's sources: the public WDBC table, and simulated ultrasound."""

import csv
import io
from collections import Counter
from zipfile import ZIP_STORED, ZipFile

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from sklearn.datasets import load_breast_cancer

from ml.fna.features import FEATURE_NAMES, LABELS
from ml.gan.pictures import CLASS_NAMES
from ml.imaging.phantoms import draw_phantoms
from synthesis.models import Kind, SourceDataset
from synthesis.services.sources import NewSource

Consent = SourceDataset.Consent
WDBC = NewSource(
    name="Breast Cancer Wisconsin (Diagnostic)",
    kind=Kind.FNA,
    modality="FNA",
    licence="CC-BY-4.0",
    consent_basis=Consent.PUBLIC,
    consent_reference="Wolberg, Mangasarian, Street, Street: UCI Machine Learning Repository, 1995, "
    "doi:10.24432/C5DW2B",
    description="569 fine-needle aspirates of breast masses, 30 measurements of cell nuclei each, with the diagnosis.",
)
PHANTOMS = NewSource(
    name="Simulated breast ultrasound",
    kind=Kind.IMAGE,
    modality="US",
    licence="CC0-1.0",
    consent_basis=Consent.SIMULATED,
    consent_reference="Drawn by this program; no patient stands behind any picture",
    description="Drawn ultrasound pictures with benign, malignant and no lesions, after the BI-RADS lexicon.",
)
PICTURES, SIDE, SEED = 240, 96, 11


def wdbc_file() -> SimpleUploadedFile:
    """The table as scikit-learn ships it, as a CSV."""
    bunch = load_breast_cancer()
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["diagnosis", *FEATURE_NAMES])
    for values, target in zip(bunch.data.tolist(), bunch.target.tolist(), strict=True):
        writer.writerow([LABELS[1 - target], *values])  # scikit-learn codes malignant as 0
    return SimpleUploadedFile("wdbc.csv", out.getvalue().encode())


def phantom_file(count: int = PICTURES, side: int = SIDE) -> SimpleUploadedFile:
    """Drawn pictures in folders named after their classes, as a ZIP archive."""
    phantoms = draw_phantoms(count, side, SEED)
    out, numbers = io.BytesIO(), Counter[str]()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        for pixels, label in zip(phantoms.canvases[:, 0].numpy(), phantoms.labels.tolist(), strict=True):
            name = CLASS_NAMES[label]
            numbers[name] += 1
            with archive.open(f"{name}/{numbers[name]:04d}.png", "w") as file:
                Image.fromarray(pixels).save(file, format="PNG")
    return SimpleUploadedFile("phantoms.zip", out.getvalue())
