"""The Fréchet distance against Gaussians whose distance is known in closed form."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from ml.metrics.images.frechet import frechet_distance, ratio


def whitened(rng: np.random.Generator, count: int, dimensions: int) -> np.ndarray:
    """Rows whose sample mean is exactly 0 and sample covariance exactly the identity."""
    rows = rng.normal(size=(count, dimensions))
    rows -= rows.mean(axis=0)
    orthonormal, _ = np.linalg.qr(rows)
    return orthonormal * np.sqrt(count - 1)


def test_shifted_and_scaled_gaussians() -> None:
    rng = np.random.default_rng(0)
    one = whitened(rng, 50, 3) * [1.0, 2.0, 3.0]
    other = whitened(rng, 80, 3) * [4.0, 2.0, 1.0] + [1.0, 0.0, -2.0]

    # |μ₁ − μ₂|² = 5; commuting covariances: Σ (σ₁ − σ₂)² = 9 + 0 + 4
    assert frechet_distance(one, other) == pytest.approx(18.0)


def test_covariances_that_do_not_commute() -> None:
    rng = np.random.default_rng(1)
    one = whitened(rng, 40, 4) @ rng.normal(size=(4, 4))
    other = whitened(rng, 60, 4) @ rng.normal(size=(4, 4)) + 0.5
    first, second = np.cov(one.T), np.cov(other.T)
    root = sqrtm(first @ second).real

    expected = 4 * 0.25 + np.trace(first + second - 2.0 * root)

    assert frechet_distance(one, other) == pytest.approx(expected)


def test_fewer_rows_than_dimensions() -> None:
    rng = np.random.default_rng(2)
    one = np.zeros((10, 64))
    one[:, :2] = whitened(rng, 10, 2)
    other = np.zeros((8, 64))
    other[:, 2:4] = whitened(rng, 8, 2)  # varies where the first does not: the covariances' product is 0

    assert frechet_distance(one, other) == pytest.approx(4.0)
    assert frechet_distance(one, one) == pytest.approx(0.0, abs=1e-12)


def test_symmetric() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(30, 5)), rng.normal(size=(20, 5)) * 2.0

    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one))


def test_ratio_of_a_perfect_generator_is_near_one_and_of_a_poor_one_small() -> None:
    rng = np.random.default_rng(4)
    train, holdout, good = (rng.normal(size=(count, 6)) for count in (500, 300, 400))

    perfect = ratio(train, holdout, good)
    poor = ratio(train, holdout, good + 1.0)

    assert 0.5 < perfect.ratio < 2.0  # both distances are nothing but sampling noise
    assert perfect.count == 270
    assert poor.ratio < 0.05
    # a shift of 1 in each of six dimensions adds 6
    assert poor.real_synthetic - perfect.real_synthetic == pytest.approx(6.0, abs=0.6)


def test_ratio_of_a_copy_is_one_but_for_the_rows_drawn() -> None:
    rng = np.random.default_rng(5)
    train, holdout = rng.normal(size=(300, 4)), rng.normal(size=(300, 4))

    found = ratio(train, holdout, train.copy(), splits=40)

    assert found.ratio == pytest.approx(1.0, abs=0.1)
    assert found.spread > 0.0


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "two rows"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "expected features"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "not finite"),
    ],
)
def test_unusable_features_are_refused(one: np.ndarray, other: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        frechet_distance(one, other)
