"""Figures from out-of-fold output: decisions, probabilities, prediction sets, referral and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.fna.evaluation.corruption import KINDS
from ml.fna.evaluation.out_of_fold import FoldOutput
from ml.fna.reference import reference_cases
from ml.metrics.calibration import (
    brier_score,
    calibration_error_if_perfect,
    expected_calibration_error,
    reliability,
)
from ml.metrics.classification import (
    accuracy_after_referral,
    area_under_roc,
    corrected_interval,
    decision_metrics,
)

REFERRED_SHARES = (0.05, 0.08, 0.10)
Values = NDArray[np.float64]


def by_repeat(outputs: Sequence[FoldOutput], field: str) -> list[NDArray[Any]]:
    """One array per repeat, in the order of the cases, of a per-case field of the outputs."""
    whole: dict[int, NDArray[Any]] = {}
    for output in outputs:
        values = getattr(output, field)
        cases = len(reference_cases().y)
        target = whole.setdefault(output.repeat, np.zeros((cases, *values.shape[1:]), dtype=values.dtype))
        target[output.test] = values
    return [whole[repeat] for repeat in sorted(whole)]


def performance(
    per_fold: Sequence[tuple[NDArray[np.int64], Values]], per_repeat: Sequence[Values], threshold: float
) -> dict[str, Any]:
    """Decision and probability figures of any classifier.

    Accuracy, precision, recall and F1 are means over folds, with corrected 95 % intervals. AUC, Brier score
    and expected calibration error (ten equal-width bins) are means over repeats, each from the pooled
    out-of-fold probabilities of all cases; their spread is the standard deviation over repeats.

    Args:
        per_fold: test indices and probabilities of malignant of every fold of every repeat.
        per_repeat: probabilities of all cases, one array a repeat.
        threshold: probability from which the decision is malignant.
    """
    y = reference_cases().y
    decisions = [decision_metrics(y[test], _decide(p, threshold)).as_dict() for test, p in per_fold]
    test_share = float(np.mean([len(test) for test, _ in per_fold])) / len(y)
    figures: dict[str, Any] = {
        name: asdict(corrected_interval(np.array([entry[name] for entry in decisions]), test_share))
        for name in decisions[0]
    }
    pooled = {
        "auc": [area_under_roc(y, p) for p in per_repeat],
        "brier": [brier_score(y, p) for p in per_repeat],
        "ece": [expected_calibration_error(y, p) for p in per_repeat],
        "pooled_accuracy": [decision_metrics(y, _decide(p, threshold)).accuracy for p in per_repeat],
    }
    for name, values in pooled.items():
        figures[name] = {
            "mean": float(np.mean(values)),
            "sd": float(np.std(values, ddof=min(1, len(values) - 1))),
        }
    return figures


def ensemble_performance(outputs: Sequence[FoldOutput], threshold: float) -> dict[str, Any]:
    """`performance` of the calibrated probabilities, beside Brier score and ECE before calibration."""
    y = reference_cases().y
    figures = performance(
        [(output.test, output.calibrated) for output in outputs], by_repeat(outputs, "calibrated"), threshold
    )
    calibrated = by_repeat(outputs, "calibrated")
    figures["ece_if_perfect"] = float(np.mean([calibration_error_if_perfect(p) for p in calibrated]))
    raw = by_repeat(outputs, "raw")
    figures["before_calibration"] = {
        "brier": float(np.mean([brier_score(y, p) for p in raw])),
        "ece": float(np.mean([expected_calibration_error(y, p) for p in raw])),
    }
    return figures


def reliability_bins(outputs: Sequence[FoldOutput]) -> dict[str, list[dict[str, float]]]:
    """Reliability before and after calibration, all repeats pooled, for plotting."""
    pooled = {field: np.concatenate(by_repeat(outputs, field)) for field in ("raw", "calibrated")}
    y = np.tile(reference_cases().y, len(pooled["raw"]) // len(reference_cases().y))
    return {
        "before": [entry.as_dict() for entry in reliability(y, pooled["raw"])],
        "after": [entry.as_dict() for entry in reliability(y, pooled["calibrated"])],
    }


def conformal_figures(outputs: Sequence[FoldOutput]) -> dict[str, float]:
    """Coverage, overall and by class, share of singletons and their accuracy; means over repeats."""
    y = reference_cases().y
    rows = np.arange(len(y))
    figures = []
    for labels in by_repeat(outputs, "labels"):
        covered, single = labels[rows, y], labels.sum(axis=1) == 1
        figures.append(
            {
                "coverage": covered.mean(),
                "coverage_benign": covered[y == 0].mean(),
                "coverage_malignant": covered[y == 1].mean(),
                "singletons": single.mean(),
                "accuracy_of_singletons": covered[single].mean(),
            }
        )
    return {name: float(np.mean([entry[name] for entry in figures])) for name in figures[0]}


def referral_figures(outputs: Sequence[FoldOutput], threshold: float) -> dict[str, float]:
    """Accuracy on the rest after referring the least certain shares; means over repeats."""
    y = reference_cases().y
    probabilities = by_repeat(outputs, "calibrated")
    return {
        f"{share:.0%}": float(
            np.mean(
                [accuracy_after_referral(y, _decide(p, threshold), np.abs(p - threshold), share) for p in probabilities]
            )
        )
        for share in REFERRED_SHARES
    }


def novelty_figures(outputs: Sequence[FoldOutput]) -> dict[str, Any]:
    """Share of genuine cases refused; for each kind of corruption AUROC against genuine and share refused.

    AUROC is computed per repeat on scores divided by their fold's threshold, and averaged.
    """
    repeats = sorted({output.repeat for output in outputs})
    refused = [output.novelty > output.novelty_threshold for output in outputs]
    kinds = {}
    for kind in KINDS:
        areas = [_kind_auroc([output for output in outputs if output.repeat == repeat], kind) for repeat in repeats]
        caught = [output.corrupted_novelty[kind] > output.novelty_threshold for output in outputs]
        kinds[kind] = {
            "auroc": float(np.mean(areas)),
            "auroc_lowest": float(np.min(areas)),
            "refused": float(np.concatenate(caught).mean()),
        }
    return {"genuine_refused": float(np.concatenate(refused).mean()), "kinds": kinds}


def _kind_auroc(outputs: Sequence[FoldOutput], kind: str) -> float:
    genuine = np.concatenate([output.novelty / output.novelty_threshold for output in outputs])
    damaged = np.concatenate([output.corrupted_novelty[kind] / output.novelty_threshold for output in outputs])
    truth = np.repeat([0, 1], [len(genuine), len(damaged)])
    return area_under_roc(truth, np.concatenate([genuine, damaged]))


def _decide(probability: Values, threshold: float) -> NDArray[np.int64]:
    return (probability >= threshold).astype(np.int64)
