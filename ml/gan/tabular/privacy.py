"""How a privacy budget for tables is split, and the account of what was spent.

The unit is one row: the guarantee compares the table with and without any one of them. All parts are Gaussian
mechanisms, composed by Opacus's accountant (privacy loss distributions; Gopi et al., 2021).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from ml.gan.plan import PrivacyBudget

Mechanism = Literal["statistics", "dp-sgd"]
MECHANISMS: Final[tuple[Mechanism, ...]] = ("statistics", "dp-sgd")

SHARES: Final[dict[Mechanism, dict[str, float]]] = {
    "statistics": {"class sizes": 0.03, "ranges": 0.29, "class means": 0.29, "correlations": 0.39},
    "dp-sgd": {"class sizes": 0.03, "ranges": 0.27, "discriminator": 0.70},
}
"""Each part's share of the budget (of 1 / noise multiplier², in which Gaussian mechanisms add up)."""

_TOLERANCE = 0.002


@dataclass(frozen=True)
class Part:
    """One use of the rows.

    Attributes:
        what: its name in SHARES.
        noise_multiplier: standard deviation of the noise, in units of what one row can change.
        sample_rate: chance of a row to be in a step.
        steps: how often.
    """

    what: str
    noise_multiplier: float
    sample_rate: float = 1.0
    steps: int = 1


def split(budget: PrivacyBudget, mechanism: Mechanism) -> dict[str, Part]:
    """The parts of a mechanism by name, each used once on all rows, that together keep to `budget`.

    Raises:
        ValueError: for a unit other than rows.
    """
    if budget.unit != "row":
        raise ValueError(f"a table's privacy is kept row by row: the budget's unit must be 'row', not {budget.unit!r}")
    whole = gaussian_noise(budget)
    return {what: Part(what, whole / share**0.5) for what, share in SHARES[mechanism].items()}


def gaussian_noise(budget: PrivacyBudget) -> float:
    """Noise multiplier of one Gaussian mechanism that spends the whole budget."""
    return _noise_multiplier(budget.epsilon, budget.delta)


def in_steps(part: Part, budget: PrivacyBudget, sample_rate: float, steps: int) -> Part:
    """`part` spent in `steps` on Poisson samples instead, at the ε that `part` itself costs at the budget's δ."""
    epsilon = spent([part], budget.delta)
    return Part(part.what, _noise_multiplier(epsilon, budget.delta, sample_rate, steps), sample_rate, steps)


def within(parts: Sequence[Part], budget: PrivacyBudget) -> tuple[list[Part], float]:
    """The parts, all with their noise raised together until they keep to `budget`, and the ε they spend."""
    scaled = list(parts)
    while (epsilon := spent(scaled, budget.delta)) > budget.epsilon:
        scaled = [Part(p.what, 1.01 * p.noise_multiplier, p.sample_rate, p.steps) for p in scaled]
    return scaled, epsilon


def spent(parts: Sequence[Part], delta: float) -> float:
    """ε of all parts together at `delta`."""
    from opacus.accountants import PRVAccountant  # noqa: PLC0415 - a second to load, and only under privacy

    accountant = PRVAccountant()
    accountant.history = [(part.noise_multiplier, part.sample_rate, part.steps) for part in parts]
    with _bounds_may_be_loose():
        return float(accountant.get_epsilon(delta, eps_error=_TOLERANCE))


@contextmanager
def _bounds_may_be_loose() -> Iterator[None]:
    """Opacus warns that first bounds, which only set the size of its numerical domain, could be tighter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _noise_multiplier(epsilon: float, delta: float, sample_rate: float = 1.0, steps: int = 1) -> float:
    from opacus.accountants.utils import get_noise_multiplier  # noqa: PLC0415

    with _bounds_may_be_loose():
        return float(
            get_noise_multiplier(
                target_epsilon=epsilon,
                target_delta=delta,
                sample_rate=sample_rate,
                steps=steps,
                epsilon_tolerance=_TOLERANCE,
                accountant="prv",
                eps_error=_TOLERANCE,
            )
        )


def account(parts: Sequence[Part], budget: PrivacyBudget, mechanism: Mechanism, epsilon: float) -> dict[str, Any]:
    """The card's entry: the guarantee in numbers and in plain words."""
    return {
        **asdict(budget),
        "mechanism": mechanism,
        "epsilon_spent": round(epsilon, 4),
        "accountant": "opacus, privacy loss distributions (PRV)",
        "parts": [{**asdict(part), "share": SHARES[mechanism][part.what]} for part in parts],
        "words": (
            f"Whatever anyone concludes from this generator or its rows, they would have concluded almost as likely "
            f"had any one row been left out: probabilities change by a factor of at most e^{budget.epsilon:g}, except "
            f"with a chance of {budget.delta:g}. The sizes of the classes count as part of the row and are noisy too. "
            "Ranges are the public schema's. The noise is never drawn from a seed that anyone knows."
        ),
    }
