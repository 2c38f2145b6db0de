"""Figures from out-of-fold output, in the form that model cards use."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.imaging.evaluation.material import Material
from ml.imaging.evaluation.out_of_fold import OutOfFold
from ml.imaging.networks import CLEAR
from ml.metrics.calibration import (
    brier_score,
    calibration_error_if_perfect,
    expected_calibration_error,
    reliability,
)
from ml.metrics.classification import accuracy_after_referral, area_under_roc, corrected_interval, decision_metrics

DRAWS = 2000
REFERRED_SHARES = (0.05, 0.10, 0.20)
LEAST_OF_A_KIND = 8  # cases of either outcome that a subgroup's area under the curve needs
MARKED = 0.004  # share of a picture from which it counts as bearing marks
Values = NDArray[np.float64]
Figures = dict[str, float]


def performance(out: OutOfFold, ready: Material, threshold: float) -> dict[str, Any]:
    """Decisions per fold with corrected 95 % intervals; probabilities pooled over all pictures."""
    y = ready.pictures.outcomes
    folds = [out.fold == fold for fold in range(len(ready.division))]
    decisions = [decision_metrics(y[rows], _decide(out.calibrated[rows], threshold)).as_dict() for rows in folds]
    figures: dict[str, Any] = {
        name: asdict(corrected_interval(np.array([entry[name] for entry in decisions]), 1.0 / len(folds)))
        for name in decisions[0]
    }
    figures["auc"] = area_with_interval(y, out.raw, ready.groups)
    figures["auc_by_fold"] = [area_under_roc(y[rows], out.raw[rows]) for rows in folds]
    figures["auc_mean_of_folds"] = asdict(corrected_interval(np.array(figures["auc_by_fold"]), 1.0 / len(folds)))
    figures["auc_malignant_against_benign_lesions"] = _without_clear(out.raw, ready)
    for name in ("single", "whole", "close"):
        figures[f"auc_{name}"] = {"mean": area_under_roc(y, getattr(out, name))}
    figures["brier"] = {"mean": brier_score(y, out.calibrated)}
    figures["ece"] = {"mean": expected_calibration_error(y, out.calibrated)}
    figures["ece_if_perfect"] = calibration_error_if_perfect(out.calibrated)
    figures["before_calibration"] = {
        "brier": brier_score(y, out.raw),
        "ece": expected_calibration_error(y, out.raw),
    }
    return figures


def baseline_figures(out: OutOfFold, ready: Material) -> dict[str, Any]:
    """ResNet-18 on the same folds, and how much it lags behind, with intervals over groups."""
    if out.baseline is None:
        return {}
    y = ready.pictures.outcomes
    difference = _bootstrap(
        ready.groups,
        lambda rows: area_under_roc(y[rows], out.raw[rows]) - area_under_roc(y[rows], _of(out.baseline)[rows]),
        y,
    )
    return {
        "name": "torchvision ResNet-18 from scratch, 96 × 96",
        "auc": area_with_interval(y, out.baseline, ready.groups),
        "auc_by_fold": [
            area_under_roc(y[out.fold == fold], out.baseline[out.fold == fold]) for fold in range(len(ready.division))
        ],
        "auc_malignant_against_benign_lesions": _without_clear(out.baseline, ready),
        "ours_minus_baseline": {
            "mean": area_under_roc(y, out.raw) - area_under_roc(y, out.baseline),
            "low": difference[0],
            "high": difference[1],
        },
    }


def conformal_figures(out: OutOfFold, ready: Material) -> Figures:
    """Coverage, overall and by class, share of singletons and their accuracy."""
    y = ready.pictures.outcomes
    covered, single = out.labels[np.arange(len(y)), y], out.labels.sum(axis=1) == 1
    return {
        "coverage": float(covered.mean()),
        "coverage_benign": float(covered[y == 0].mean()),
        "coverage_malignant": float(covered[y == 1].mean()),
        "singletons": float(single.mean()),
        "accuracy_of_singletons": float(covered[single].mean()) if single.any() else 0.0,
    }


def referral_figures(out: OutOfFold, ready: Material, threshold: float) -> Figures:
    """Accuracy on the rest after leaving the least certain shares to people."""
    y, confidence = ready.pictures.outcomes, np.abs(out.calibrated - threshold)
    decided = _decide(out.calibrated, threshold)
    return {f"{share:.0%}": accuracy_after_referral(y, decided, confidence, share) for share in REFERRED_SHARES}


def marks_figures(out: OutOfFold, ready: Material) -> dict[str, Any]:
    """What masking burned-in marks does to the answers."""
    y = ready.pictures.outcomes
    marked = out.marks > MARKED
    flipped = (out.calibrated >= 0.5) != (out.masked >= 0.5)
    change = _bootstrap(
        ready.groups,
        lambda rows: area_under_roc(y[rows], out.masked_raw[rows]) - area_under_roc(y[rows], out.raw[rows]),
        y,
    )
    return {
        "pictures_with_marks": int(marked.sum()),
        "auc_as_they_are": area_under_roc(y, out.raw),
        "auc_masked": area_under_roc(y, out.masked_raw),
        "change": {
            "mean": area_under_roc(y, out.masked_raw) - area_under_roc(y, out.raw),
            "low": change[0],
            "high": change[1],
        },
        "mean_change_of_probability": float((out.masked - out.calibrated).mean()),
        "decisions_changed": float(flipped.mean()),
    }


def subgroup_figures(out: OutOfFold, ready: Material) -> list[dict[str, Any]]:
    """Area under the curve and error rates by what the pictures themselves tell."""
    y = ready.pictures.outcomes
    mean = ready.views.whole.float().mean((1, 2, 3)).numpy()
    sizes = np.bincount(ready.groups)[ready.groups]
    parts = {
        "with marks or bright strands": out.marks > MARKED,
        "without marks": out.marks <= MARKED,
        "darker half": mean <= np.median(mean),
        "brighter half": mean > np.median(mean),
        "with a near duplicate in the set": sizes > 1,
        "without a near duplicate": sizes == 1,
        "with a lesion": ready.pictures.labels != CLEAR,
    }
    return [
        {
            "name": name,
            "cases": int(rows.sum()),
            "malignant": int(y[rows].sum()),
            **area_with_interval(y[rows], out.raw[rows], ready.groups[rows]),
            **{
                key: value
                for key, value in decision_metrics(y[rows], _decide(out.calibrated[rows], 0.5)).as_dict().items()
                if key in {"accuracy", "recall", "specificity"}
            },
        }
        for name, rows in parts.items()
        if min(int(y[rows].sum()), int((1 - y[rows]).sum())) >= LEAST_OF_A_KIND
    ]


def reliability_bins(out: OutOfFold, ready: Material) -> dict[str, list[Figures]]:
    """Reliability before and after calibration, for plotting."""
    y = ready.pictures.outcomes
    return {
        "before": [entry.as_dict() for entry in reliability(y, out.raw)],
        "after": [entry.as_dict() for entry in reliability(y, out.calibrated)],
    }


def area_with_interval(y: NDArray[np.int64], score: Values, groups: NDArray[np.int64]) -> Figures:
    """Area under the curve with a 95 % interval from a bootstrap of whole groups of near duplicates."""
    low, high = _bootstrap(groups, lambda rows: area_under_roc(y[rows], score[rows]), y)
    return {"mean": area_under_roc(y, score), "low": low, "high": high}


def _without_clear(score: Values, ready: Material) -> Figures:
    rows = ready.pictures.labels != CLEAR
    return area_with_interval(ready.pictures.outcomes[rows], score[rows], ready.groups[rows])


def _bootstrap(groups: NDArray[np.int64], figure: Any, y: NDArray[np.int64]) -> tuple[float, float]:
    """2.5th and 97.5th percentile of a figure over draws of whole groups, with replacement."""
    rng = np.random.default_rng(0)
    _, codes = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(codes == group) for group in range(int(codes.max()) + 1)]
    found = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[group] for group in rng.integers(0, len(members), len(members))])
        if 0 < y[rows].sum() < len(rows):
            found.append(figure(rows))
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _of(values: Values | None) -> Values:
    assert values is not None
    return values


def _decide(probability: Values, threshold: float) -> NDArray[np.int64]:
    return (probability >= threshold).astype(np.int64)
