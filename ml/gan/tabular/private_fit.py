"""Fitting the tabular generator within a privacy budget, by either mechanism."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular.copula import CLASSES
from ml.gan.tabular.model_file import Fitted
from ml.gan.tabular.networks import Generator
from ml.gan.tabular.privacy import Mechanism, account, in_steps, split, within
from ml.gan.tabular.private_statistics import copula_of, noisy_scale, noisy_sizes, private_copula, shares_of_limits
from ml.gan.tabular.training import Calls, TrainingSettings
from ml.gan.tabular.view import View
from ml.one_thread import single_threaded

STEPS = 300  # of DP-SGD
SAMPLE_RATE = 0.15  # chance of a row to be in a step
_WIDTH = len(FEATURE_NAMES)


@dataclass(frozen=True)
class _Run:
    """A table to learn from, the noise on each look at it, and how."""

    X: NDArray[np.float64]
    y: NDArray[np.int64]
    multipliers: dict[str, float]
    settings: TrainingSettings
    seed: int
    calls: Calls


def fit_privately(
    X: NDArray[np.float64],
    y: NDArray[np.int64],
    budget: PrivacyBudget,
    *,
    mechanism: Mechanism,
    settings: TrainingSettings,
    seed: int,
    calls: Calls,
) -> Fitted:
    """Learn from measurements (n, 30) and outcomes (n,) within `budget`.

    Raises:
        ValueError: for a budget that isn't for rows.
        TrainingAborted: when `calls.abort` said so.
    """
    parts = split(budget, mechanism)
    if mechanism == "dp-sgd":
        parts["discriminator"] = in_steps(parts["discriminator"], budget, SAMPLE_RATE, STEPS)
    kept, epsilon = within(list(parts.values()), budget)
    run = _Run(X, y, {part.what: part.noise_multiplier for part in kept}, settings, seed, calls)
    rng = np.random.default_rng()  # from the system's entropy: noise from a known seed could be taken out again
    fitted = _from_statistics(run, rng) if mechanism == "statistics" else _by_gradients(run, rng)
    return replace(fitted, privacy=account(kept, budget, mechanism, epsilon))


def _from_statistics(run: _Run, rng: np.random.Generator) -> Fitted:
    run.calls.at(0, 1)
    copula, counts = private_copula(run.X, run.y, run.multipliers, rng)
    run.calls.at(1, 1)
    untrained = Generator(_WIDTH, run.settings.hidden).requires_grad_(False)  # it changes nothing
    return Fitted(copula, untrained, counts, balance=1.0)


def _by_gradients(run: _Run, rng: np.random.Generator) -> Fitted:
    from ml.gan.tabular.private_training import (  # noqa: PLC0415 - Opacus takes seconds to load
        PrivateSampling,
        train_privately,
    )

    shares = shares_of_limits(run.X)
    sizes = noisy_sizes(run.y, run.multipliers["class sizes"], rng)
    scale = noisy_scale(shares, float(sizes.sum()), run.multipliers["ranges"], rng)
    copula = copula_of(scale, np.zeros((CLASSES, _WIDTH)), np.ones(_WIDTH), np.eye(_WIDTH))
    with single_threaded():
        network = train_privately(
            torch.from_numpy(scale.standardise(shares).astype(np.float32)),
            torch.from_numpy(run.y),
            View(copula.single(), None),
            replace(run.settings, steps=STEPS),
            PrivateSampling(SAMPLE_RATE, run.multipliers["discriminator"], float(sizes[1] / sizes.sum())),
            seed=run.seed,
            calls=run.calls,
        )
    return Fitted(copula, network, {label: round(size) for label, size in enumerate(sizes)}, balance=None)
