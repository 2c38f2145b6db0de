"""The privacy budget of a training: how much noise it takes, and what has been spent so far."""

from __future__ import annotations

import warnings
from functools import cache

import torch
from opacus.accountants import RDPAccountant
from opacus.accountants.utils import get_noise_multiplier
from torch import Tensor

from ml.gan.plan import PrivacyBudget

ORDERS = (*(1.0 + quarter / 4.0 for quarter in range(1, 21)), *range(7, 64), 96, 128, 256)
"""Rényi orders that the bound is sought among; those between whole numbers take long and matter for large ε only."""


class BudgetError(RuntimeError):
    """Another step would spend more privacy than the plan allows."""


class Ledger:
    """Counts the steps of DP-SGD under a budget (Rényi accountant: Mironov, 2017; Abadi et al., 2016).

    Args:
        budget: what may be spent.
        rate: probability with which a step draws each patient.
        steps: that the training shall take.

    Attributes:
        noise: standard deviation of a step's noise over the clipping bound, so that `steps` spend the budget.
    """

    def __init__(self, budget: PrivacyBudget, rate: float, steps: int) -> None:
        self.budget = budget
        self.rate = rate
        self.steps = steps
        self.noise = noise_for(budget.epsilon, budget.delta, rate, steps)
        self._history: list[tuple[float, float, int]] = []

    @property
    def taken(self) -> int:
        """Steps taken."""
        return sum(steps for _, _, steps in self._history)

    @property
    def spent(self) -> float:
        """ε spent so far, at the budget's δ."""
        return epsilon_of(tuple(self._history), self.budget.delta)

    def charge(self) -> None:
        """Enter one step, before its gradient is taken.

        Raises:
            BudgetError: when the planned steps are used up.
        """
        if self.taken >= self.steps:
            raise BudgetError(f"the {self.steps} steps that ε = {self.budget.epsilon} pays for are used up")
        entry = (self.noise, self.rate)
        if self._history and self._history[-1][:2] == entry:
            self._history[-1] = (*entry, self._history[-1][2] + 1)
        else:
            self._history.append((*entry, 1))

    def state(self) -> Tensor:
        """`(k, 3)` float64: noise, rate and number of steps, for a checkpoint."""
        return torch.tensor(self._history, dtype=torch.float64).reshape(-1, 3)

    def restore(self, state: Tensor) -> None:
        """Go on from `state`."""
        self._history = [(noise, rate, int(steps)) for noise, rate, steps in state.tolist()]


@cache
def noise_for(epsilon: float, delta: float, rate: float, steps: int) -> float:
    """The least noise multiplier with which so many steps stay within (ε, δ)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the accountant's range of orders while it searches
        noise: float = get_noise_multiplier(
            target_epsilon=epsilon,
            target_delta=delta,
            sample_rate=rate,
            steps=steps,
            accountant="rdp",
            alphas=list(ORDERS),
        )
    return noise


def epsilon_of(history: tuple[tuple[float, float, int], ...], delta: float) -> float:
    """ε at this δ of steps `(noise, rate, number)`."""
    accountant = RDPAccountant()
    accountant.history = list(history)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(accountant.get_epsilon(delta=delta, alphas=list(ORDERS)))
