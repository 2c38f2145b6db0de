"""What a membership attack achieves: telling training records from others by a score, high meaning "was trained on"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ml.metrics.privacy.distances import nearest_distances
from ml.metrics.privacy.intervals import Estimate, binomial_interval, normal_interval

FALSE_POSITIVES = 0.01


@dataclass(frozen=True)
class Attack:
    """An attack's success.

    Attributes:
        auc: chance that a member scores above a non-member, 0.5 for guessing.
        tpr: share of the members found when one non-member in a hundred is falsely named.
    """

    auc: Estimate
    tpr: Estimate


def membership_auc(members: NDArray[np.float64], others: NDArray[np.float64]) -> Estimate:
    """Area under the ROC curve of scores `(n,)` against `(m,)`; DeLong's interval (Biometrics 44, 1988), ties half.

    Raises:
        ValueError: with fewer than two members or two others.
    """
    n, m = len(members), len(others)
    if min(n, m) < 2:
        raise ValueError("a membership attack is measured on at least two members and two others")
    ranks = rankdata(np.concatenate([members, others]))
    of_members = (ranks[:n] - rankdata(members)) / m
    of_others = 1.0 - (ranks[n:] - rankdata(others)) / n
    variance = of_members.var(ddof=1) / n + of_others.var(ddof=1) / m
    return normal_interval(float(of_members.mean()), float(variance**0.5))


def tpr_at_fpr(
    members: NDArray[np.float64], others: NDArray[np.float64], false_positives: float = FALSE_POSITIVES
) -> Estimate:
    """Share of members above the score that at most `false_positives` of the others exceed.

    With fewer than 1 / `false_positives` others none may exceed it. How many others really exceed the threshold is
    itself uncertain, so the lower limit is the share's exact one less what the false positives' upper limit exceeds
    `false_positives` by: members found that false alarms can't explain.
    """
    allowed = int(np.floor(false_positives * len(others)))
    threshold = np.sort(others)[::-1][allowed]
    found = binomial_interval(int((members > threshold).sum()), len(members))
    alarms = binomial_interval(int((others > threshold).sum()), len(others))
    return Estimate(found.value, max(0.0, found.low - max(0.0, alarms.high - false_positives)), found.high)


def attack(members: NDArray[np.float64], others: NDArray[np.float64]) -> Attack:
    """Sum up an attack's scores of members `(n,)` and of others `(m,)`."""
    return Attack(membership_auc(members, others), tpr_at_fpr(members, others))


def distance_attack(train: NDArray[np.float64], holdout: NDArray[np.float64], synthetic: NDArray[np.float64]) -> Attack:
    """Name those as members that lie close to a synthetic record (Chen et al., GAN-Leaks, 2020, full black box).

    Args:
        train: members `(n, d)`, in the same space as the others.
        holdout: records of the same source that were not trained on `(m, d)`.
        synthetic: `(k, d)`.
    """
    return attack(-nearest_distances(train, synthetic), -nearest_distances(holdout, synthetic))
