"""Repeated stratified cross-validation of the autoencoder-GAN: what it says of cases it did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.model_selection import StratifiedKFold

from ml.fna.ensemble import FittedEnsemble
from ml.fna.evaluation.corruption import KINDS, corrupted
from ml.fna.fitting import Design, Table, fit_ensembles
from ml.fna.reference import reference_cases
from ml.fna.training import Progress


@dataclass(frozen=True)
class FoldOutput:
    """One test fold's output by the ensemble that was fitted on the other folds."""

    repeat: int
    fold: int
    test: NDArray[np.int64]  # indices of the test cases
    member_log_odds: NDArray[np.float64]  # (members, cases)
    raw: NDArray[np.float64]  # (cases,): probability before calibration
    calibrated: NDArray[np.float64]
    labels: NDArray[np.bool_]  # (cases, 2): conformal sets
    novelty: NDArray[np.float64]  # (cases,): score
    novelty_threshold: float
    corrupted_novelty: dict[str, NDArray[np.float64]]  # by kind of corruption


def folds(y: NDArray[np.int64], count: int, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Training and test indices of a stratified division into `count` folds, shuffled by `seed`."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=seed)
    return [(train, test) for train, test in splitter.split(np.zeros(len(y)), y)]


def run_folds(
    design: Design,
    *,
    repeat: int,
    fold_count: int,
    chosen: Sequence[int],
    threshold: float,
    progress: Progress | None = None,
) -> list[FoldOutput]:
    """Fit the chosen folds of one repeat together and read their test cases.

    Args:
        design: the ensemble's choices.
        repeat: also the seed that shuffles the folds.
        fold_count: into how many folds the cases are divided.
        chosen: which of the folds.
        threshold: calibrated probability from which the decision is malignant.
        progress: called as `progress(done, total)` in optimiser steps.
    """
    cases = reference_cases()
    divided = [folds(cases.y, fold_count, repeat)[fold] for fold in chosen]
    tables = [
        Table(cases.X[train], cases.y[train], seed=1000 * repeat + fold)
        for fold, (train, _) in zip(chosen, divided, strict=True)
    ]
    ensembles = fit_ensembles(tables, design, progress=progress)
    return [
        _read_fold(ensemble, repeat, fold, test, threshold)
        for ensemble, fold, (_, test) in zip(ensembles, chosen, divided, strict=True)
    ]


def _read_fold(
    ensemble: FittedEnsemble, repeat: int, fold: int, test: NDArray[np.int64], threshold: float
) -> FoldOutput:
    X = reference_cases().X[test]
    reading = ensemble.read(X)
    log_odds = reading.log_odds.mean(axis=0)
    calibrated = ensemble.calibration.probability(log_odds)
    rng = np.random.default_rng([repeat, fold])
    return FoldOutput(
        repeat=repeat,
        fold=fold,
        test=test,
        member_log_odds=reading.log_odds,
        raw=np.asarray(expit(log_odds)),
        calibrated=calibrated,
        labels=ensemble.conformal.contains(calibrated, threshold),
        novelty=novelty_score(ensemble, X),
        novelty_threshold=ensemble.novelty.threshold,
        corrupted_novelty={kind: novelty_score(ensemble, corrupted(X, kind, rng)) for kind in KINDS},
    )


def novelty_score(ensemble: FittedEnsemble, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Novelty of raw rows `(rows, 30)`: `(rows,)`."""
    readings = ensemble.novelty_readings(ensemble.read(X), ensemble.residuals(X))
    return ensemble.novelty.score(readings)
