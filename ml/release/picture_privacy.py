"""What synthetic pictures give away of the training pictures, as a passport's figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.metrics.images.extractor import Extractor, Features, described
from ml.metrics.images.utility import Labelled
from ml.metrics.privacy.dcr import dcr_share
from ml.metrics.privacy.density import density_attack
from ml.metrics.privacy.distances import Standardiser, distance_ratios
from ml.metrics.privacy.membership import Attack, distance_attack
from ml.metrics.privacy.picture_copies import PictureCloseness, picture_closeness
from ml.metrics.privacy.shadows import shadow_attack
from ml.metrics.privacy.tails import Ratios, too_close_to_either
from ml.release import privacy_figures as words
from ml.release.passport import Figure

IDENTICAL = 0.9995
"""Correlation from which two pictures are one: what is left is less than rounding to 8 bits makes."""
FEWEST = 12  # pictures of each part, without which nothing can be measured
_POOLED = 16


class RealPictures(Labelled, Protocol):
    """Real pictures with their patients, as `ml.gan.pictures.TrainingPictures` has them."""

    @property
    def groups(self) -> NDArray[np.int64]:
        """`(n,)`, pictures of one patient or near duplicates."""
        ...

    @property
    def sha256(self) -> str:
        """Of labels and pixels."""
        ...

    def select(self, rows: NDArray[np.bool_]) -> Self:
        """The chosen pictures."""
        ...


Sampler = Callable[[Mapping[str, int], int], Labelled]
"""`sample(counts by class, seed)`: as `ml.gan.generator_file.TrainedGenerator` does."""
Refit = Callable[[NDArray[np.int64], int], Sampler]
"""`refit(rows, seed)`: the same recipe trained on these rows of the training pictures followed by the held-out ones,
for shadow models."""


def closeness_of_strangers(train: RealPictures, holdout: RealPictures) -> tuple[RealPictures, PictureCloseness, int]:
    """The hold-out without training pictures, how close it comes to those, and how many were left out."""
    found = picture_closeness(holdout.pixels, train.pixels, train.groups)
    repeats = _identical(found)
    if (~repeats).sum() < FEWEST:
        raise ValueError(
            f"the held-out pictures can't be used: {int(repeats.sum())} of {len(repeats)} are training pictures, and "
            f"the others must be at least {FEWEST}; give pictures that the generator never saw"
        )
    return holdout.select(~repeats), found.select(~repeats), int(repeats.sum())


def picture_copies(
    train: RealPictures,
    holdout: RealPictures,
    synthetic: Labelled,
    strangers: PictureCloseness,
    done: Callable[[], None] = lambda: None,
) -> dict[str, Figure]:
    """What comparing pixels tells: copies and blends; arguments as `examine_images`.

    Args:
        train: see there.
        holdout: see there, without pictures of `train`.
        synthetic: see there.
        strangers: how close `holdout` comes to `train`.
        done: called after each of two shares of the work.
    """
    made = picture_closeness(synthetic.pixels, train.pixels, train.groups)
    done()
    untrained = picture_closeness(synthetic.pixels, holdout.pixels, holdout.groups)
    back = picture_closeness(train.pixels, holdout.pixels, holdout.groups)
    done()
    exact = _identical(made) | _identical(untrained)
    near = too_close_to_either(Ratios(made.copy_ratios, untrained.copy_ratios, strangers.copy_ratios, back.copy_ratios))
    blends = too_close_to_either(
        Ratios(made.blend_ratios, untrained.blend_ratios, strangers.blend_ratios, back.blend_ratios)
    )
    return {
        "exact_copies": words.count(
            exact, "Synthetic pictures that are a real picture but for mirroring, shift, brightness or contrast"
        ),
        "near_copies": words.count(
            near,
            "Synthetic pictures so much more like one real picture than any other patient's that chance is ruled out, "
            "once mirroring, shift, brightness and contrast are undone",
            "how alike held-out and training pictures are to each other",
        ),
        "interpolations": words.count(
            blends,
            "Synthetic pictures that two training pictures, or two held-out ones, laid over each other explain",
            "how far two training pictures explain held-out ones, and the reverse",
        ),
        "closest_correlation": words.plain(
            float(made.correlations.max()),
            "lower",
            "Correlation of the closest synthetic picture with its training picture, once mirroring, shift, brightness "
            "and contrast are undone; 1 is a copy",
            f"{strangers.correlations.max():.3f} of the closest held-out picture",
        ),
    }


def membership_and_closeness(
    train: RealPictures,
    holdout: RealPictures,
    synthetic: Labelled,
    features: Sequence[Features],
    *,
    extractor: Extractor,
    refit: Refit | None = None,
    seed: int = 0,
) -> dict[str, Figure]:
    """What the features and membership attacks tell; arguments as `examine_images`.

    Args:
        train: see there.
        holdout: see there.
        synthetic: see there.
        features: of the three, `(n, d)` each.
        extractor: that gave them.
        refit: see there.
        seed: see there.
    """
    scale = Standardiser.of(features[0], features[1])
    known, strangers, made = (scale(part) for part in features)
    pooled = [_pooled(part.pixels) for part in (train, holdout, synthetic)]
    attacks: dict[str, Attack] = {
        "distance": distance_attack(known, strangers, made),
        "pixels": distance_attack(*pooled),
        "density": density_attack(known, strangers, made, seed),
    }
    if refit is not None:
        counts = _counts(synthetic)

        def draw(rows: NDArray[np.int64], turn: int) -> Features:
            return scale(extractor(refit(rows, turn)(counts, turn).pixels))

        patients = np.concatenate([train.groups, holdout.groups + train.groups.max() + 1])
        attacks["shadow"] = shadow_attack(known, strangers, made, draw, groups=patients, seed=seed)
    figures = {
        "dcr_share": words.estimated(
            dcr_share(known, strangers, made, seed),
            "half",
            "Share of synthetic pictures nearer to a training picture than to a held-out one, among as many of either, "
            f"by the features of {described(extractor)}",
            "0.5, no nearer to training pictures than to others",
        ),
        "nndr": words.plain(
            float(np.median(distance_ratios(made, known))),
            "higher",
            "Distance of a synthetic picture to its nearest training picture over that to the second nearest, by the "
            "same features, median; 0 is a copy",
            f"{np.median(distance_ratios(strangers, known)):.3f} of held-out pictures",
        ),
    }
    return figures | words.attacks(attacks)


def _identical(found: PictureCloseness) -> NDArray[np.bool_]:
    return np.asarray(found.correlations >= IDENTICAL)


def _pooled(pixels: Tensor) -> NDArray[np.float64]:
    small = functional.interpolate(pixels.float(), size=(_POOLED, _POOLED), mode="bilinear", antialias=True)
    return np.asarray(small.flatten(1).double().numpy())


def _counts(pictures: Labelled) -> dict[str, int]:
    labels = pictures.labels.tolist()
    return {name: labels.count(index) for index, name in enumerate(pictures.classes)}
