"""All figures of an evaluation, in JSON's types: what the command prints and the model card keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ml.imaging.evaluation.folds import FoldPlan, kept_ensemble
from ml.imaging.evaluation.localisation import localisation_figures, outlined_pictures
from ml.imaging.evaluation.material import Material
from ml.imaging.evaluation.out_of_fold import OutOfFold, read_folds, refusals
from ml.imaging.evaluation.shifts import shift_figures
from ml.imaging.evaluation.strangers import Strangers, gather
from ml.imaging.evaluation.summary import (
    baseline_figures,
    conformal_figures,
    marks_figures,
    performance,
    referral_figures,
    reliability_bins,
    subgroup_figures,
)
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.training import Progress
from ml.metrics.classification import area_under_roc

Bars = Callable[[str], AbstractContextManager[Progress]]


def report(
    plan: FoldPlan,
    ready: Material,
    *,
    baseline: bool,
    masks: Path | None,
    others: Sequence[Path],
    bars: Bars,
) -> dict[str, Any]:
    """Read the folds' models, which must all be there, and sum up.

    Args:
        plan: says where the models are kept.
        ready: the set.
        baseline: whether ResNet-18 was fitted too.
        masks: folder of pictures of the set with lesions' outlines beside them.
        others: folders with pictures that are no ultrasound.
        bars: opens a progress bar.
    """
    with bars("Reading the folds") as progress:
        out = read_folds(plan, ready, baseline=baseline, progress=progress)
    threshold = plan.classifier.threshold
    figures: dict[str, Any] = {
        "protocol": _protocol(plan, ready),
        "performance": performance(out, ready, threshold),
        "baseline": baseline_figures(out, ready),
        "conformal": conformal_figures(out, ready),
        "referral": referral_figures(out, ready, threshold),
        "marks": marks_figures(out, ready),
        "subgroups": subgroup_figures(out, ready),
        "near_duplicates": ready.grouping(),
        "device": plan.classifier.chosen_device().describe(),
        "torch": torch.__version__,
        "calibration_bins": reliability_bins(out, ready),
    }
    with bars("Reading strangers") as progress:
        strangers = gather(others, ready, progress)
    ensembles = [kept_ensemble(plan, fold) for fold in range(len(ready.division))]
    with bars("Reading shifted pictures") as progress:
        figures["shifts"] = shift_figures(ensembles, ready, progress)
    figures["novelty"] = novelty_figures(out, strangers, ensembles, ready.views.whole.shape[-1])
    if masks is not None:
        figures["evidence"] = localisation_figures(out, outlined_pictures(masks, ready), ensembles)
    return figures


def novelty_figures(
    out: OutOfFold, strangers: Strangers, ensembles: Sequence[FittedEnsemble], side: int
) -> dict[str, Any]:
    """Share of genuine pictures refused; for each kind of stranger the share refused and AUROC against genuine ones."""
    kinds, refused = {}, []
    for kind, pictures in strangers.kinds.items():
        score, share = refusals(ensembles, pictures, side)
        kinds[kind] = {"pictures": len(pictures), "auroc": _told_apart(out.novelty, score), "refused": share.mean()}
        if kind in strangers.from_files:
            refused.append(share)
    ultrasound = {}
    if strangers.ultrasound:
        score, share = refusals(ensembles, list(strangers.ultrasound.values()), side)
        ultrasound = {
            name: {"refused": float(part), "novelty": None if np.isinf(value) else float(value)}
            for name, part, value in zip(strangers.ultrasound, share, score, strict=True)
        }
    return {
        "genuine_refused": float((out.novelty > 1.0).mean()),
        "files_refused": float(np.concatenate(refused).mean()) if refused else None,
        "files_refused_note": "of the files that hold no ultrasound; by pixels alone, tags unread",
        "kinds": {kind: {name: float(value) for name, value in entry.items()} for kind, entry in sorted(kinds.items())},
        "other_ultrasound": ultrasound,
    }


def _told_apart(genuine: NDArray[np.float64], strangers: NDArray[np.float64]) -> float:
    truth = np.repeat([0, 1], [len(genuine), len(strangers)])
    return area_under_roc(truth, np.concatenate([genuine, strangers]))


def _protocol(plan: FoldPlan, ready: Material) -> str:
    classifier = plan.classifier
    left_out = [*ready.excluded, *ready.contradictions]
    told = f"; left out: {', '.join(left_out)}" if left_out else ""
    return (
        f"{len(ready.division)}-fold cross-validation shuffled by seed {plan.seed}, stratified, near duplicates kept "
        f"together ({ready.grouping()['groups']} groups of {len(ready.groups)} pictures){told}; {classifier.members} "
        "members a fold; calibration, conformal thresholds and novelty learnt inside the training folds; malignant "
        "against benign and normal; design chosen on two folds of another division (seed 100) of the same pictures; "
        "intervals of AUC from a bootstrap of groups, the others' from folds (corrected resampled t)"
    )
