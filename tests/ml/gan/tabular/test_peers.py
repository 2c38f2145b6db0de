"""The peers and the planted leaks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.gan.tabular.peers import EmpiricalCopula, PerClassGaussian, copy_rows, kde_rows, smote_rows
from ml.metrics.tables import correlation_difference, ks_complement

Table = tuple[NDArray[np.float64], NDArray[np.int64]]
COUNTS = {0: 400, 1: 200}


@pytest.mark.parametrize("peer", [PerClassGaussian, EmpiricalCopula])
def test_peers_keep_counts_means_and_correlations(peer: type[PerClassGaussian | EmpiricalCopula], table: Table) -> None:
    model = peer().fit(*table)
    X, y = model.sample(COUNTS, seed=0)

    assert np.bincount(y).tolist() == [400, 200]
    assert ks_complement(table[0][table[1] == 1], X[y == 1]) > 0.88
    assert correlation_difference(table, (X, y)).within < 0.12
    np.testing.assert_array_equal(model.sample(COUNTS, seed=0)[0], X)


def test_copies_are_training_rows_and_jitter_moves_them_little(table: Table) -> None:
    copied, y = copy_rows(*table, COUNTS, 1)
    moved, _ = copy_rows(*table, COUNTS, 1, jitter=1e-4)
    own = {bytes(row) for row in table[0][table[1] == 1]}

    assert all(bytes(row) in own for row in copied[y == 1])
    assert not any(bytes(row) in own for row in moved)
    nearest = np.abs(moved[:, None] - table[0]).max(axis=2).min(axis=1)
    assert nearest.max() < 1.0  # px², of areas up to 4,000


def test_smote_rows_lie_between_two_training_rows(table: Table) -> None:
    X, _ = smote_rows(*table, {1: 1}, 3)
    own = table[0][table[1] == 1]

    gaps = [
        np.linalg.norm(X[0] - a) + np.linalg.norm(X[0] - b) - np.linalg.norm(a - b)
        for i, a in enumerate(own)
        for b in own[:i]
    ]

    assert min(gaps) < 1e-9 * np.linalg.norm(X[0])


def test_narrow_kernels_stay_at_training_rows(table: Table) -> None:
    spread = table[0].std(axis=0)
    distances = []
    for bandwidth in (0.01, 0.5):
        X, _ = kde_rows(*table, COUNTS, 2, bandwidth=bandwidth)
        distances.append(np.linalg.norm((X[:, None] - table[0]) / spread, axis=2).min(axis=1).mean())

    assert distances[0] < 0.1
    assert distances[1] > 1.0
