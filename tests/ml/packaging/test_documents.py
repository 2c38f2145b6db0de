"""Data card, passport and Croissant metadata of both kinds of set; tables; what cannot be described."""

import csv
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from ml.fna.schema import FEATURE_NAMES
from ml.packaging import FolderSink, package_images, package_table
from tests.ml.packaging.parts import describe, pictures, table

# mlcroissant's dependencies warn about themselves, so it runs where warnings are no errors.
LOAD = """
import json, sys, logging
import mlcroissant as mlc
dataset = mlc.Dataset(sys.argv[1])
issues = dataset.metadata.ctx.issues
def plain(value):
    return value.decode() if isinstance(value, bytes) else getattr(value, "size", value)
records = {
    one.uuid: [{key: plain(value) for key, value in record.items()} for record in dataset.records(one.uuid)]
    for one in dataset.metadata.record_sets
}
print(json.dumps([sorted(issues.errors), sorted(issues.warnings), dataset.metadata.version, records]))
"""


def load(folder: Path) -> tuple[list[str], list[str], str, dict[str, Any]]:
    ran = subprocess.run(
        [sys.executable, "-c", LOAD, folder / "croissant.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "WARNING" not in ran.stderr, ran.stderr
    return tuple(json.loads(ran.stdout.splitlines()[-1]))  # type: ignore[return-value]


def pack_pictures(folder: Path, **changes: Any) -> None:
    batches, counts = pictures(6)
    package_images(describe("image", counts, **changes), batches, FolderSink(folder))


def pack_table(folder: Path) -> None:
    X, y = table(40)
    counts = {"benign": int((y == 0).sum()), "malignant": int((y == 1).sum())}
    package_table(describe("fna", counts), X, y, FolderSink(folder))


def test_croissant_of_pictures_validates_and_loads_them(tmp_path: Path) -> None:
    pack_pictures(tmp_path)

    errors, warnings, version, records = load(tmp_path)

    assert (errors, warnings, version) == ([], [], "2.0.0")
    assert [row["labels/class"] for row in records["labels"]] == ["benign", "malignant"] * 3
    assert {row["pictures/class"] for row in records["pictures"]} == {"benign", "malignant"}
    assert [row["pictures/picture"] for row in records["pictures"]] == [[48, 48]] * 6
    assert {row["pictures/path"] for row in records["pictures"]} == {row["labels/png"] for row in records["labels"]}


def test_croissant_of_a_table_validates_and_loads_it(tmp_path: Path) -> None:
    pack_table(tmp_path)

    errors, warnings, _, records = load(tmp_path)

    assert (errors, warnings) == ([], [])
    X, y = table(40)
    loaded = np.array([[row[f"samples/{name}"] for name in FEATURE_NAMES] for row in records["samples"]])
    assert np.array_equal(loaded, X)
    assert [row["samples/diagnosis"] for row in records["samples"]] == ["BM"[label] for label in y]


def test_croissant_says_what_responsible_use_needs(tmp_path: Path) -> None:
    pack_pictures(tmp_path)
    told = json.loads((tmp_path / "croissant.json").read_text())

    assert told["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert told["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert told["citeAs"].startswith("North Hospital (2026). Breast ultrasound, drawn, version 2.")
    assert "Not for diagnosis" in told["rai:dataLimitations"][0]
    assert told["rai:personalSensitiveInformation"][1] == "Formal guarantee: no formal guarantee."


def test_a_table_is_what_the_site_reads_itself(tmp_path: Path) -> None:
    pack_table(tmp_path)
    with (tmp_path / "data.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    X, y = table(40)
    assert rows[0] == [*FEATURE_NAMES, "diagnosis"]
    assert np.array_equal(np.array([row[:30] for row in rows[1:]], dtype=float), X)
    assert [row[30] for row in rows[1:]] == ["BM"[label] for label in y]


def test_the_card_tells_the_passport_in_plain_words(tmp_path: Path) -> None:
    pack_pictures(tmp_path)
    card = (tmp_path / "data-card.md").read_text()

    assert card.startswith("# Breast ultrasound, drawn\n\n**Synthetic: drawn by a generative model.")
    for said in (
        "6 pictures: 3 benign, 3 malignant.",
        "Formal privacy guarantee: no formal guarantee",
        "| frechet | 31.25 | 30 to 33 | Fréchet distance \\| of features (lower is better) |",
        "| tstr_auc | 0.87 |  | area under the curve (higher is better); compared with real: 0.90 |",
        "- No shadow models were trained.",
        "Not for diagnosis",
        "Licence: CC-BY-4.0.",
        "version 2. Made with torch 2.13.0.",
    ):
        assert said in card
    passport = json.loads((tmp_path / "passport.json").read_text())
    assert passport["privacy"]["membership_auc"]["value"] == 0.51


def test_what_was_derived_from_patients_says_so_everywhere(tmp_path: Path) -> None:
    pack_pictures(tmp_path / "derived", derived=True)
    pack_pictures(tmp_path / "drawn")
    told = {}
    for which in ("derived", "drawn"):
        folder = tmp_path / which
        told[which] = (
            (folder / "data-card.md").read_text(),
            (folder / "croissant.json").read_text(),
            str(pydicom.dcmread(folder / "dicom/benign/000001.dcm").DerivationDescription),
        )
    assert all("derived from" in text and "de-identified at best" in text for text in told["derived"])
    assert not any("derived from" in text or "de-identified" in text for text in told["drawn"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"identifier": "../other"}, "identifier: expected"),
        ({"version": "first"}, "version: expected"),
        ({"classes": ("Benign/1",)}, "classes: expected"),
        ({"counts": {"normal": 1}}, "counts: .'normal'. are not among the classes"),
        ({"licence": ""}, "cannot be released without: licence"),
        ({"passport": {}}, "expected a passport of version 1"),
    ],
)
def test_what_cannot_be_described_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        dataclasses.replace(describe("image", {"benign": 1, "malignant": 1}), **changes)


@pytest.mark.parametrize(
    ("X", "y", "counts", "said"),
    [
        (np.zeros((2, 29)), np.array([0, 1]), {"benign": 1, "malignant": 1}, "2 rows of 30 measurements"),
        (np.zeros((2, 30)), np.array([0, 0]), {"benign": 1, "malignant": 1}, "promises"),
        (np.zeros((2, 30)), np.array([0, 1]), {"benign": 1, "normal": 1}, "benign and malignant, got .'normal'."),
    ],
)
def test_a_table_that_is_none_is_refused(
    tmp_path: Path, X: np.ndarray[Any, Any], y: np.ndarray[Any, Any], counts: dict[str, int], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        package_table(describe("fna", counts), X, y, FolderSink(tmp_path))
