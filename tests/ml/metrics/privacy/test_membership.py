"""Membership attacks against cases worked out by hand, and against generators that leak or don't."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.metrics.privacy.density import density_attack
from ml.metrics.privacy.intervals import binomial_interval
from ml.metrics.privacy.membership import distance_attack, membership_auc, tpr_at_fpr
from ml.metrics.privacy.shadows import shadow_attack


def sample(count: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(size=(count, 6))


def test_auc_counts_pairs_and_halves_ties() -> None:
    # Pairs won: 3 beats 1 and 2; 2 beats 1 and ties with 2.
    assert membership_auc(np.array([3.0, 2.0]), np.array([1.0, 2.0])).value == pytest.approx(3.5 / 4)


def test_auc_interval_is_delongs() -> None:
    members, others = np.array([1.0, 3.0, 5.0]), np.array([0.0, 2.0, 4.0])
    found = membership_auc(members, others)
    # Placements: members 1/3, 2/3, 1; others 1, 2/3, 1/3. Each variance 1/9, over 3 of each.
    half = 3.0902323 * (2 * (1 / 9) / 3) ** 0.5
    assert found.value == pytest.approx(2 / 3)
    assert found.low == pytest.approx(max(0.0, 2 / 3 - half))
    assert found.high == 1.0


def test_an_attack_needs_two_of_each() -> None:
    with pytest.raises(ValueError, match="at least two members"):
        membership_auc(np.array([1.0]), np.array([1.0, 2.0]))


def test_tpr_allows_one_false_alarm_in_a_hundred() -> None:
    others = np.arange(200.0)  # two may exceed the threshold: 197
    found = tpr_at_fpr(np.array([197.0, 197.5, 300.0, 0.0]), others)
    assert found.value == 0.5
    assert tpr_at_fpr(np.full(50, 500.0), others).low > 0.8


def test_tpr_on_few_strangers_proves_nothing() -> None:
    members = np.concatenate([np.full(10, 99.0), np.zeros(90)])
    found = tpr_at_fpr(members, np.arange(20.0))
    assert found.value == 0.1
    assert found.low == 0.0


def test_binomial_interval_is_exact_at_the_ends() -> None:
    assert binomial_interval(0, 10).low == 0.0
    assert binomial_interval(0, 10).high == pytest.approx(1.0 - 0.001 ** (1 / 10))
    assert binomial_interval(10, 10).low == pytest.approx(0.001 ** (1 / 10))


@pytest.mark.parametrize("attack", [distance_attack, density_attack])
def test_attacks_find_copies_and_no_strangers(attack) -> None:
    train, holdout, fresh = sample(200, 0), sample(200, 1), sample(200, 2)
    leaked, honest = attack(train, holdout, train), attack(train, holdout, fresh)
    assert leaked.auc.low > 0.55
    assert honest.auc.low < 0.5 < honest.auc.high


def test_shadow_models_find_noisy_copies() -> None:
    train, holdout = sample(120, 3), sample(120, 4)
    pool = np.concatenate([train, holdout])

    def draw(rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        rng = np.random.default_rng(seed)
        return pool[rng.choice(rows, 200)] + 0.3 * rng.normal(size=(200, 6))

    synthetic = draw(np.arange(120), 99)
    found = shadow_attack(train, holdout, synthetic, draw)
    assert found.auc.low > 0.55


def test_shadow_models_find_nothing_in_honest_records() -> None:
    train, holdout = sample(120, 5), sample(120, 6)
    found = shadow_attack(train, holdout, sample(200, 7), lambda _rows, seed: sample(200, 1000 + seed))
    assert found.auc.low < 0.5 < found.auc.high


def test_shadow_models_keep_a_patient_in_one_half() -> None:
    train, holdout = sample(20, 8), sample(20, 9)
    groups = np.repeat(np.arange(10), 4)
    seen = []

    def draw(rows: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
        seen.append(rows)
        return sample(30, seed)

    shadow_attack(train, holdout, sample(30, 10), draw, groups=groups)
    for first, second in (seen[:2], seen[2:]):
        assert sorted([*first, *second]) == list(range(40))
        assert not set(groups[first]) & set(groups[second])


@pytest.mark.parametrize("shadows", [2, 5])
def test_shadows_come_in_pairs(shadows: int) -> None:
    with pytest.raises(ValueError, match="pairs"):
        shadow_attack(sample(9, 0), sample(9, 1), sample(9, 2), lambda _rows, _seed: sample(9, 3), shadows=shadows)
