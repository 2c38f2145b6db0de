"""The gate on tables: planted leaks blocked for the right reasons, honest generators let through."""

import json

import numpy as np
import pytest

from ml.gan.tabular.peers import EmpiricalCopula, PerClassGaussian, smote_rows
from ml.release.gate import judge, leaks
from ml.release.tables import NO_SHADOWS, Table, examine_tables, table_privacy
from ml.release.trials.tables import LEAKS, division

COUNTS = {0: 190, 1: 110}
EVERYTHING = {"near_copies", "close_to_training", "membership_attack", "membership_attack_few"}
EXPECTED = {
    "copies": EVERYTHING | {"exact_copies", "interpolations"},
    "copies, values moved by 5 % of a deviation": {"near_copies", "membership_attack"},
    "SMOTE": {"interpolations", "membership_attack"},
    "kernel density, bandwidth 0.05": {"near_copies", "membership_attack"},
    "kernel density, bandwidth 0.1": {"near_copies", "membership_attack"},
    "kernel density, bandwidth 0.25": {"near_copies", "membership_attack"},
    "1 % copies, the others honest": {"exact_copies", "near_copies"},
    "5 % copies, the others honest": {"exact_copies", "near_copies"},
    "1 % SMOTE, the others honest": {"interpolations"},
    "5 % SMOTE, the others honest": {"interpolations"},
}


@pytest.fixture(scope="module")
def divided() -> tuple[Table, Table]:
    return division(500)


@pytest.mark.parametrize("name", list(LEAKS))
def test_a_leak_is_blocked_for_the_right_reasons(divided: tuple[Table, Table], name: str) -> None:
    train, holdout = divided
    codes = {reason.code for reason in leaks(table_privacy(train, holdout, LEAKS[name](train, COUNTS, 1)))}
    assert codes >= EXPECTED[name]


@pytest.mark.parametrize("generator", [PerClassGaussian, EmpiricalCopula])
@pytest.mark.parametrize("seed", [501, 502])
def test_an_honest_generator_passes_with_shadow_models(generator: type, seed: int) -> None:
    train, holdout = division(seed)

    def refit(X, y, _seed):
        return generator().fit(X, y).sample

    privacy = table_privacy(train, holdout, refit(*train, 0)(COUNTS, seed), refit=refit)
    assert leaks(privacy) == []
    assert {"attack_distance_auc", "attack_density_auc", "attack_shadow_auc"} < privacy.keys()


def test_held_out_rows_as_synthetic_ones_are_copies_too(divided: tuple[Table, Table]) -> None:
    train, holdout = divided
    assert table_privacy(train, holdout, holdout)["exact_copies"].value == len(holdout[0])


def test_held_out_rows_changed_a_little_are_near_copies_too(divided: tuple[Table, Table]) -> None:
    train, holdout = divided
    rng = np.random.default_rng(1)
    moved = holdout[0] + 0.05 * holdout[0].std(axis=0) * rng.standard_normal(holdout[0].shape)
    assert "near_copies" in {reason.code for reason in leaks(table_privacy(train, holdout, (moved, holdout[1])))}
    blends = smote_rows(*holdout, COUNTS, 1)
    assert "interpolations" in {reason.code for reason in leaks(table_privacy(train, holdout, blends))}


def test_training_rows_that_stand_there_twice_do_not_hide_near_copies(divided: tuple[Table, Table]) -> None:
    train, holdout = divided
    twice = np.repeat(train[0], 2, axis=0), np.repeat(train[1], 2)
    X, y = EmpiricalCopula().fit(*train).sample(COUNTS, 3)
    noise = np.random.default_rng(2).standard_normal(train[0][:5].shape)
    X[:5] = train[0][:5] + 0.02 * train[0].std(axis=0) * noise
    assert table_privacy(twice, holdout, (X, y))["near_copies"].value == 5


def test_an_examination_is_whole_and_releasable(divided: tuple[Table, Table]) -> None:
    train, holdout = divided
    repeated = (np.concatenate([holdout[0], train[0][:3]]), np.concatenate([holdout[1], train[1][:3]]))
    told = []
    synthetic = EmpiricalCopula().fit(*train).sample(COUNTS, 3)
    passport = examine_tables(train, repeated, synthetic, progress=lambda done, total: told.append((done, total)))
    verdict = judge(passport)
    assert verdict.releasable, verdict.reasons
    assert passport.sizes == {"train": 398, "holdout": 171, "synthetic": 300}
    assert passport.notes[0] == NO_SHADOWS
    assert passport.notes[1].startswith("3 held-out rows are also training rows")
    assert passport.provenance.software["scikit-learn"]
    assert told == [(5, 6), (6, 6)]
    json.dumps(passport.as_dict(), allow_nan=False)


def test_the_same_seed_gives_the_same_figures(divided: tuple[Table, Table]) -> None:
    train, holdout = divided
    synthetic = PerClassGaussian().fit(*train).sample(COUNTS, 4)
    assert table_privacy(train, holdout, synthetic, seed=5) == table_privacy(train, holdout, synthetic, seed=5)


def test_training_rows_as_hold_out_are_refused(divided: tuple[Table, Table]) -> None:
    train, _ = divided
    with pytest.raises(ValueError, match="398 of 398 are training rows"):
        examine_tables(train, train, train)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X[:, :29], y), "the synthetic table needs rows of"),
        (lambda X, y: (np.where(X[0, 0] == X, np.nan, X), y), "the synthetic table has missing or infinite values"),
        (lambda X, y: (X[y == 0], y[y == 0]), "the synthetic table needs at least 5 rows of either diagnosis"),
    ],
)
def test_an_unusable_table_is_named(divided: tuple[Table, Table], change, message: str) -> None:
    train, holdout = divided
    with pytest.raises(ValueError, match=message):
        examine_tables(train, holdout, change(*holdout))
