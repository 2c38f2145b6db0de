"""Trials on pictures: phantoms drawn anew by each seed, as no patient's picture is shipped, and planted leaks of them.

Phantoms drawn by other seeds play the ideal generator: they follow the very distribution of the training pictures and
know none of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ml.gan.pictures import CLASS_NAMES, LabelledPictures, TrainingPictures
from ml.imaging.phantoms import draw_phantoms
from ml.metrics.images.extractor import default_extractor
from ml.release.passport import Figure
from ml.release.picture_privacy import closeness_of_strangers, membership_and_closeness, picture_copies
from ml.release.trials import planted_pictures as planted
from ml.release.trials.running import Trial, tried

SIZE = 64
TRAIN, HOLDOUT, SYNTHETIC = 150, 80, 100


def phantoms(count: int, seed: int) -> TrainingPictures:
    """Phantoms as pictures to learn from, each a patient of its own."""
    drawn = draw_phantoms(count, SIZE, seed)
    codes = list(CLASS_NAMES)
    labels = torch.tensor([codes.index(label) for label in drawn.labels.tolist()])
    return TrainingPictures(drawn.canvases, labels, tuple(CLASS_NAMES.values()), np.arange(count))


def privacy_of(train: TrainingPictures, holdout: TrainingPictures, pixels: Tensor) -> dict[str, Figure]:
    """The privacy figures of synthetic pixels `(n, 1, s, s)`."""
    labels = torch.zeros(len(pixels), dtype=torch.int64)
    synthetic = LabelledPictures(pixels, labels, train.classes)
    kept, strangers, _ = closeness_of_strangers(train, holdout)
    extractor = default_extractor()
    features = [extractor(part.pixels) for part in (train, kept, synthetic)]
    return picture_copies(train, kept, synthetic, strangers) | membership_and_closeness(
        train, kept, synthetic, features, extractor=extractor
    )


LEAKS: dict[str, planted.Leak] = {
    "copies": planted.copies,
    "copies, mirrored": planted.mirrored,
    "copies, shifted": planted.shifted,
    "copies, other brightness and contrast": planted.brightened,
    "copies with noise (kernel density)": planted.noised,
    "copies saved as JPEG": planted.compressed,
    "blends of neighbours (SMOTE)": planted.blends,
}


def picture_trials(*, honest_seeds: range, leak_seeds: range) -> Iterator[Trial]:
    """Fresh phantoms and a Gaussian in principal components, and every leak, whole and in part."""
    for seed in sorted({*honest_seeds, *leak_seeds}):
        rng = np.random.default_rng(seed)
        train, holdout, fresh = (
            phantoms(count, 1000 * seed + part) for part, count in enumerate((TRAIN, HOLDOUT, SYNTHETIC))
        )
        if seed in honest_seeds:
            for name, pixels in (
                ("phantoms drawn anew", fresh.pixels),
                ("Gaussian in principal components", planted.principal_components(train.pixels, SYNTHETIC, rng)),
            ):
                yield tried("pictures", name, seed, privacy_of(train, holdout, pixels), honest=True)
        if seed in leak_seeds:
            partial_leaks = {
                "1 % copies, the others honest": planted.partly(planted.copies, fresh.pixels, 0.01),
                "5 % mirrored copies, the others honest": planted.partly(planted.mirrored, fresh.pixels, 0.05),
                "5 % blends, the others honest": planted.partly(planted.blends, fresh.pixels, 0.05),
            }
            for name, leak in (LEAKS | partial_leaks).items():
                pixels = leak(train.pixels, SYNTHETIC, rng)
                yield tried("pictures", name, seed, privacy_of(train, holdout, pixels), honest=False)
