"""Tables under differential privacy: the budget is composed right, and spent on what the card says."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from ml.fna.features import FEATURES
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular import ConditionalTabularGAN
from ml.gan.tabular.peers import DpGaussian
from ml.gan.tabular.privacy import MECHANISMS, SHARES, Mechanism, Part, in_steps, spent, split, within
from ml.gan.tabular.private_statistics import NORM, Scale, noisy_covariance, noisy_means, noisy_sizes, shares_of_limits
from ml.gan.tabular.public_ranges import coordinate_limits
from ml.gan.tabular.rules import breaks_schema
from ml.gan.tabular.training import TrainingSettings
from ml.metrics.tables import ks_complement

Table = tuple[NDArray[np.float64], NDArray[np.int64]]
BUDGET = PrivacyBudget(1.0, 1e-3, "row")


class NoNoise(np.random.Generator):
    """Draws zeros where noise is asked for."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def standard_normal(self, size=None, dtype=None, out=None):  # type: ignore[no-untyped-def]
        return np.zeros(size)


def exact_delta(epsilon: float, mu: float) -> float:
    """δ of Gaussian mechanisms whose 1 / multiplier² add up to mu² (Balle and Wang, 2018)."""
    return float(norm.cdf(mu / 2 - epsilon / mu) - np.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu))


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_shares_make_a_whole(mechanism: Mechanism) -> None:
    assert sum(SHARES[mechanism].values()) == pytest.approx(1.0, abs=1e-12)
    assert list(split(BUDGET, mechanism)) == list(SHARES[mechanism])


@pytest.mark.parametrize("epsilon", [1.0, 3.0])
def test_the_statistics_together_keep_to_the_budget_by_the_exact_formula(epsilon: float) -> None:
    budget = PrivacyBudget(epsilon, 1e-5, "row")
    parts, told = within(list(split(budget, "statistics").values()), budget)

    mu = sum(part.noise_multiplier**-2 for part in parts) ** 0.5

    assert told <= epsilon
    assert exact_delta(epsilon, mu) <= 1e-5
    assert exact_delta(0.95 * epsilon, mu) > 1e-5  # and it isn't wasted


def test_gradient_steps_keep_to_the_budget() -> None:
    parts = split(BUDGET, "dp-sgd")
    parts["discriminator"] = in_steps(parts["discriminator"], BUDGET, 0.15, 50)

    kept, told = within(list(parts.values()), BUDGET)

    assert 0.9 < told <= 1.0
    assert told == spent(kept, BUDGET.delta)
    assert (kept[2].sample_rate, kept[2].steps) == (0.15, 50)
    assert spent([*kept, Part("more", 20.0)], BUDGET.delta) > told


def test_one_row_changes_no_statistic_by_more_than_its_noise_is_scaled_to(table: Table) -> None:
    X, y = table
    rng = NoNoise()
    rows = Scale(np.full(30, 0.5), np.full(30, 0.01)).standardise(shares_of_limits(X))  # most are clipped
    sizes = noisy_sizes(y, 1.0, rng)
    means = [
        noisy_means(rows[keep], y[keep], sizes, 1.0, rng) * sizes[:, None] for keep in (slice(None), slice(1, None))
    ]
    moments = [noisy_covariance(rows[keep], 1.0, 1.0, rng) for keep in (slice(None), slice(1, None))]

    assert np.linalg.norm(means[0] - means[1]) == pytest.approx(NORM, rel=1e-9)
    assert np.linalg.norm(moments[0] - moments[1]) == pytest.approx(NORM**2, rel=1e-9)
    assert np.abs(sizes - noisy_sizes(y[1:], 1.0, rng)).sum() == 1.0


def test_limits_come_from_the_schema_and_are_wide() -> None:
    low, high = coordinate_limits()

    assert (low < high).all()
    assert np.exp(low[0]) == pytest.approx(FEATURES[0].minimum)
    assert np.exp(high[0]) == pytest.approx(FEATURES[0].maximum)


@pytest.fixture(scope="module")
def private(table: Table) -> ConditionalTabularGAN:
    return ConditionalTabularGAN().fit(*table, privacy=BUDGET)


def test_private_rows_keep_the_rules_and_the_rough_distributions(private: ConditionalTabularGAN, table: Table) -> None:
    X, y = private.sample({0: 190, 1: 110}, seed=0)

    assert not breaks_schema(X).any()
    assert y.sum() == 110
    assert ks_complement(table[0], X) > 0.7


def test_the_account_tells_the_guarantee_in_words_and_numbers(
    private: ConditionalTabularGAN, table: Table, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("private") / "generator.safetensors"
    private.save(path, {})
    account = ConditionalTabularGAN.load(path).privacy_

    assert account == private.privacy_
    assert account is not None
    assert (account["epsilon"], account["delta"], account["unit"]) == (1.0, 1e-3, "row")
    assert account["epsilon_spent"] <= 1.0
    assert [part["what"] for part in account["parts"]] == ["class sizes", "ranges", "class means", "correlations"]
    assert "e^1" in account["words"]


def test_private_noise_is_fresh_whatever_the_seed(private: ConditionalTabularGAN, table: Table) -> None:
    recorded: dict[int, dict[str, float]] = {}
    again = ConditionalTabularGAN().fit(*table, seed=0, privacy=BUDGET, record=recorded.__setitem__)

    assert not recorded
    assert not np.array_equal(again.sample({0: 9}, seed=0)[0], private.sample({0: 9}, seed=0)[0])


def test_dp_sgd_trains_within_the_budget(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.gan.tabular.private_fit.STEPS", 20)
    model = ConditionalTabularGAN(TrainingSettings(batch=32, hidden=16), mechanism="dp-sgd")

    # Noise that is drawn afresh each time, and this little training, would at a small ε now and then draw no valid row.
    model.fit(*table, privacy=PrivacyBudget(50.0, 1e-3, "row"))
    X, y = model.sample({0: 20, 1: 10}, seed=0)

    assert not breaks_schema(X).any()
    assert y.sum() == 10
    assert model.privacy_ is not None
    assert model.privacy_["parts"][2]["steps"] == 20
    assert 45.0 < model.privacy_["epsilon_spent"] <= 50.0


def test_only_rows_can_be_the_unit(table: Table) -> None:
    with pytest.raises(ValueError, match="unit must be 'row', not 'patient'"):
        ConditionalTabularGAN().fit(*table, privacy=PrivacyBudget(1.0, 1e-5, "patient"))


def test_the_plain_private_gaussian_draws_rows_within_the_limits(table: Table) -> None:
    X, y = DpGaussian(PrivacyBudget(8.0, 1e-3, "row")).fit(*table).sample({0: 30, 1: 20}, seed=0)

    assert y.sum() == 20
    assert all(
        (feature.minimum <= X[:, j]).all() and (X[:, j] <= feature.maximum).all() for j, feature in enumerate(FEATURES)
    )
