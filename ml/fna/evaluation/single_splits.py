"""How often one lucky 80/20 split reaches a published accuracy: why a single split proves little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import train_test_split

from ml.fna.evaluation.baselines import logistic_regression
from ml.fna.evaluation.parallel import map_units
from ml.fna.fitting import Design, Table, fit_ensembles
from ml.fna.reference import reference_cases
from ml.fna.training import Progress

PUBLISHED_ACCURACY = 0.9852
SPLITS_TOGETHER = 5  # trained as one batched matrix product
MEMBERS = 5  # half the design's, to halve the time; they decide at the same threshold


@dataclass(frozen=True)
class _Unit:
    design: Design
    seeds: tuple[int, ...]
    threshold: float


@dataclass(frozen=True)
class SplitAccuracy:
    """Accuracy on the 20 % left out by one seed."""

    seed: int
    ours: float
    logistic_regression: float


def single_splits(
    design: Design,
    seeds: Sequence[int],
    *,
    threshold: float,
    jobs: int,
    progress: Progress | None = None,
) -> list[SplitAccuracy]:
    """Accuracies of stratified 80/20 splits, one a seed.

    Args:
        design: the ensemble's choices.
        seeds: one split each.
        threshold: calibrated probability from which the decision is malignant.
        jobs: processes.
        progress: called as `progress(done, total)` in groups of splits.
    """
    smaller = replace(design, members=min(MEMBERS, design.members))
    units = [
        _Unit(smaller, tuple(seeds[i : i + SPLITS_TOGETHER]), threshold) for i in range(0, len(seeds), SPLITS_TOGETHER)
    ]
    return [found for group in map_units(_run, units, jobs=jobs, progress=progress) for found in group]


def _run(unit: _Unit) -> list[SplitAccuracy]:
    cases = reference_cases()
    indices = np.arange(len(cases.y))
    divided = [train_test_split(indices, test_size=0.2, stratify=cases.y, random_state=seed) for seed in unit.seeds]
    tables = [Table(cases.X[train], cases.y[train], seed) for seed, (train, _) in zip(unit.seeds, divided, strict=True)]
    found = []
    ensembles = fit_ensembles(tables, unit.design)
    for seed, ensemble, (train, test) in zip(unit.seeds, ensembles, divided, strict=True):
        X, y = cases.X[test], cases.y[test]
        other = logistic_regression(cases.X[train], cases.y[train], seed)
        ours = (ensemble.probability(X) >= unit.threshold) == y
        found.append(SplitAccuracy(seed, float(ours.mean()), float((other.predict(X) == y).mean())))
    return found
