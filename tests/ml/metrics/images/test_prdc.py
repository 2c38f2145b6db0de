"""Precision, recall, density and coverage of sets small enough to count by hand."""

import numpy as np
import pytest

from ml.metrics.images.prdc import Manifold, prdc


def line(*places: float) -> np.ndarray:
    return np.array(places)[:, None]


def test_counted_by_hand() -> None:
    # real radii for k = 1: 1, 1, 8 (0–1, 1–0, 9–1); fake radii: 0.5, 0.5, 15.5
    real, fake = line(0.0, 1.0, 9.0), line(0.5, 1.0, 16.5)

    # .5 lies in the balls of 0 and 1; 1 in those of 0, 1 and 9 (8 away); 16.5 in that of 9 (7.5 away)
    # 0 and 1 lie in fake balls (.5 ± .5); 9 in that of 16.5
    assert prdc(real, fake, k=1) == Manifold(
        precision=pytest.approx(1.0),
        recall=pytest.approx(1.0),
        density=pytest.approx((2 + 3 + 1) / 3),
        coverage=pytest.approx(1.0),
    )


def test_one_fake_far_off_and_one_mode_missed() -> None:
    real, fake = line(0.0, 1.0, 50.0, 51.0), line(0.2, 0.4, 100.0)

    # fake radii for k = 1: .2, .2, 99.6: the far fake's ball holds 1, 50 and 51, and .2's ball holds 0
    found = prdc(real, fake, k=1)

    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(1.0)
    assert found.density == pytest.approx((2 + 2 + 0) / 3)
    assert found.coverage == pytest.approx(2 / 4)


def test_second_neighbours() -> None:
    # k = 2: real radii 3, 2, 3 (0 → 3, 1 → 2, 3 → 0); fakes 10, 11, 12 have radii 2, 1, 2 and reach no real one
    found = prdc(line(0.0, 1.0, 3.0), line(10.0, 11.0, 12.0), k=2)

    assert found == Manifold(0.0, 0.0, 0.0, 0.0)


def test_equal_distributions_have_the_expected_coverage() -> None:
    rng = np.random.default_rng(0)
    n, k = 400, 5
    expected = 1.0 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])

    found = [prdc(rng.normal(size=(n, 4)), rng.normal(size=(n, 4)), k) for _ in range(10)]

    assert np.mean([each.coverage for each in found]) == pytest.approx(expected, abs=0.01)
    assert np.mean([each.density for each in found]) == pytest.approx(1.0, abs=0.05)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="5 neighbours"):
        prdc(np.zeros((5, 2)), np.zeros((9, 2)))
    with pytest.raises(ValueError, match="expected features"):
        prdc(np.zeros((9, 2)), np.zeros((9, 3)))
