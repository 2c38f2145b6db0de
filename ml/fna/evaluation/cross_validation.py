"""The whole repeated cross-validation, divided into units for several processes."""

from __future__ import annotations

from dataclasses import dataclass

from ml.fna.evaluation.out_of_fold import FoldOutput, run_folds
from ml.fna.evaluation.parallel import map_units
from ml.fna.fitting import Design
from ml.fna.training import Progress

FOLDS_TOGETHER = 5  # trained as one batched matrix product


@dataclass(frozen=True)
class Protocol:
    """Folds, and the repeats by the seeds that shuffle them."""

    folds: int
    repeats: tuple[int, ...]


@dataclass(frozen=True)
class _Unit:
    design: Design
    repeat: int
    fold_count: int
    chosen: tuple[int, ...]
    threshold: float


def cross_validate(
    design: Design, protocol: Protocol, *, threshold: float, jobs: int, progress: Progress | None = None
) -> list[FoldOutput]:
    """Out-of-fold output of every fold of every repeat, in order.

    Args:
        design: the ensemble's choices.
        protocol: the divisions of the cases.
        threshold: calibrated probability from which the decision is malignant.
        jobs: processes.
        progress: called as `progress(done, total)` in groups of folds.
    """
    units = [
        _Unit(
            design,
            repeat,
            protocol.folds,
            tuple(range(first, min(first + FOLDS_TOGETHER, protocol.folds))),
            threshold,
        )
        for repeat in protocol.repeats
        for first in range(0, protocol.folds, FOLDS_TOGETHER)
    ]
    return [output for outputs in map_units(_run, units, jobs=jobs, progress=progress) for output in outputs]


def _run(unit: _Unit) -> list[FoldOutput]:
    return run_folds(
        unit.design,
        repeat=unit.repeat,
        fold_count=unit.fold_count,
        chosen=unit.chosen,
        threshold=unit.threshold,
    )
