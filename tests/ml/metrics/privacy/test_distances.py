"""Nearest distances, ratios, copies and equal-size control against cases that can be worked out by hand."""

import numpy as np
import pytest

from ml.metrics.privacy.copies import exact_copies
from ml.metrics.privacy.dcr import dcr_share
from ml.metrics.privacy.distances import Standardiser, distance_ratios, nearest, nearest_distances

LINE = np.array([[0.0], [1.0], [3.0], [7.0]])


def test_nearest_distances_and_rows() -> None:
    found = nearest(np.array([[2.5], [6.0]]), LINE, 2)
    assert found.distances.tolist() == [[0.5, 1.5], [1.0, 3.0]]
    assert found.rows.tolist() == [[2, 1], [3, 2]]
    assert nearest_distances(np.array([[3.0], [10.0]]), LINE).tolist() == [0.0, 3.0]


def test_a_reference_smaller_than_k_is_refused() -> None:
    with pytest.raises(ValueError, match="2 nearest records need a reference of at least 2, not 1"):
        nearest(LINE, LINE[:1], 2)


def test_distance_ratio_is_nearest_over_second_nearest() -> None:
    assert distance_ratios(np.array([[0.25], [2.0], [7.0]]), LINE).tolist() == [0.25 / 0.75, 1.0, 0.0]


def test_two_identical_references_count_as_a_copy() -> None:
    assert distance_ratios(np.array([[1.0]]), np.array([[1.0], [1.0], [5.0]])).tolist() == [0.0]


def test_standardiser_leaves_a_constant_column_centred() -> None:
    records = np.array([[1.0, 5.0], [3.0, 5.0]])
    assert Standardiser.of(records)(records).tolist() == [[-1.0, 0.0], [1.0, 0.0]]


def test_exact_copies_survive_rounding_only() -> None:
    real = np.random.default_rng(0).normal(size=(50, 30))
    records = np.concatenate([real[:3].round(4), real[3:6] + 0.01])
    assert exact_copies(records, real).tolist() == [True] * 3 + [False] * 3


def test_dcr_counts_nearer_to_training_and_halves_ties() -> None:
    train, holdout = np.zeros((1, 1)), np.full((1, 1), 2.0)
    synthetic = np.array([[0.1], [0.2], [1.9], [1.0]])
    found = dcr_share(train, holdout, synthetic)
    assert found.value == pytest.approx(2.5 / 4)
    assert found.low < 2.5 / 4 < found.high


def test_dcr_does_not_reward_the_larger_sample() -> None:
    rng = np.random.default_rng(1)
    train, holdout, synthetic = (rng.normal(size=(count, 3)) for count in (900, 90, 300))
    found = dcr_share(train, holdout, synthetic)
    assert found.low < 0.5 < found.high


def test_dcr_of_copies_is_far_above_a_half() -> None:
    rng = np.random.default_rng(2)
    train, holdout = rng.normal(size=(100, 5)), rng.normal(size=(100, 5))
    assert dcr_share(train, holdout, train).value > 0.95
