"""The kernel distance against sums worked out by hand and against what its theory promises."""

import numpy as np
import pytest

from ml.metrics.images.kid import kid, squared_mmd


def test_worked_out_by_hand() -> None:
    one, other = np.array([[0.0], [1.0]]), np.array([[2.0], [0.0]])

    # within: k(0, 1) = 1 and k(2, 0) = 1; between: k(0, 2), k(0, 0), k(1, 2), k(1, 0) = 1, 1, 27, 1
    assert squared_mmd(one, other) == pytest.approx(1.0 + 1.0 - 2.0 * 30.0 / 4.0)


def test_unbiased_where_the_distributions_are_equal() -> None:
    rng = np.random.default_rng(0)
    found = np.array([squared_mmd(rng.normal(size=(12, 3)), rng.normal(size=(12, 3))) for _ in range(3000)])
    error = found.std() / np.sqrt(len(found))

    assert abs(found.mean()) < 4.0 * error
    assert (found < 0).mean() > 0.3  # an estimate that were never negative would be biased


def test_the_expected_value_where_they_differ() -> None:
    # for d = 1 the kernel is 1 + 3xy + 3x²y² + x³y³: the squared differences of the first three moments, weighted
    rng = np.random.default_rng(1)
    found = np.array([squared_mmd(rng.normal(size=(40, 1)), 0.5 + rng.normal(size=(40, 1))) for _ in range(3000)])
    expected = 3 * 0.5**2 + 3 * 0.25**2 + (3 * 0.5 + 0.125) ** 2

    assert abs(found.mean() - expected) < 4.0 * found.std() / np.sqrt(len(found))


def test_subsets_of_equal_and_of_shifted_sets() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(300, 8)), rng.normal(size=(150, 8))

    equal, shifted = kid(one, other, seed=1), kid(one, other + 0.5, seed=1)

    assert equal.subset_size == 75
    assert equal.covers(0.0)
    assert not equal.covers(shifted.mean)
    assert shifted.low > 0.0
    assert kid(one, other, seed=1) == equal
    assert kid(one, other, seed=2) != equal


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="four rows"):
        kid(np.zeros((3, 2)), np.zeros((9, 2)))
    with pytest.raises(ValueError, match="expected features"):
        kid(np.zeros((9, 2)), np.zeros((9, 3)))
