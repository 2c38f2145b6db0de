"""Measures of synthetic tables on cases whose answer is known."""

import numpy as np
import pytest

from ml.fna.reference import reference_cases
from ml.metrics.tables import MODELS, c2st_auc, correlation_difference, ks_complement, ks_complements, utility_of_table


def two_classes(rng: np.random.Generator, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(count) % 2
    return rng.standard_normal((count, 4)) @ np.array([[1, 0.8, 0, 0], [0, 0.6, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]) + (
        3.0 * y[:, None]
    ), y


def test_ks_of_the_same_and_of_disjoint_columns() -> None:
    one = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])
    other = np.array([[4.0, 11.0], [3.0, 12.0], [2.0, 13.0], [1.0, 14.0]])

    assert ks_complements(one, other).tolist() == [1.0, 0.0]
    assert ks_complement(one, other) == 0.5


def test_ks_counts_ties_and_unequal_sizes_by_hand() -> None:
    real, synthetic = np.array([[0.0], [0.0], [1.0], [1.0]]), np.array([[0.0], [1.0], [1.0]])

    assert ks_complement(real, synthetic) == pytest.approx(1 - (1 / 2 - 1 / 3))


def test_correlations_of_the_same_table_do_not_differ() -> None:
    table = two_classes(np.random.default_rng(0))

    difference = correlation_difference(table, table)

    assert (difference.pooled, difference.within) == (0.0, 0.0)


def test_shuffled_columns_lose_their_correlations() -> None:
    rng = np.random.default_rng(0)
    X, y = two_classes(rng, 4000)
    shuffled = X.copy()
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        for column in range(4):
            shuffled[rows, column] = X[rng.permutation(rows), column]

    difference = correlation_difference((X, y), (shuffled, y))

    assert difference.within == pytest.approx(0.8 / 6, abs=0.03)  # one of six pairs was correlated, by 0.8
    assert difference.pooled < difference.within  # the distance between the classes hides most of it


def test_correlations_need_both_classes() -> None:
    X, y = two_classes(np.random.default_rng(0))

    with pytest.raises(ValueError, match="two rows or more of each class"):
        correlation_difference((X, y), (X[y == 0], y[y == 0]))


def test_the_two_sample_test_tells_shifted_rows_and_not_equal_ones() -> None:
    rng = np.random.default_rng(1)
    real, same = two_classes(rng), two_classes(rng, 400)

    assert c2st_auc(real, same, trees=30) == pytest.approx(0.5, abs=0.08)
    assert c2st_auc(real, (same[0] + 3.0, same[1]), trees=30) > 0.9
    assert c2st_auc(real, (same[0], 1 - same[1]), trees=30) > 0.9  # every column is right, the diagnosis is not
    assert c2st_auc(real, same, trees=30) == c2st_auc(real, same, trees=30)


def test_the_two_sample_test_needs_rows() -> None:
    X, y = two_classes(np.random.default_rng(0))

    with pytest.raises(ValueError, match="5 rows or more"):
        c2st_auc((X, y), (X[:4], y[:4]))


def test_utility_of_right_and_of_swapped_diagnoses() -> None:
    cases = reference_cases()
    train, test = (cases.X[::2], cases.y[::2]), (cases.X[1::2], cases.y[1::2])

    right, wrong = utility_of_table(train, test), utility_of_table((train[0], 1 - train[1]), test)

    for model in MODELS:
        assert right[model].accuracy > 0.93
        assert right[model].auc > 0.98
        assert wrong[model].accuracy < 0.07


def test_utility_needs_both_classes() -> None:
    X, y = two_classes(np.random.default_rng(0))

    with pytest.raises(ValueError, match="rows to train on must be of both classes"):
        utility_of_table((X[y == 0], y[y == 0]), (X, y))
    with pytest.raises(ValueError, match="rows to test on must be of both classes"):
        utility_of_table((X, y), (X[y == 1], y[y == 1]))
