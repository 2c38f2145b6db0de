"""Fitting an ensemble: phantoms first, then patients' pictures, then what was learnt about pictures not seen.

The members each leave out another part of the training pictures, near duplicates together. So pictures are judged by
members that did not see them, and calibration, conformal thresholds and novelty are learnt from those judgements
(as in cross-conformal prediction and the jackknife+).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.calibration import LogisticCalibration, fit_calibration
from ml.conformal import ConformalSets, fit_conformal
from ml.imaging.augmentation import AugmentationSettings
from ml.imaging.division import grouped_folds
from ml.imaging.duplicates import fingerprints
from ml.imaging.ensemble import Readings, read
from ml.imaging.looks import GenuineLooks, genuine_looks, texture_rows
from ml.imaging.networks import MALIGNANT, AutoencoderGAN, NetworkShape
from ml.imaging.novelty import Distance, KindBoundary, NoveltyScale
from ml.imaging.phantoms import Phantoms, draw_phantoms
from ml.imaging.preprocessing import CANVAS_MARGIN
from ml.imaging.training import Abort, Lessons, Progress, TrainingSettings, train_member
from ml.imaging.views import Look, Views, complete
from ml.training.device import Device, channels_last

PHANTOM_SEED = 7
EXPECTED = (0.2, 0.2)  # of the calibration: the networks' own odds are nearly right, and few pictures are left out
CLOSE_SEED = 500  # added to the seeds of networks that look closely
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Design:
    """All choices of an ensemble; documented on `ImageAutoencoderGANClassifier`."""

    members: int
    inner_folds: int
    phantoms: int
    phantom_steps: int
    counterexamples: int
    coverage: float
    refused_share: float
    shape: NetworkShape
    training: TrainingSettings
    changes: AugmentationSettings

    @property
    def canvas_side(self) -> int:
        """Of the canvases that are kept for augmentation, in pixels."""
        return round(CANVAS_MARGIN * self.shape.size)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Of the networks: all members' whole looks, then, where phantoms can teach a finder, their close ones."""
        whole: tuple[Look, ...] = ("whole",)
        close: tuple[Look, ...] = ("close",) if self.phantoms and self.phantom_steps else ()
        return whole * self.members + close * self.members


@dataclass(frozen=True)
class Schooling:
    """What all networks share before they see a patient's picture: phantoms, and the weights learnt from them."""

    phantoms: Phantoms | None
    start: Weights | None

    def finder(self, shape: NetworkShape) -> AutoencoderGAN | None:
        """The network that tells where to look closer; None without phantoms."""
        if self.start is None:
            return None
        network = AutoencoderGAN(shape)
        network.load_state_dict(self.start)
        return channels_last(network.eval().requires_grad_(False))


@dataclass(frozen=True)
class FittedEnsemble:
    """Networks, and what was learnt about their output from pictures they had not seen."""

    networks: Sequence[AutoencoderGAN]
    looks: tuple[Look, ...]
    finder: AutoencoderGAN | None
    calibration: LogisticCalibration
    conformal: ConformalSets
    texture: Distance
    kind: KindBoundary
    features: Sequence[Distance]  # one per network
    novelty: NoveltyScale
    fingerprints: NDArray[np.uint8]  # (n, 32), of the training pictures

    @property
    def canvas_side(self) -> int:
        """Of the canvases that it reads, in pixels."""
        return round(CANVAS_MARGIN * self.networks[0].shape.size)

    def read(self, views: Views) -> Readings:
        """What every network says of pictures."""
        return read(self.networks, self.looks, views)

    def novelty_readings(self, readings: Readings, views: Views) -> NDArray[np.float64]:
        """The readings of novelty `(n, 5)`."""
        figures = texture_rows(views.detailed)
        distances = [distance.of(features) for distance, features in zip(self.features, readings.features, strict=True)]
        return np.stack(
            [
                self.texture.of(figures),
                self.kind.of(figures),
                np.mean(distances, axis=0),
                readings.reconstruction_error.mean(axis=0),
                readings.fake_score.mean(axis=0),
            ],
            axis=1,
        )


def schooling(design: Design, device: Device, seed: int, progress: Progress | None = None) -> Schooling:
    """Draw phantoms and learn from them alone; no patient's picture is involved, so folds may share it."""
    if not design.phantoms:
        return Schooling(None, None)
    phantoms = draw_phantoms(design.phantoms, design.canvas_side, PHANTOM_SEED)
    if not design.phantom_steps:
        return Schooling(phantoms, None)
    side = design.canvas_side
    lessons = Lessons(torch.empty((0, 1, side, side), dtype=torch.uint8), torch.empty(0, dtype=torch.int64), phantoms)
    settings = design.training.alone(design.phantom_steps)
    learnt = train_member(lessons, design.shape, settings, design.changes, device, seed=seed, progress=progress)
    return Schooling(phantoms, learnt.state_dict())


def fit_ensemble(
    views: Views,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    design: Design,
    device: Device,
    *,
    seed: int,
    school: Schooling,
    progress: Progress | None = None,
    abort: Abort | None = None,
) -> FittedEnsemble:
    """Fit one ensemble.

    Args:
        views: of the training pictures, by the school's finder.
        labels: `(n,)`, indices into `networks.CLASSES`.
        groups: `(n,)`; pictures of one group are left out together.
        design: the ensemble's choices.
        device: where to train.
        seed: of everything random.
        school: what the networks start from.
        progress: called as `progress(done, total)` in optimiser steps.
        abort: asked at every step.

    Raises:
        TrainingAborted: when `abort` said so.
    """
    left_out = which_left_out(labels, groups, design, seed)
    networks = [
        train_network(
            views,
            labels,
            left_out,
            design,
            device,
            index=index,
            seed=seed,
            school=school,
            progress=_within(progress, index, design),
            abort=abort,
        )
        for index in range(len(design.looks))
    ]
    return conclude(networks, views, labels, left_out, design=design, school=school, seed=seed)


def train_network(
    views: Views,
    labels: NDArray[np.int64],
    left_out: NDArray[np.bool_],
    design: Design,
    device: Device,
    *,
    index: int,
    seed: int,
    school: Schooling,
    progress: Progress | None = None,
    abort: Abort | None = None,
) -> AutoencoderGAN:
    """Train the ensemble's network `index` (of `design.looks`) on the pictures that it doesn't leave out."""
    look, member = design.looks[index], index % design.members
    seen = torch.from_numpy(np.flatnonzero(~left_out[index]))
    lessons = Lessons(views.look(look)[seen], torch.from_numpy(labels)[seen], school.phantoms)
    offset = CLOSE_SEED if look == "close" else 0
    return train_member(
        lessons,
        design.shape,
        design.training,
        design.changes,
        device,
        seed=(1000 * seed + offset + member) % 2**31,
        start=school.start,
        progress=progress,
        abort=abort,
    )


def _within(progress: Progress | None, index: int, design: Design) -> Progress | None:
    """One network's progress as progress of the whole."""
    if progress is None:
        return None
    report, steps = progress, design.training.steps
    return lambda done, _: report(index * steps + done, len(design.looks) * steps)


def which_left_out(
    labels: NDArray[np.int64], groups: NDArray[np.int64], design: Design, seed: int
) -> NDArray[np.bool_]:
    """Which pictures each network leaves out: `(networks, n)`; a member's two looks leave out the same.

    None are left out where a class has too few groups to divide.
    """
    left_out = np.zeros((design.members, len(labels)), dtype=np.bool_)
    outcomes = (labels == MALIGNANT).astype(np.int64)
    smallest = min((len(np.unique(groups[outcomes == outcome])) for outcome in np.unique(outcomes)), default=0)
    folds = min(design.inner_folds, smallest)
    for first in range(0, design.members if folds >= 2 else 0, max(1, folds)):
        division = grouped_folds(outcomes, groups, folds, (seed + first) % 2**31)
        for member, (_, rows) in enumerate(division, start=first):
            if member < design.members:
                left_out[member, rows] = True
    return np.tile(left_out, (len(design.looks) // design.members, 1))


def conclude(
    networks: Sequence[AutoencoderGAN],
    views: Views,
    labels: NDArray[np.int64],
    left_out: NDArray[np.bool_],
    *,
    design: Design,
    school: Schooling,
    seed: int,
) -> FittedEnsemble:
    """Learn calibration, conformal thresholds and novelty from judgements on pictures not seen."""
    looks = genuine_looks(views.detailed, design.changes, others=design.counterexamples, seed=seed)
    readings = read(networks, design.looks, views)
    calibration, conformal = certainty(readings, labels, left_out, design.coverage)
    finder = school.finder(design.shape)
    changed = read(networks, design.looks, complete(_resized(looks.changed, views.whole), looks.changed, finder))
    return FittedEnsemble(
        networks=networks,
        looks=design.looks,
        finder=finder,
        calibration=calibration,
        conformal=conformal,
        texture=looks.distance(),
        kind=looks.boundary(),
        features=[Distance.fit(features[~rows]) for features, rows in zip(readings.features, left_out, strict=True)],
        novelty=_novelty_scale(readings, changed, left_out, looks, design),
        fingerprints=fingerprints(views.whole),
    )


def certainty(
    readings: Readings, labels: NDArray[np.int64], left_out: NDArray[np.bool_], coverage: float
) -> tuple[LogisticCalibration, ConformalSets]:
    """Calibration and conformal thresholds, from what networks say of the pictures that they left out."""
    judged = left_out.any(axis=0)
    outcomes = (labels[judged] == MALIGNANT).astype(np.int64)
    if len(np.unique(outcomes)) < 2:
        return LogisticCalibration(1.0, 0.0), ConformalSets(coverage, 0.0, 0.0)
    log_odds = _unseen_mean(readings.log_odds, left_out)[judged]
    calibration = fit_calibration(log_odds, outcomes, expected=EXPECTED)
    return calibration, fit_conformal(calibration.probability(log_odds), outcomes, coverage)


def _resized(canvases: Tensor, like: Tensor) -> Tensor:
    size = like.shape[-2:]
    small = functional.interpolate(canvases.float(), size=size, mode="bilinear", antialias=True, align_corners=False)
    return small.round().to(torch.uint8)


def _novelty_scale(
    readings: Readings,
    changed: Readings,
    left_out: NDArray[np.bool_],
    looks: GenuineLooks,
    design: Design,
) -> NoveltyScale:
    """From left-out pictures, plain and gently changed, by networks, figures and boundaries that did not see them."""
    rows = []
    for member in range(design.members):
        unseen = left_out[member] if left_out.any() else np.ones(left_out.shape[1], dtype=np.bool_)
        seen = ~unseen if left_out.any() else unseen
        distance, boundary = looks.distance(seen), looks.boundary(seen)
        own = range(member, len(left_out), design.members)  # the member's looks
        deep = [Distance.fit(readings.features[index][seen]) for index in own]
        for source, figures in ((readings, looks.plain), (changed, looks.gentle)):
            away = [one.of(source.features[index][unseen]) for one, index in zip(deep, own, strict=True)]
            rows.append(
                np.stack(
                    [
                        distance.of(figures[unseen]),
                        boundary.of(figures[unseen]),
                        np.mean(away, axis=0),
                        source.reconstruction_error[own][:, unseen].mean(axis=0),
                        source.fake_score[own][:, unseen].mean(axis=0),
                    ],
                    axis=1,
                )
            )
    return NoveltyScale.fit(np.concatenate(rows), design.refused_share)


def _unseen_mean(values: NDArray[np.float64], left_out: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the networks that did not see the picture; over all where every one saw it."""
    weights = np.where(left_out.any(axis=0), left_out, True).astype(np.float64)
    return np.asarray((values * weights).sum(axis=0) / weights.sum(axis=0))
