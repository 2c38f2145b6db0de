"""The tabular generators beside each other on the same folds: utility, fidelity, privacy and time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from ml.fna.evaluation.parallel import map_units
from ml.fna.reference import reference_cases
from ml.fna.training import Progress
from ml.gan.plan import PrivacyBudget
from ml.gan.tabular.generator import ConditionalTabularGAN
from ml.gan.tabular.peers import DpGaussian, EmpiricalCopula, PerClassGaussian, copy_rows
from ml.metrics.classification import corrected_interval
from ml.metrics.privacy.dcr import dcr_share
from ml.metrics.privacy.density import density_attack
from ml.metrics.privacy.distances import Standardiser, distance_ratios
from ml.metrics.privacy.membership import distance_attack
from ml.metrics.privacy.shadows import shadow_attack
from ml.metrics.tables import MODELS, c2st_auc, correlation_difference, ks_complement, utility_of_table

Table = tuple[NDArray[np.float64], NDArray[np.int64]]
Sampler = Callable[[Mapping[int, int], int], Table]
Fit = Callable[[NDArray[np.float64], NDArray[np.int64], int], Sampler]

REAL = "real training rows"
OURS = "conditional GAN"
DELTA = 1e-3


def _private(epsilon: float, mechanism: Any = "statistics") -> Fit:
    budget = PrivacyBudget(epsilon, DELTA, "row")
    return lambda X, y, seed: ConditionalTabularGAN(mechanism=mechanism).fit(X, y, seed=seed, privacy=budget).sample


GENERATORS: Final[dict[str, Fit]] = {
    "per-class Gaussian": lambda X, y, _: PerClassGaussian().fit(X, y).sample,
    "empirical copula": lambda X, y, _: EmpiricalCopula().fit(X, y).sample,
    OURS: lambda X, y, seed: ConditionalTabularGAN().fit(X, y, seed=seed).sample,
    "… private, ε = 1": _private(1.0),
    "… private, ε = 8": _private(8.0),
    "… by DP-SGD, ε = 1": _private(1.0, "dp-sgd"),
    "DP Gaussian, ε = 1": lambda X, y, _: DpGaussian(PrivacyBudget(1.0, DELTA, "row")).fit(X, y).sample,
    "plain copy": lambda X, y, _: lambda counts, seed: copy_rows(X, y, counts, seed),
}
"""What is measured, each a function of rows, outcomes and a seed that gives a `sample`."""


@dataclass(frozen=True)
class Folds:
    """Which divisions of WDBC are measured on, and what."""

    folds: int
    repeats: tuple[int, ...]
    utility_only: bool = False
    shadows: bool = False


@dataclass(frozen=True)
class _Unit:
    name: str
    design: Folds
    repeat: int
    fold: int


def run_benchmark(
    names: Sequence[str], design: Folds, *, jobs: int = 1, progress: Progress | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure REAL and the generators of `names` on every fold.

    Args:
        names: in GENERATORS.
        design: the folds. Fold k of repeat r is the k-th of StratifiedKFold shuffled by r.
        jobs: processes.
        progress: called as `progress(done, total)`.

    Returns:
        By generator and figure: mean and standard deviation over the folds; for the gaps to real rows, paired by
        fold, the 95 % interval of the mean (corrected resampled t) as well.
    """
    units = [
        _Unit(name, design, repeat, fold)
        for repeat in design.repeats
        for fold in range(design.folds)
        for name in (REAL, *names)
    ]
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in (REAL, *names)}
    for unit, figures in zip(units, map_units(_measure, units, jobs=jobs, progress=progress), strict=True):
        measured[unit.name].append(figures)
    real = measured[REAL]
    return {name: _summary(rows, None if name == REAL else real, design) for name, rows in measured.items()}


def _summary(
    rows: list[dict[str, float]], real: list[dict[str, float]] | None, design: Folds
) -> dict[str, dict[str, float]]:
    values = {key: np.array([row[key] for row in rows]) for key in rows[0]}
    summary = {key: {"mean": float(v.mean()), "sd": float(v.std(ddof=1))} for key, v in values.items()}
    if real is not None:
        for model in MODELS:
            for figure in ("accuracy", "auc"):
                key = f"{model}_{figure}"
                gap = np.array([row[key] for row in real]) - values[key]
                interval = corrected_interval(gap, 1.0 / design.folds)
                summary[f"{key}_gap"] = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    return summary


def _measure(unit: _Unit) -> dict[str, float]:
    cases = reference_cases()
    division = StratifiedKFold(unit.design.folds, shuffle=True, random_state=unit.repeat)
    inside, outside = list(division.split(cases.X, cases.y))[unit.fold]
    train, test = (cases.X[inside], cases.y[inside]), (cases.X[outside], cases.y[outside])
    seed = 1000 * unit.repeat + unit.fold
    started = time.process_time()
    if unit.name == REAL:
        made, against = train, test
    else:
        counts = {label: int((train[1] == label).sum()) for label in (0, 1)}
        made, against = GENERATORS[unit.name](*train, seed)(counts, seed), train
    figures = {"cpu_seconds": time.process_time() - started}
    for name, utility in utility_of_table(made, test, seed=seed).items():
        figures |= {f"{name}_accuracy": utility.accuracy, f"{name}_auc": utility.auc}
    if unit.design.utility_only:
        return figures
    difference = correlation_difference(against, made)
    figures |= {
        "ks": ks_complement(against[0], made[0]),
        "correlations_pooled": difference.pooled,
        "correlations_within": difference.within,
        "c2st": c2st_auc(test, made, seed=seed),
    }
    return figures | (_closeness(train, test) if unit.name == REAL else _privacy(unit, train, test, made, seed))


def _closeness(train: Table, test: Table) -> dict[str, float]:
    """What real rows outside the training set show: the yardstick for the synthetic ones."""
    scale = Standardiser.of(train[0], test[0])
    return {"nndr": float(distance_ratios(scale(test[0]), scale(train[0])).mean())}


def _privacy(unit: _Unit, train: Table, test: Table, made: Table, seed: int) -> dict[str, float]:
    scale = Standardiser.of(train[0], test[0])
    known, strangers, synthetic = scale(train[0]), scale(test[0]), scale(made[0])
    attacks = {
        "distance": distance_attack(known, strangers, synthetic),
        "density": density_attack(known, strangers, synthetic, seed),
    }
    if unit.design.shadows:
        X, y = np.concatenate([train[0], test[0]]), np.concatenate([train[1], test[1]])
        counts = {label: int((made[1] == label).sum()) for label in (0, 1)}

        def draw(rows: NDArray[np.int64], turn: int) -> NDArray[np.float64]:
            return scale(GENERATORS[unit.name](X[rows], y[rows], turn)(counts, turn)[0])

        attacks["shadow"] = shadow_attack(known, strangers, synthetic, draw, seed=seed)
    figures = {
        "dcr": dcr_share(known, strangers, synthetic, seed).value,
        "nndr": float(distance_ratios(synthetic, known).mean()),
    }
    for name, found in attacks.items():
        figures |= {f"{name}_auc": found.auc.value, f"{name}_tpr": found.tpr.value}
    return figures
