"""Interpolations and what counts as too close."""

import numpy as np
import pytest

from ml.metrics.privacy.distances import distance_ratios
from ml.metrics.privacy.interpolation import segment_ratios
from ml.metrics.privacy.tails import Tail, closeness_of, too_close

SQUARE = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]])


def test_segment_ratio_of_points_on_beside_and_beyond_the_lines() -> None:
    queries = np.array([[0.5, 0.0], [0.5, 0.25], [-1.0, 0.0], [0.0, 0.0]])
    # (0.5, 0.25) lies 0.25 / √2 off the diagonal, nearer than the 0.25 to the lower side.
    found = segment_ratios(queries, SQUARE)
    assert found == pytest.approx([0.0, 0.25 / 2**0.5 / np.hypot(0.5, 0.25), 1.0, 0.0])


def test_segments_need_two_records() -> None:
    with pytest.raises(ValueError, match="at least two records"):
        segment_ratios(SQUARE, SQUARE[:1])


def test_tail_of_an_exponential_is_carried_on() -> None:
    closeness = np.random.default_rng(0).exponential(size=20_000)
    tail = Tail.of(closeness)
    assert tail.chance(np.array([8.0]))[0] == pytest.approx(np.exp(-8.0), rel=0.5)
    assert tail.chance(np.array([8.0]))[0] > np.exp(-8.0)  # the rate is a lower limit
    assert tail.chance(np.array([0.0, np.inf])).tolist() == [1.0, 0.0]


def test_a_tail_needs_control_records() -> None:
    with pytest.raises(ValueError, match="more than 10 control records"):
        Tail.of(np.ones(10))


def test_one_copy_among_a_thousand_is_named_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    train, holdout, synthetic = (rng.normal(size=(count, 8)) for count in (400, 200, 1000))
    synthetic[17] = train[3]
    named = too_close(
        distance_ratios(synthetic, train), distance_ratios(holdout, train), distance_ratios(synthetic, holdout)
    )
    assert np.flatnonzero(named).tolist() == [17]


def test_what_the_generator_does_to_strangers_as_well_is_no_leak() -> None:
    usual = np.random.default_rng(2).uniform(size=400) ** (1 / 8)
    suspects = np.full(50, 0.1)
    assert too_close(suspects, usual[:200], usual[200:]).all()
    assert not too_close(suspects, usual[:200], 0.9 ** np.arange(1, 51)).any()


def test_beyond_doubt_the_second_control_is_overruled() -> None:
    holdout = np.random.default_rng(3).uniform(size=200) ** (1 / 10)
    assert closeness_of(np.array([0.0]))[0] == np.inf
    assert too_close(np.full(20, 1e-3), holdout, np.full(40, 1e-3) * np.linspace(1, 2, 40)).all()
