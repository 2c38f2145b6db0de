"""The whole row: can a classifier tell synthetic rows from real ones?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from ml.metrics.classification import area_under_roc

TREES = 200
FOLDS = 5
Table = tuple[NDArray[np.float64], NDArray[np.int64]]


def c2st_auc(real: Table, synthetic: Table, *, seed: int = 0, trees: int = TREES) -> float:
    """Classifier two-sample test: area under the ROC curve of a random forest, synthetic against real rows.

    0.5 says that the forest can't tell them apart, 1 that it always can. Every row is judged by a forest that
    did not see it; the diagnosis is one of the columns. Lopez-Paz and Oquab, "Revisiting classifier two-sample
    tests", 2017.

    Args:
        real: rows (n, features) and outcomes (n,) that the generator never saw: against its own training rows a
            copy would look perfect.
        synthetic: likewise.
        seed: of the division and the forests.
        trees: in each forest.

    Raises:
        ValueError: when one of the tables has fewer than FOLDS rows.
    """
    if min(len(real[0]), len(synthetic[0])) < FOLDS:
        raise ValueError(f"the two-sample test needs {FOLDS} rows or more of each kind")
    rows = np.concatenate([np.column_stack(table) for table in (real, synthetic)])
    kinds = np.repeat(np.array([0, 1], dtype=np.int64), [len(real[0]), len(synthetic[0])])
    forest = RandomForestClassifier(trees, class_weight="balanced", random_state=seed)
    division = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    told = cross_val_predict(forest, rows, kinds, cv=division, method="predict_proba")[:, 1]
    return area_under_roc(kinds, told)
