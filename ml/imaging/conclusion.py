"""What is learnt from the networks' judgements of pictures that they left out: calibration, sets and novelty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.calibration import LogisticCalibration, fit_calibration
from ml.conformal import ConformalSets, fit_conformal
from ml.imaging.design import Design, Schooling
from ml.imaging.duplicates import fingerprints
from ml.imaging.ensemble import Readings, read
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.looks import GenuineLooks, genuine_looks
from ml.imaging.networks import MALIGNANT, AutoencoderGAN
from ml.imaging.novelty import Distance, NoveltyScale
from ml.imaging.views import Views, complete

EXPECTED = (0.2, 0.2)  # of the calibration: the networks' own odds are nearly right, and few pictures are left out


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
