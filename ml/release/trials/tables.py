"""Trials on tables: WDBC divided anew by each seed, honest generators and planted leaks of the training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from sklearn.model_selection import train_test_split

from ml.fna.reference import reference_cases
from ml.gan.tabular.generator import ConditionalTabularGAN
from ml.gan.tabular.peers import EmpiricalCopula, PerClassGaussian, copy_rows, kde_rows, smote_rows
from ml.release.tables import Refit, Table, table_privacy
from ml.release.trials.running import Trial, tried

HELD_OUT = 0.3


def division(seed: int) -> tuple[Table, Table]:
    """WDBC as training and held-out rows."""
    cases = reference_cases()
    known, strangers = train_test_split(
        np.arange(len(cases.y)), test_size=HELD_OUT, random_state=seed, stratify=cases.y
    )
    return (cases.X[known], cases.y[known]), (cases.X[strangers], cases.y[strangers])


def honest_generators(*, gan: bool) -> dict[str, Refit]:
    """By name; the GAN takes ten seconds to train, and each of its shadows five."""
    generators: dict[str, Refit] = {
        "per-class Gaussian": lambda X, y, _seed: PerClassGaussian().fit(X, y).sample,
        "empirical copula": lambda X, y, _seed: EmpiricalCopula().fit(X, y).sample,
    }
    if gan:
        generators["tabular GAN"] = lambda X, y, seed: ConditionalTabularGAN().fit(X, y, seed=seed).sample
    return generators


Plant = Callable[[Table, Mapping[int, int], int], Table]


def _planted(leak: Callable[..., Table]) -> Plant:
    return lambda train, counts, seed: leak(train[0], train[1], counts, seed)


def _partly(leak: Callable[..., Table], share: float) -> Plant:
    """An honest copula's rows, of which `share` are the leak's."""

    def draw(train: Table, counts: Mapping[int, int], seed: int) -> Table:
        X, y = EmpiricalCopula().fit(*train).sample(counts, seed)
        leaked, outcomes = leak(*train, counts, seed)
        count = max(1, round(share * len(y)))
        return np.concatenate([leaked[:count], X[count:]]), np.concatenate([outcomes[:count], y[count:]])

    return draw


LEAKS: dict[str, Plant] = {
    "copies": _planted(copy_rows),
    "copies, values moved by 5 % of a deviation": _planted(partial(copy_rows, jitter=0.05)),
    "SMOTE": _planted(smote_rows),
    "kernel density, bandwidth 0.05": _planted(partial(kde_rows, bandwidth=0.05)),
    "kernel density, bandwidth 0.1": _planted(kde_rows),
    "kernel density, bandwidth 0.25": _planted(partial(kde_rows, bandwidth=0.25)),
    "1 % copies, the others honest": _partly(copy_rows, 0.01),
    "5 % copies, the others honest": _partly(copy_rows, 0.05),
    "1 % SMOTE, the others honest": _partly(smote_rows, 0.01),
    "5 % SMOTE, the others honest": _partly(smote_rows, 0.05),
}


def table_trials(*, honest_seeds: range, leak_seeds: range, gan_seeds: range) -> Iterator[Trial]:
    """Every honest generator with shadow models of its own recipe, and every leak, on divisions by these seeds."""
    for seed in sorted({*honest_seeds, *gan_seeds}):
        train, holdout = division(seed)
        counts = {label: int((train[1] == label).sum()) for label in (0, 1)}
        for name, refit in honest_generators(gan=seed in gan_seeds).items():
            if seed not in honest_seeds and name != "tabular GAN":
                continue
            shadows = refit if name != "tabular GAN" else None
            synthetic = refit(*train, seed)(counts, seed)
            privacy = table_privacy(train, holdout, synthetic, refit=shadows, seed=seed)
            yield tried("tables", name, seed, privacy, honest=True)
    for seed in leak_seeds:
        train, holdout = division(seed)
        counts = {label: int((train[1] == label).sum()) for label in (0, 1)}
        for name, plant in LEAKS.items():
            privacy = table_privacy(train, holdout, plant(train, counts, seed), seed=seed)
            yield tried("tables", name, seed, privacy, honest=False)
