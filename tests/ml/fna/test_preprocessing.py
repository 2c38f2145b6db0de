"""Cleaning and scaling."""

import numpy as np
import pytest
from scipy.stats import skew
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from ml.fna.preprocessing import METHODS, FnaPreprocessor, clean, yeo_johnson
from ml.fna.reference import reference_cases


@parametrize_with_checks([FnaPreprocessor(method) for method in METHODS])
def test_scikit_learns_checks(estimator, check) -> None:  # type: ignore[no-untyped-def]
    check(estimator)


def test_cleaning_drops_gaps_and_repeats_and_keeps_the_order() -> None:
    X = np.array([[3.0, 1.0], [1.0, 2.0], [np.nan, 2.0], [3.0, 1.0], [1.0, np.inf], [0.0, 0.0]])

    cleaned = clean(X, np.array([0, 1, 0, 0, 1, 1]))

    assert cleaned.kept.tolist() == [0, 1, 5]
    assert cleaned.y.tolist() == [0, 1, 1]
    assert (cleaned.incomplete, cleaned.duplicates) == (2, 1)


def test_wdbc_needs_no_cleaning() -> None:
    cases = reference_cases()

    assert len(clean(cases.X, cases.y).y) == 569


def test_z_scores_agree_with_scikit_learn_and_are_clipped() -> None:
    X = reference_cases().X

    scaled = FnaPreprocessor("zscore", clip=4.0).fit_transform(X)

    np.testing.assert_allclose(scaled, StandardScaler().fit_transform(X).clip(-4, 4))


def test_min_max_fills_its_range() -> None:
    scaled = FnaPreprocessor("minmax").fit_transform(reference_cases().X)

    np.testing.assert_allclose(scaled.min(axis=0), -1.0)
    np.testing.assert_allclose(scaled.max(axis=0), 1.0)


def test_yeo_johnson_agrees_with_scikit_learn() -> None:
    x = np.random.default_rng(0).normal(size=(200, 4)) * [1, 3, 0.1, 10]
    reference = PowerTransformer(standardize=False).fit(x)

    np.testing.assert_allclose(yeo_johnson(x, reference.lambdas_), reference.transform(x), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("power", [0.0, 2.0])
def test_yeo_johnson_at_its_two_logarithms(power: float) -> None:
    x = np.array([[1.5], [-1.5]])

    found = yeo_johnson(x, np.array([power]))

    side = 0 if power == 0.0 else 1  # λ = 0 bends positive values by log1p, λ = 2 negative ones
    assert abs(found[side, 0]) == pytest.approx(np.log1p(1.5))


def test_the_default_adds_less_skewed_columns_beside_the_z_scores() -> None:
    X = reference_cases().X

    scaled = FnaPreprocessor(clip=100.0).fit_transform(X)

    assert scaled.shape == (569, 60)
    assert np.abs(skew(scaled[:, 30:])).max() < 0.5 < np.abs(skew(scaled[:, :30])).max()


def test_training_rows_alone_set_the_scale() -> None:
    X = reference_cases().X
    fitted = FnaPreprocessor().fit(X[:300])
    before = fitted.transform(X[300:301])

    after = fitted.transform(np.vstack([X[300:301], X[300:] * 50]))[:1]

    np.testing.assert_array_equal(before, after)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="minmax"):
        FnaPreprocessor("ranks").fit(reference_cases().X)  # type: ignore[arg-type]
