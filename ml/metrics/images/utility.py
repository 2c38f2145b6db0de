"""What synthetic pictures are worth to a classifier that is tested on real, held-out ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ml.metrics.images.small_classifier import STEPS, Lesson, Score, lesson, train_and_score

SEEDS = (0, 1, 2)
FEW = 100  # real training pictures at most, where synthetic ones are to help
POSITIVE = "malignant"


class Labelled(Protocol):
    """Pictures with classes, real or synthetic."""

    @property
    def pixels(self) -> Tensor:
        """`(n, 1, size, size)` uint8."""
        ...

    @property
    def labels(self) -> Tensor:
        """`(n,)` int64, indices into `classes`."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, malignant among them."""
        ...


@dataclass(frozen=True)
class Spread:
    """A figure over seeds."""

    mean: float
    std: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Worth:
    """Area under the ROC curve and accuracy on held-out real pictures, over seeds."""

    auc: Spread
    accuracy: Spread

    def gain_over(self, other: Worth) -> Worth:
        """The differences, seed by seed."""
        return Worth(_difference(self.auc, other.auc), _difference(self.accuracy, other.accuracy))


def trained_on(
    parts: Sequence[Labelled], holdout: Labelled, *, seeds: Sequence[int] = SEEDS, steps: int = STEPS
) -> Worth:
    """Train the small classifier on all pictures of the parts, half of each batch from either of two.

    Train on synthetic, test on real (TSTR) is `trained_on([synthetic], holdout)`; real with synthetic is
    `trained_on([train, synthetic], holdout)`.

    Raises:
        ValueError: when a part or the held-out pictures lack malignant ones or others.
    """
    lessons = [_lesson(part) for part in parts]
    tested = _lesson(holdout)
    return _worth([train_and_score(lessons, tested, seed, steps=steps) for seed in seeds])


def tstr_auc(synthetic: Labelled, holdout: Labelled, *, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> Spread:
    """Train on synthetic, test on real: area under the ROC curve over seeds.

    Raises:
        ValueError: as `trained_on`.
    """
    return trained_on([synthetic], holdout, seeds=seeds, steps=steps).auc


@dataclass(frozen=True)
class AugmentationGain:
    """A few real training pictures, alone and with synthetic ones beside them."""

    real_pictures: int
    alone: Worth
    augmented: Worth

    @property
    def gain(self) -> Worth:
        """Augmented minus alone, seed by seed."""
        return self.augmented.gain_over(self.alone)


def augmentation_gain(
    train: Labelled,
    holdout: Labelled,
    synthetic: Labelled,
    *,
    few: int = FEW,
    seeds: Sequence[int] = SEEDS,
    steps: int = STEPS,
    alone: Worth | None = None,
) -> AugmentationGain:
    """What synthetic pictures add to at most `few` real ones: every seed draws its own few, classes in proportion.

    The generator may have learnt from more real pictures than these few, so this is the gain of a hospital with few
    pictures that takes a synthetic set made elsewhere; it is not what a generator trained on the few would add.

    Args:
        train: real pictures to draw the few from.
        holdout: real pictures to test on.
        synthetic: in any number; half of every batch.
        few: real pictures to train on.
        seeds: of the draws and the classifiers.
        steps: of each classifier's training.
        alone: what `few_alone` gave for the same pictures, seeds and steps, which spares doing it again.

    Raises:
        ValueError: as `trained_on`.
    """
    fakes, tested = _lesson(synthetic), _lesson(holdout)
    draw = _drawer(train, few)
    scores = [train_and_score([draw(seed), fakes], tested, seed, steps=steps) for seed in seeds]
    before = few_alone(train, holdout, few=few, seeds=seeds, steps=steps) if alone is None else alone
    return AugmentationGain(min(few, len(train.labels)), before, _worth(scores))


def few_alone(
    train: Labelled, holdout: Labelled, *, few: int = FEW, seeds: Sequence[int] = SEEDS, steps: int = STEPS
) -> Worth:
    """What at most `few` real training pictures are worth without synthetic ones.

    Raises:
        ValueError: as `trained_on`.
    """
    tested = _lesson(holdout)
    draw = _drawer(train, few)
    return _worth([train_and_score([draw(seed)], tested, seed, steps=steps) for seed in seeds])


def outcomes_of(pictures: Labelled) -> NDArray[np.int64]:
    """`(n,)`: 1 malignant, 0 not.

    Raises:
        ValueError: when one of the two is absent.
    """
    positive = pictures.classes.index(POSITIVE) if POSITIVE in pictures.classes else -1
    outcomes = np.asarray(pictures.labels.numpy() == positive, dtype=np.int64)
    if len(np.unique(outcomes)) < 2:
        raise ValueError(
            f"the classifier needs malignant pictures and others; got classes {pictures.classes} "
            f"with {int(outcomes.sum())} malignant of {len(outcomes)}"
        )
    return outcomes


def _lesson(pictures: Labelled) -> Lesson:
    return lesson(pictures.pixels, outcomes_of(pictures))


def _drawer(train: Labelled, few: int) -> Callable[[int], Lesson]:
    """Draws at most `few` pictures by a seed, malignant ones and others in the proportion of all."""
    outcomes = outcomes_of(train)
    ready = lesson(train.pixels, outcomes)
    share = min(few, len(outcomes)) / len(outcomes)

    def draw(seed: int) -> Lesson:
        rng = np.random.default_rng(seed)
        rows = [np.flatnonzero(outcomes == outcome) for outcome in (0, 1)]
        kept = np.concatenate([rng.choice(found, max(1, round(share * len(found))), replace=False) for found in rows])
        return Lesson(ready.inputs[kept], ready.outcomes[kept])

    return draw


def _worth(scores: Sequence[Score]) -> Worth:
    return Worth(_spread([score.auc for score in scores]), _spread([score.accuracy for score in scores]))


def _difference(one: Spread, other: Spread) -> Spread:
    return _spread([first - second for first, second in zip(one.values, other.values, strict=True)])


def _spread(values: Sequence[float]) -> Spread:
    std = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(np.mean(values)), std, tuple(values))
