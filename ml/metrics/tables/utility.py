"""Use: a classifier trained on synthetic rows and tested on real ones (TSTR), paired with one trained on real rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.metrics.classification import area_under_roc

TREES = 200
MODELS: Final = ("logistic_regression", "random_forest")
Table = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class Utility:
    """Of one classifier on real rows that neither it nor the generator saw: shares in [0, 1]."""

    accuracy: float
    auc: float


def utility_of_table(train: Table, test: Table, *, seed: int = 0) -> dict[str, Utility]:
    """Train on `train`, synthetic or real, and test on real `test`.

    Logistic regression on standardised columns (C = 1) and a random forest, both at their usual settings.

    Args:
        train: rows (n, features) and outcomes (n,), both classes present.
        test: likewise.
        seed: of the forest.

    Returns:
        By the names in MODELS.

    Raises:
        ValueError: when `train` or `test` has one class only.
    """
    for name, (_, y) in (("train", train), ("test", test)):
        if len(np.unique(y)) < 2:
            raise ValueError(f"the rows to {name} on must be of both classes")
    models: dict[str, BaseEstimator] = {
        "logistic_regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        "random_forest": RandomForestClassifier(TREES, random_state=seed),
    }
    return {name: _tested(model.fit(*train), test) for name, model in models.items()}


def _tested(model: BaseEstimator, test: Table) -> Utility:
    X, y = test
    chance = model.predict_proba(X)[:, 1]
    return Utility(float(((chance >= 0.5) == y).mean()), area_under_roc(y, chance))
