"""Fitting an ensemble: phantoms first, then patients' pictures, then what was learnt about pictures not seen.

The members each leave out another part of the training pictures, near duplicates together. So pictures are judged by
members that did not see them, and calibration, conformal thresholds and novelty are learnt from those judgements
(as in cross-conformal prediction and the jackknife+).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.calibration import LogisticCalibration, fit_calibration
from ml.conformal import ConformalSets, fit_conformal
from ml.imaging.augmentation import AugmentationSettings
from ml.imaging.division import grouped_folds
from ml.imaging.duplicates import fingerprints
from ml.imaging.ensemble import Readings, read
from ml.imaging.looks import GenuineLooks, genuine_looks
from ml.imaging.networks import MALIGNANT, AutoencoderGAN, NetworkShape
from ml.imaging.novelty import Distance, KindBoundary, NoveltyScale
from ml.imaging.phantoms import Phantoms, draw_phantoms
from ml.imaging.preprocessing import CANVAS_MARGIN
from ml.imaging.training import Abort, Lessons, Progress, TrainingSettings, train_member
from ml.training.device import Device

PHANTOM_SEED = 7
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Design:
    """All choices of an ensemble; documented on `ImageAutoencoderGANClassifier`."""

    members: int
    inner_folds: int
    phantoms: int
    phantom_steps: int
    coverage: float
    refused_share: float
    shape: NetworkShape
    training: TrainingSettings
    changes: AugmentationSettings

    @property
    def canvas_side(self) -> int:
        """Of the canvases that are kept for augmentation, in pixels."""
        return round(CANVAS_MARGIN * self.shape.size)


@dataclass(frozen=True)
class Schooling:
    """What all members share before they see a patient's picture: phantoms, and the weights learnt from them."""

    phantoms: Phantoms | None
    start: Weights | None


@dataclass(frozen=True)
class FittedEnsemble:
    """Networks, and what was learnt about their output from pictures they had not seen."""

    networks: Sequence[AutoencoderGAN]
    calibration: LogisticCalibration
    conformal: ConformalSets
    texture: Distance
    kind: KindBoundary
    features: Sequence[Distance]  # one per member
    novelty: NoveltyScale
    fingerprints: NDArray[np.uint8]  # (n, 32), of the training pictures

    def novelty_readings(self, readings: Readings, figures: NDArray[np.float64]) -> NDArray[np.float64]:
        """The readings of novelty `(n, 5)`, of pictures with these simple figures `(n, figures)`."""
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
    canvases: Tensor,
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    design: Design,
    device: Device,
    *,
    seed: int,
    school: Schooling | None = None,
    progress: Progress | None = None,
    abort: Abort | None = None,
) -> FittedEnsemble:
    """Fit one ensemble.

    Args:
        canvases: `(n, 1, side, side)` uint8, of `design.canvas_side`.
        labels: `(n,)`, indices into `networks.CLASSES`.
        groups: `(n,)`; pictures of one group are left out together.
        design: the ensemble's choices.
        device: where to train.
        seed: of everything random.
        school: what the members start from; made here when absent.
        progress: called as `progress(done, total)` in optimiser steps.
        abort: asked at every step.

    Raises:
        TrainingAborted: when `abort` said so.
    """
    total = design.training.steps * design.members
    if school is None:
        extra = design.phantom_steps if design.phantoms else 0
        school = schooling(design, device, seed, _within(progress, 0, total + extra))
        progress = _within(progress, extra, total + extra)
    left_out = _left_out(labels, groups, design, seed)
    networks = []
    for member, rows in enumerate(left_out):
        seen = torch.from_numpy(np.flatnonzero(~rows))
        lessons = Lessons(canvases[seen], torch.from_numpy(labels)[seen], school.phantoms)
        done = member * design.training.steps
        networks.append(
            train_member(
                lessons,
                design.shape,
                design.training,
                design.changes,
                device,
                seed=(1000 * seed + member) % 2**31,
                start=school.start,
                progress=_within(progress, done, total),
                abort=abort,
            )
        )
    looks = genuine_looks(canvases, design.changes, seed)
    return _conclude(networks, canvases, labels, left_out, looks=looks, design=design)


def _within(progress: Progress | None, before: int, total: int) -> Callable[[int, int], None] | None:
    """A part's progress as progress of the whole."""
    if progress is None:
        return None
    report = progress
    return lambda done, _: report(before + done, total)


def _left_out(labels: NDArray[np.int64], groups: NDArray[np.int64], design: Design, seed: int) -> NDArray[np.bool_]:
    """Which pictures each member leaves out: `(members, n)`; none where a class has too few groups to divide."""
    left_out = np.zeros((design.members, len(labels)), dtype=np.bool_)
    outcomes = (labels == MALIGNANT).astype(np.int64)
    smallest = min((len(np.unique(groups[outcomes == outcome])) for outcome in np.unique(outcomes)), default=0)
    folds = min(design.inner_folds, smallest)
    if folds < 2:
        return left_out
    for first in range(0, design.members, folds):
        division = grouped_folds(outcomes, groups, folds, (seed + first) % 2**31)
        for member, (_, rows) in enumerate(division, start=first):
            if member < design.members:
                left_out[member, rows] = True
    return left_out


def _conclude(
    networks: Sequence[AutoencoderGAN],
    canvases: Tensor,
    labels: NDArray[np.int64],
    left_out: NDArray[np.bool_],
    *,
    looks: GenuineLooks,
    design: Design,
) -> FittedEnsemble:
    """Learn calibration, conformal thresholds and novelty from judgements on pictures not seen."""
    judged = left_out.any(axis=0)
    readings = read(networks, canvases)
    log_odds = _unseen_mean(readings.log_odds, left_out)
    outcomes = (labels == MALIGNANT).astype(np.int64)
    calibration = LogisticCalibration(1.0, 0.0)
    conformal = ConformalSets(design.coverage, 0.0, 0.0)
    if judged.any() and len(np.unique(outcomes[judged])) == 2:
        calibration = fit_calibration(log_odds[judged], outcomes[judged])
        conformal = fit_conformal(calibration.probability(log_odds[judged]), outcomes[judged], design.coverage)
    return FittedEnsemble(
        networks=networks,
        calibration=calibration,
        conformal=conformal,
        texture=looks.distance(),
        kind=looks.boundary(),
        features=[Distance.fit(features[~rows]) for features, rows in zip(readings.features, left_out, strict=True)],
        novelty=_novelty_scale(networks, readings, left_out, looks, design),
        fingerprints=fingerprints(canvases),
    )


def _novelty_scale(
    networks: Sequence[AutoencoderGAN],
    readings: Readings,
    left_out: NDArray[np.bool_],
    looks: GenuineLooks,
    design: Design,
) -> NoveltyScale:
    """From left-out pictures, plain and augmented, by members, figures and boundaries that did not see them."""
    changed = read(networks, looks.changed)
    rows = []
    for member, unseen in enumerate(left_out if left_out.any() else np.ones_like(left_out)):
        seen = ~unseen if left_out.any() else unseen
        if not unseen.any():
            continue
        distance, boundary = looks.distance(seen), looks.boundary(seen)
        deep = Distance.fit(readings.features[member][seen])
        for source, figures in ((readings, looks.plain), (changed, looks.augmented[0])):
            rows.append(
                np.stack(
                    [
                        distance.of(figures[unseen]),
                        boundary.of(figures[unseen]),
                        deep.of(source.features[member][unseen]),
                        source.reconstruction_error[member][unseen],
                        source.fake_score[member][unseen],
                    ],
                    axis=1,
                )
            )
    return NoveltyScale.fit(np.concatenate(rows), design.refused_share)


def _unseen_mean(values: NDArray[np.float64], left_out: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the members that did not see the picture; over all members where every one saw it."""
    weights = np.where(left_out.any(axis=0), left_out, True).astype(np.float64)
    return np.asarray((values * weights).sum(axis=0) / weights.sum(axis=0))
