"""The gate on pictures: planted leaks blocked for the right reasons, pictures drawn anew let through."""

import json

import numpy as np
import pytest
import torch

from ml.gan.pictures import LabelledPictures, TrainingPictures
from ml.release.gate import judge, leaks
from ml.release.passport import Passport
from ml.release.picture_privacy import RealPictures, closeness_of_strangers, picture_copies
from ml.release.picture_worth import picture_utility
from ml.release.pictures import examine_images
from ml.release.trials import planted_pictures as planted
from ml.release.trials.pictures import LEAKS, phantoms

COUNT = 30
EXPECTED = {
    "copies": {"exact_copies", "near_copies"},
    "copies, mirrored": {"exact_copies", "near_copies"},
    "copies, shifted": {"exact_copies", "near_copies"},
    "copies, other brightness and contrast": {"near_copies"},
    "copies with noise (kernel density)": {"near_copies"},
    "copies saved as JPEG": {"near_copies"},
    "blends of neighbours (SMOTE)": {"interpolations"},
}


@pytest.fixture(scope="module")
def parts() -> tuple[TrainingPictures, RealPictures, TrainingPictures, object]:
    train, holdout, fresh = phantoms(50, 9001), phantoms(36, 9002), phantoms(COUNT, 9003)
    kept, strangers, _ = closeness_of_strangers(train, holdout)
    return train, kept, fresh, strangers


def codes(parts, pixels: torch.Tensor) -> set[str]:
    train, holdout, _, strangers = parts
    synthetic = LabelledPictures(pixels, torch.zeros(len(pixels), dtype=torch.int64), train.classes)
    return {reason.code for reason in leaks(picture_copies(train, holdout, synthetic, strangers))}


@pytest.mark.parametrize("name", list(LEAKS))
def test_a_leak_is_blocked_for_the_right_reasons(parts, name: str) -> None:
    assert codes(parts, LEAKS[name](parts[0].pixels, COUNT, np.random.default_rng(1))) >= EXPECTED[name]


@pytest.mark.parametrize("leak", [planted.copies, planted.mirrored, planted.compressed])
def test_one_copy_among_honest_pictures_blocks(parts, leak: planted.Leak) -> None:
    mixed = planted.partly(leak, parts[2].pixels, 0.01)(parts[0].pixels, COUNT, np.random.default_rng(2))
    assert "near_copies" in codes(parts, mixed)


def test_held_out_pictures_as_synthetic_ones_are_copies_too(parts) -> None:
    assert "exact_copies" in codes(parts, parts[1].pixels)


def test_held_out_pictures_changed_a_little_are_near_copies_too(parts) -> None:
    assert "near_copies" in codes(parts, planted.noised(parts[1].pixels, COUNT, np.random.default_rng(4)))


def test_principal_components_are_no_leak(parts) -> None:
    drawn = planted.principal_components(parts[0].pixels, COUNT, np.random.default_rng(3))
    assert codes(parts, drawn) == set()


def test_an_examination_of_new_phantoms_is_whole_and_releasable(parts) -> None:
    train, _, fresh, _ = parts
    holdout = phantoms(36, 9002)
    repeated = TrainingPictures(
        torch.cat([holdout.pixels, train.pixels[:2].flip(-1)]),
        torch.cat([holdout.labels, train.labels[:2]]),
        train.classes,
        np.arange(38),
    )
    told = []
    passport = examine_images(
        train, repeated, fresh, steps=2, seeds=(0,), progress=lambda done, total: told.append((done, total))
    )
    verdict = judge(passport)
    assert verdict.releasable, verdict.reasons
    assert passport.sizes == {"train": 50, "holdout": 36, "synthetic": 30}
    assert passport.notes[0].startswith("2 held-out pictures are also training pictures")
    assert passport.provenance.extractor["name"].startswith("ultrasound encoder")
    assert told == [(done, 9) for done in range(1, 10)]
    assert Passport.from_dict(json.loads(json.dumps(passport.as_dict(), allow_nan=False))) == passport


def test_pictures_of_one_class_get_no_utility_but_a_note(parts) -> None:
    train, holdout, fresh, _ = parts
    benign = LabelledPictures(fresh.pixels, torch.zeros(COUNT, dtype=torch.int64), fresh.classes)
    figures, notes = picture_utility(train, holdout, benign, steps=1, seeds=(0,), done=lambda: None)
    assert figures == {}
    assert notes[0].startswith("Utility was not measured: the classifier needs malignant pictures")


def test_pictures_of_another_size_are_refused(parts) -> None:
    train, holdout, fresh, _ = parts
    small = LabelledPictures(fresh.pixels[:, :, ::2, ::2], fresh.labels, fresh.classes)
    with pytest.raises(ValueError, match=r"the synthetic pictures must be 8-bit of shape \(1, 64, 64\)"):
        examine_images(train, holdout, small)
