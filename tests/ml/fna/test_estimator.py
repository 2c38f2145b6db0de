"""`AutoencoderGANClassifier` as scikit-learn's estimator."""

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from ml.fna import AutoencoderGANClassifier
from ml.fna.reference import reference_cases
from ml.fna.schema import FEATURE_NAMES
from ml.fna.training import TrainingAborted

QUICK = {"members": 3, "inner_folds": 3, "steps": 2, "random_state": 0}


def quick(**parameters: Any) -> AutoencoderGANClassifier:
    return AutoencoderGANClassifier(**{**QUICK, **parameters})


@parametrize_with_checks([AutoencoderGANClassifier(members=2, inner_folds=2, steps=80, random_state=0)])
def test_scikit_learns_checks(estimator: AutoencoderGANClassifier, check: Any) -> None:
    check(estimator)


def test_predictions_are_probabilities_and_follow_the_threshold() -> None:
    cases = reference_cases()
    model = quick(steps=30).fit(cases.X, cases.y)

    probability = model.predict_proba(cases.X)

    assert probability.shape == (569, 2)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    np.testing.assert_array_equal(model.predict(cases.X), (probability[:, 1] >= 0.5).astype(int))
    model.set_params(threshold=0.9)
    assert model.predict(cases.X).sum() < (probability[:, 1] >= 0.5).sum()


def test_the_same_seed_learns_the_same_and_another_one_does_not() -> None:
    cases = reference_cases()
    first, again, other = (quick(random_state=seed).fit(cases.X, cases.y).predict_proba(cases.X) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_a_data_frame_is_read_by_name_in_any_order() -> None:
    cases = reference_cases()
    frame = pd.DataFrame(cases.X, columns=list(FEATURE_NAMES))
    model = quick().fit(frame, cases.y)

    turned = frame[frame.columns[::-1]].assign(patient="unknown")

    np.testing.assert_array_equal(model.predict_proba(turned), model.predict_proba(frame))
    assert not np.array_equal(model.predict_proba(frame), quick().fit(cases.X[:, ::-1], cases.y).predict_proba(cases.X))


def test_cross_validation_learns_something() -> None:
    cases = reference_cases()

    scores = cross_val_score(quick(steps=120), cases.X, cases.y, cv=3)

    assert scores.min() > 0.9


def test_grid_search_chooses_among_its_parameters() -> None:
    cases = reference_cases()
    grid = {"preprocessing": ["zscore", "minmax"], "steps": [2, 40]}

    search = GridSearchCV(quick(), grid, cv=2).fit(cases.X, cases.y)

    assert search.best_params_["steps"] == 40


def test_clone_keeps_every_parameter() -> None:
    model = quick(latent=8, threshold=0.4)

    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("labels", [("benign", "malignant"), (2, 4)])
def test_any_two_labels_will_do(labels: tuple[Any, Any]) -> None:
    cases = reference_cases()
    y = np.array(labels)[cases.y]

    model = quick().fit(cases.X, y)

    assert list(model.classes_) == list(labels)
    assert set(model.predict(cases.X)) <= set(labels)


def test_bad_tables_are_refused_in_words() -> None:
    cases = reference_cases()
    with_gap = cases.X.copy()
    with_gap[3, 4] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        quick().fit(with_gap, cases.y)
    with pytest.raises(ValueError, match="one class"):
        quick().fit(cases.X, np.zeros(569))
    with pytest.raises(ValueError, match="3 classes"):
        quick().fit(cases.X, np.arange(569) % 3)


def test_training_reports_progress_and_can_be_stopped() -> None:
    cases = reference_cases()
    seen: list[tuple[int, int]] = []

    quick(steps=45).fit(cases.X, cases.y, progress=lambda done, total: seen.append((done, total)))

    assert seen == [(0, 45), (20, 45), (40, 45), (45, 45)]
    answers = iter([False, True])
    with pytest.raises(TrainingAborted, match="step 20 of 45"):
        quick(steps=45).fit(cases.X, cases.y, abort=lambda: next(answers))


def test_schema_and_intake_do_not_import_torch() -> None:
    program = "import sys, ml.fna, ml.fna.schema, ml.fna.intake; print('torch' in sys.modules)"

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "False"
