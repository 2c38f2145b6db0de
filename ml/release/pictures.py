"""The passport of a synthetic set of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ml.metrics.images.extractor import Extractor, default_extractor, described
from ml.metrics.images.small_classifier import STEPS
from ml.metrics.images.utility import SEEDS, Labelled
from ml.release.passport import Passport, Provenance, with_software
from ml.release.picture_privacy import (
    FEWEST,
    RealPictures,
    Refit,
    closeness_of_strangers,
    membership_and_closeness,
    picture_copies,
)
from ml.release.picture_worth import picture_quality, picture_utility
from ml.release.tables import NO_SHADOWS, Progress

_MEASURING = 6  # shares of the work beside the classifiers


def examine_images(
    train: RealPictures,
    holdout: RealPictures,
    synthetic: Labelled,
    *,
    extractor: Extractor | None = None,
    provenance: Provenance | None = None,
    refit: Refit | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    steps: int = STEPS,
    seeds: Sequence[int] = SEEDS,
) -> Passport:
    """Measure synthetic pictures' quality, utility and privacy.

    Quality and utility are held against the held-out pictures, which the generator never saw, with the training
    pictures in the synthetic ones' place for comparison.

    Args:
        train: what the generator learnt from; pixels `(n, 1, s, s)` uint8.
        holdout: of the same source and other patients.
        synthetic: of the same classes.
        extractor: of features; the shipped ultrasound encoder without.
        provenance: where the set comes from; without it, the passport knows the training pictures' hash alone. The
            extractor that was used replaces the one it names.
        refit: trains the generator anew, for shadow models.
        seed: of resampling and shadow models.
        progress: called with the shares done and their number.
        steps: of each classifier that the utility is measured with.
        seeds: of those classifiers.

    Raises:
        ValueError: when pictures have another shape or type, or there are too few of them.
    """
    for name, pictures in (("training", train), ("held-out", holdout), ("synthetic", synthetic)):
        _check(name, pictures.pixels, train.pixels)
    shares = _Shares(_MEASURING + 3 * len(seeds), progress)
    holdout, strangers, repeated = closeness_of_strangers(train, holdout)
    shares.done()
    extractor = extractor or default_extractor()
    features = [extractor(pictures.pixels) for pictures in (train, holdout, synthetic)]
    shares.done()
    privacy = picture_copies(train, holdout, synthetic, strangers, shares.done) | membership_and_closeness(
        train, holdout, synthetic, features, extractor=extractor, refit=refit, seed=seed
    )
    shares.done()
    quality = picture_quality(features[0], features[1], features[2], described(extractor), seed)
    shares.done()
    utility, notes = picture_utility(train, holdout, synthetic, steps=steps, seeds=seeds, done=shares.done)
    if repeated:
        notes.append(
            f"{repeated} held-out pictures are also training pictures and were left out: no stranger is that close."
        )
    found = provenance or Provenance("image", source_sha256=train.sha256, seeds={"examination": seed})
    found = replace(found, extractor={"name": extractor.name, "sha256": extractor.sha256})
    return Passport(
        "image",
        with_software(found),
        {"train": len(train.labels), "holdout": len(holdout.labels), "synthetic": len(synthetic.labels)},
        quality,
        utility,
        privacy,
        tuple(notes if refit else [*notes, NO_SHADOWS]),
    )


class _Shares:
    """Counts the shares of an examination that are done."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def done(self) -> None:
        """One more."""
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)


def _check(name: str, pixels: Tensor, like: Tensor) -> None:
    if pixels.ndim != 4 or pixels.shape[1:] != like.shape[1:] or str(pixels.dtype) != "torch.uint8":
        raise ValueError(
            f"the {name} pictures must be 8-bit of shape {tuple(like.shape[1:])}; got {pixels.dtype} of "
            f"{tuple(pixels.shape[1:])}"
        )
    if len(pixels) < FEWEST:
        raise ValueError(f"there must be at least {FEWEST} {name} pictures; got {len(pixels)}")
