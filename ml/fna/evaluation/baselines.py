"""Other classifiers on the same folds, preprocessing and tuning inside each training part."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ml.fna.evaluation.out_of_fold import folds
from ml.fna.preprocessing import FnaPreprocessor
from ml.fna.reference import reference_cases

INNER_FOLDS = 5
MLP_NETWORKS = 5
MLP_EPOCHS = 100

Rows = NDArray[np.float64]
Outcomes = NDArray[np.int64]


def _inner(seed: int) -> StratifiedKFold:
    return StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=seed)


def logistic_regression(X: Rows, y: Outcomes, seed: int) -> Any:
    """L2-penalised on z-scores, C by log loss of inner folds."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    grid = {"logisticregression__C": [0.03, 0.1, 0.3, 1.0, 3.0, 10.0]}
    return GridSearchCV(model, grid, scoring="neg_log_loss", cv=_inner(seed)).fit(X, y)


def linear_svm(X: Rows, y: Outcomes, seed: int) -> Any:
    """Linear SVM on z-scores, C by accuracy of inner folds."""
    return _svm("linear", {"svc__C": [0.01, 0.03, 0.1, 0.3, 1.0]}, X, y, seed)


def rbf_svm(X: Rows, y: Outcomes, seed: int) -> Any:
    """RBF SVM on z-scores, C and γ by accuracy of inner folds."""
    grid = {"svc__C": [1.0, 3.0, 10.0, 30.0], "svc__gamma": [0.003, 0.01, 0.03]}
    return _svm("rbf", grid, X, y, seed)


def _svm(kernel: str, grid: dict[str, list[float]], X: Rows, y: Outcomes, seed: int) -> Any:
    """Tuned, then given probabilities by Platt's sigmoid on inner folds."""
    model = make_pipeline(StandardScaler(), SVC(kernel=kernel))
    tuned = GridSearchCV(model, grid, scoring="accuracy", cv=_inner(seed), refit=False).fit(X, y)
    model.set_params(**tuned.best_params_)
    return CalibratedClassifierCV(model, method="sigmoid", cv=_inner(seed), ensemble=False).fit(X, y)


def random_forest(X: Rows, y: Outcomes, seed: int) -> Any:
    """300 trees."""
    return RandomForestClassifier(300, random_state=seed).fit(X, y)


def gradient_boosting(X: Rows, y: Outcomes, seed: int) -> Any:
    """200 stages of depth 3, each on half the rows, learning rate 0.1."""
    model = GradientBoostingClassifier(n_estimators=200, subsample=0.5, max_features="sqrt", random_state=seed)
    return model.fit(X, y)


def multilayer_perceptron(X: Rows, y: Outcomes, seed: int) -> Any:
    """Five networks of 64 hidden units, averaged, on z-score beside Yeo-Johnson."""
    networks = [
        (f"network{index}", MLPClassifier((64,), alpha=1.0, max_iter=MLP_EPOCHS, random_state=100 * seed + index))
        for index in range(MLP_NETWORKS)
    ]
    with warnings.catch_warnings():
        # so few epochs are its regularisation, not a failure to converge
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make_pipeline(FnaPreprocessor(), VotingClassifier(networks, voting="soft")).fit(X, y)


BASELINES: Final[dict[str, Callable[[Rows, Outcomes, int], Any]]] = {
    "logistic regression": logistic_regression,
    "SVM, linear": linear_svm,
    "SVM, RBF": rbf_svm,
    "random forest": random_forest,
    "gradient boosting": gradient_boosting,
    "MLP, five averaged": multilayer_perceptron,
}
"""Each fits `(rows, 30)` and outcomes with a seed and returns a model with `predict_proba`."""


@dataclass(frozen=True)
class BaselineUnit:
    """One baseline on all folds of one repeat."""

    name: str
    repeat: int
    fold_count: int


@dataclass(frozen=True)
class BaselineOutput:
    """Probabilities of malignant of all cases, and the test folds that they come from."""

    name: str
    repeat: int
    tests: list[NDArray[np.int64]]
    probability: NDArray[np.float64]  # (cases,)


def run_baseline(unit: BaselineUnit) -> BaselineOutput:
    """Fit and read one baseline on every fold of one repeat."""
    cases = reference_cases()
    probability = np.zeros(len(cases.y))
    tests = []
    for train, test in folds(cases.y, unit.fold_count, unit.repeat):
        model = BASELINES[unit.name](cases.X[train], cases.y[train], unit.repeat)
        probability[test] = model.predict_proba(cases.X[test])[:, 1]
        tests.append(test)
    return BaselineOutput(unit.name, unit.repeat, tests, probability)
