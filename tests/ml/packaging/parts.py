"""Sets to pack: phantoms and real measurements, with a passport."""

import dataclasses
from datetime import date
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer

from ml.imaging.phantoms import draw_phantoms
from ml.packaging import SetDescription
from ml.release.passport import Figure, Passport, Provenance

Batch = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def passport(kind: str, derived: bool = False) -> dict[str, Any]:
    """A passport with a figure in each part."""
    provenance = Provenance(
        kind="image" if kind == "image" else "fna",
        architecture="cyclegan" if derived else "cgan",
        seeds={"training": 7},
        weights_sha256="a" * 64,
        source_sha256="b" * 64,
        extractor={"name": "lobule-ultrasound", "sha256": "c" * 64},
        derived_from_patients=derived,
        software={"torch": "2.13.0"},
    )
    return Passport(
        kind="image" if kind == "image" else "fna",
        provenance=provenance,
        sizes={"train": 60, "holdout": 40, "synthetic": 6},
        quality={"frechet": Figure(31.25, 30.0, 33.0, "lower", "Fréchet distance | of features")},
        utility={"tstr_auc": Figure(0.87, None, None, "higher", "area under the curve", "real: 0.90")},
        privacy={"membership_auc": Figure(0.51, 0.45, 0.57, "half", "an attack's area under the curve")},
        notes=("No shadow models were trained.",),
    ).as_dict()


def describe(kind: str, counts: dict[str, int], *, derived: bool = False, **changes: Any) -> SetDescription:
    """A description of a set of this kind."""
    description = SetDescription(
        identifier="0b9c3c0e-6a4f-4a34-9d7e-000000000001",
        title="Breast ultrasound, drawn",
        version="2",
        description="Pictures for tests.",
        licence="CC-BY-4.0",
        citation="",
        creator="North Hospital",
        date=date(2026, 3, 2),
        kind="image" if kind == "image" else "fna",
        classes=tuple(sorted(counts)),
        counts=counts,
        passport=passport(kind, derived),
        derived_from_patients=derived,
        visible_mark=False,
        source_words="“Archive” (US), a public data set.",
        url="https://lobule.example/synthetic-sets/1/",
    )
    return dataclasses.replace(description, **changes)


def pictures(count: int, size: int = 48) -> tuple[list[Batch], dict[str, int]]:
    """Phantoms with alternating labels in batches of four, and how many there are of each class."""
    drawn = draw_phantoms(count, size, seed=5).canvases.numpy()
    labels = np.arange(count) % 2
    batches = [(drawn[start : start + 4], labels[start : start + 4]) for start in range(0, count, 4)]
    return batches, {"benign": int((labels == 0).sum()), "malignant": int((labels == 1).sum())}


def table(count: int) -> Batch:
    """Real measurements, and diagnoses as an index into (benign, malignant)."""
    bunch = load_breast_cancer()
    return bunch.data[:count], 1 - bunch.target[:count]
