"""Metrics of a two-class decision, malignant (1) being the positive class."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, t


@dataclass(frozen=True)
class DecisionMetrics:
    """Shares in [0, 1]; a share of nothing (no positive decisions, say) counts as 0."""

    accuracy: float
    precision: float
    recall: float
    specificity: float
    f1: float

    def as_dict(self) -> dict[str, float]:
        """By name."""
        return asdict(self)


def decision_metrics(y: NDArray[np.int64], decided: NDArray[np.int64]) -> DecisionMetrics:
    """Compare decisions `(n,)` with outcomes `(n,)`, both 0 or 1."""
    true_positive = int(((decided == 1) & (y == 1)).sum())
    precision = _share(true_positive, int((decided == 1).sum()))
    recall = _share(true_positive, int((y == 1).sum()))
    return DecisionMetrics(
        accuracy=float((decided == y).mean()),
        precision=precision,
        recall=recall,
        specificity=_share(int(((decided == 0) & (y == 0)).sum()), int((y == 0).sum())),
        f1=2.0 * precision * recall / (precision + recall) if precision + recall else 0.0,
    )


def area_under_roc(y: NDArray[np.int64], score: NDArray[np.float64]) -> float:
    """Chance that a positive scores above a negative, ties counting half (Mann-Whitney).

    Raises:
        ValueError: when one class is absent.
    """
    positives, negatives = int((y == 1).sum()), int((y == 0).sum())
    if not positives or not negatives:
        raise ValueError("the area under the ROC curve needs cases of both classes")
    ranks = rankdata(score)
    return float((ranks[y == 1].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def accuracy_after_referral(
    y: NDArray[np.int64], decided: NDArray[np.int64], confidence: NDArray[np.float64], referred_share: float
) -> float:
    """Accuracy on the cases left when the least confident `referred_share` are referred to a person.

    The number referred is rounded down, so that no more than the share is.
    """
    referred = int(np.floor(referred_share * len(y)))
    kept = np.argsort(confidence, kind="stable")[referred:]
    return float((decided[kept] == y[kept]).mean())


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float


def corrected_interval(values: NDArray[np.float64], test_share: float) -> Interval:
    """95 % interval of the mean of a repeated cross-validation's per-fold values.

    Folds of different repeats share cases, so the variance is multiplied by 1/n + test/train (the corrected
    resampled t: Nadeau and Bengio, 2003).

    Args:
        values: `(folds × repeats,)`.
        test_share: the test fold's share of all cases; .1 for ten folds.
    """
    count = len(values)
    mean = float(values.mean())
    if count < 2:
        return Interval(mean, float("nan"), float("nan"))
    variance = float(values.var(ddof=1)) * (1.0 / count + test_share / (1.0 - test_share))
    half = float(t.ppf(0.975, count - 1)) * variance**0.5
    return Interval(mean, mean - half, mean + half)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
