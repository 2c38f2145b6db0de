"""Fitting an ensemble: phantoms first, then patients' pictures, then what was learnt about pictures not seen.

The members each leave out another part of the training pictures, near duplicates together. So pictures are judged by
members that did not see them, and calibration, conformal thresholds and novelty are learnt from those judgements
(as in cross-conformal prediction and the jackknife+).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ml.imaging.conclusion import conclude
from ml.imaging.design import Design, Schooling
from ml.imaging.division import grouped_folds
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.networks import MALIGNANT, AutoencoderGAN
from ml.imaging.training import Abort, Lessons, Progress, train_member
from ml.imaging.views import Views
from ml.training.device import Device

CLOSE_SEED = 500  # added to the seeds of networks that look closely


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
