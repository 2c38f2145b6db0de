"""What the folds' ensembles say of the pictures that they did not see, plain and with marks masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from ml.imaging.evaluation.folds import FoldPlan, kept_ensemble
from ml.imaging.evaluation.material import Material
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.marks import find_marks, mask_marks
from ml.imaging.plain_faults import plain_faults
from ml.imaging.training import Progress
from ml.imaging.views import make_views

Picture = NDArray[np.uint8]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class OutOfFold:
    """Per picture of the whole set, by the ensemble of the fold that held it out.

    Attributes:
        fold: `(n,)`.
        raw: `(n,)`, probability of malignant before calibration.
        calibrated: `(n,)`.
        single: `(n,)`, log-odds by each ensemble's first network alone.
        whole: `(n,)`, log-odds by the networks that see the whole picture; `close`: by those that look closer.
        masked: `(n,)`, calibrated, with marks masked; `masked_raw`: before calibration.
        labels: `(n, 2)`, conformal sets.
        novelty: `(n,)`, divided by the fold's refusal threshold: above 1 is refused.
        baseline: `(n,)`, ResNet-18's log-odds, or None.
        marks: `(n,)`, share of the picture that was masked.
        evidence: `(n, GRID, GRID)`, mean over the networks.
    """

    fold: NDArray[np.int64]
    raw: Values
    calibrated: Values
    single: Values
    whole: Values
    close: Values
    masked: Values
    masked_raw: Values
    labels: NDArray[np.bool_]
    novelty: Values
    baseline: Values | None
    marks: Values
    evidence: NDArray[np.float32]


def read_folds(plan: FoldPlan, ready: Material, *, baseline: bool, progress: Progress | None = None) -> OutOfFold:
    """Read every fold's test pictures.

    Args:
        plan: says where the folds' models are kept.
        ready: the set.
        baseline: whether ResNet-18 was fitted too.
        progress: called as `progress(done, total)` in folds.
    """
    count = len(ready.groups)
    threshold = plan.classifier.threshold
    masked_pictures = [mask_marks(picture) for picture in ready.pictures.pictures]
    masked_views = make_views(masked_pictures, ready.views.whole.shape[-1], kept_ensemble(plan, 0).finder)
    result: dict[str, NDArray[np.generic]] = {}

    def put(name: str, rows: NDArray[np.int64], values: NDArray[np.generic]) -> None:
        whole = result.setdefault(name, np.zeros((count, *values.shape[1:]), dtype=values.dtype))
        whole[rows] = values

    for fold, (_, test) in enumerate(ready.division):
        ensemble = kept_ensemble(plan, fold)
        rows = torch.from_numpy(test)
        views = ready.views.select(rows)
        readings = ensemble.read(views)
        masked = ensemble.read(masked_views.select(rows))
        log_odds = readings.log_odds.mean(axis=0)
        calibrated = ensemble.calibration.probability(log_odds)
        novelty = ensemble.novelty.score(ensemble.novelty_readings(readings, views))
        put("fold", test, np.full(len(test), fold))
        put("raw", test, np.asarray(expit(log_odds)))
        put("calibrated", test, calibrated)
        put("single", test, readings.log_odds[0])
        for look in ("whole", "close"):
            own = [index for index, name in enumerate(ensemble.looks) if name == look] or [0]
            put(look, test, readings.log_odds[own].mean(axis=0))
        put("masked", test, ensemble.calibration.probability(masked.log_odds.mean(axis=0)))
        put("masked_raw", test, np.asarray(expit(masked.log_odds.mean(axis=0))))
        put("labels", test, ensemble.conformal.contains(calibrated, threshold))
        put("novelty", test, novelty / ensemble.novelty.threshold)
        put("evidence", test, readings.evidence.mean(axis=0))
        if baseline:
            put("baseline", test, np.load(plan.path("resnet", fold)))
        if progress is not None:
            progress(fold + 1, len(ready.division))
    marks = np.array([find_marks(picture).mean() for picture in ready.pictures.pictures])
    return OutOfFold(**{"baseline": None, "marks": marks, **result})  # type: ignore[arg-type]


def refusals(ensembles: Sequence[FittedEnsemble], pictures: Sequence[Picture], side: int) -> tuple[Values, Values]:
    """Novelty relative to the threshold, and the share of the folds' ensembles that refuse, both `(n,)`.

    A picture with a fault that anyone would see is refused by all, its novelty infinite.
    """
    faulty = np.array([bool(plain_faults(picture)) for picture in pictures])
    score, share = np.full(len(pictures), np.inf), np.ones(len(pictures))
    left = np.flatnonzero(~faulty)
    if len(left):
        chosen = [pictures[row] for row in left.tolist()]
        views = make_views(chosen, side, ensembles[0].finder)
        relative = np.stack(
            [
                ensemble.novelty.score(ensemble.novelty_readings(ensemble.read(views), views))
                / ensemble.novelty.threshold
                for ensemble in ensembles
            ]
        )
        score[left], share[left] = relative.mean(axis=0), (relative > 1.0).mean(axis=0)
    return score, share
