"""The passport's form: what it refuses, its JSON and back."""

import json
from dataclasses import replace

import pytest

from ml.release.passport import Figure, Passport, Provenance, formal_guarantee, with_software

PASSPORT = Passport(
    kind="fna",
    provenance=Provenance("fna", architecture="tabular-gan", seeds={"training": 7}, weights_sha256="a" * 64),
    sizes={"train": 400, "holdout": 170, "synthetic": 300},
    quality={"c2st_auc": Figure(0.6, None, None, "half", "told apart")},
    utility={},
    privacy={"dcr_share": Figure(0.51, 0.44, 0.58, "half", "nearer to training", "0.5")},
    notes=("No shadow models.",),
)


def test_passport_survives_json() -> None:
    assert Passport.from_dict(json.loads(json.dumps(PASSPORT.as_dict(), allow_nan=False))) == PASSPORT


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_figure_that_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        Figure(value, None, None, "lower", "words")
    with pytest.raises(ValueError, match="must be finite"):
        Figure(0.0, value, None, "lower", "words")


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a passport of version 1, got 2"):
        Passport.from_dict(PASSPORT.as_dict() | {"version": 2})


@pytest.mark.parametrize("key", ["kind", "provenance", "sizes", "quality", "utility", "privacy", "notes"])
def test_a_missing_key_is_named(key: str) -> None:
    values = PASSPORT.as_dict()
    del values[key]
    with pytest.raises(ValueError, match=f"this is no passport: '{key}'"):
        Passport.from_dict(values)


def test_without_differential_privacy_there_is_no_formal_guarantee() -> None:
    assert PASSPORT.formal_guarantee == "no formal guarantee"


def test_the_guarantee_is_told_in_words() -> None:
    told = formal_guarantee({"epsilon": 3.0, "delta": 1e-5, "unit": "patient"})
    assert told.startswith("ε = 3, δ = 1e-05 for each patient")
    assert "a factor of 20.1" in told


def test_software_is_added_and_what_is_told_stays() -> None:
    found = with_software(replace(PASSPORT.provenance, software={"numpy": "0.1"}))
    assert found.software["numpy"] == "0.1"
    assert set(found.software) == {"python", "numpy", "scipy", "scikit-learn", "torch"}
