"""Everything that `python -m ml evaluate fna` measures, as one JSON-able report."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import sklearn
import torch

from ml.fna.classifier import AutoencoderGANClassifier
from ml.fna.evaluation.baselines import BASELINES, BaselineOutput, BaselineUnit, run_baseline
from ml.fna.evaluation.cross_validation import Protocol, cross_validate
from ml.fna.evaluation.out_of_fold import FoldOutput
from ml.fna.evaluation.parallel import map_units
from ml.fna.evaluation.single_splits import PUBLISHED_ACCURACY, SplitAccuracy, single_splits
from ml.fna.evaluation.summary import (
    conformal_figures,
    ensemble_performance,
    novelty_figures,
    performance,
    referral_figures,
    reliability_bins,
)
from ml.fna.fitting import Design
from ml.fna.reference import SUMMARY, reference_cases
from ml.fna.training import Progress

OURS: Final = "autoencoder-GAN"
PUBLISHED: Final = {"accuracy": 0.9852, "precision": 0.9820, "recall": 0.9775, "f1": 0.9833}
"""The paper's claim for its autoencoder-GAN; its protocol is not given."""

ProgressBar = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Evaluation:
    """What to measure."""

    protocol: Protocol
    splits: int
    baselines: bool
    ablations: bool
    jobs: int


def evaluate(classifier: AutoencoderGANClassifier, evaluation: Evaluation, progress_bar: ProgressBar) -> dict[str, Any]:
    """Measure the classifier's design and the others on the same divisions.

    Args:
        classifier: its parameters are the design; it needs no fit.
        evaluation: what to measure.
        progress_bar: gives the `progress(done, total)` of one part, by its name.
    """
    design, threshold = classifier.design(), classifier.threshold
    models: dict[str, Any] = {}
    outputs = _cross_validate(design, evaluation, threshold, progress_bar, OURS)
    models[OURS] = ensemble_performance(outputs, threshold)
    report: dict[str, Any] = {
        "protocol": _protocol(evaluation, classifier),
        "published": PUBLISHED,
        "models": models,
        "single_member": _single_member(outputs),
        "calibration": reliability_bins(outputs),
        "conformal": conformal_figures(outputs),
        "referral": referral_figures(outputs, threshold),
        "novelty": novelty_figures(outputs),
    }
    if evaluation.baselines:
        models.update(_baselines(evaluation, progress_bar))
    if evaluation.ablations:
        report["ablations"] = {
            name: ensemble_performance(_cross_validate(ablated, evaluation, threshold, progress_bar, name), threshold)
            for name, ablated in ablations(design).items()
        }
    if evaluation.splits:
        with progress_bar("Single 80/20 splits") as progress:
            found = single_splits(
                design, range(evaluation.splits), threshold=threshold, jobs=evaluation.jobs, progress=progress
            )
        report["single_splits"] = _split_figures(found)
    return report


def ablations(design: Design) -> dict[str, Design]:
    """The design without one of its parts."""
    no_gan = replace(design.training, adversarial_weight=0.0, feature_matching_weight=0.0)
    return {
        "without the GAN": replace(design, training=no_gan),
        "without the autoencoder": replace(design, autoencoder=False),
        "without both": replace(design, autoencoder=False, training=no_gan),
    }


def _cross_validate(
    design: Design, evaluation: Evaluation, threshold: float, progress_bar: ProgressBar, name: str
) -> list[FoldOutput]:
    with progress_bar(name) as progress:
        return cross_validate(design, evaluation.protocol, threshold=threshold, jobs=evaluation.jobs, progress=progress)


def _baselines(evaluation: Evaluation, progress_bar: ProgressBar) -> dict[str, Any]:
    units = [
        BaselineUnit(name, repeat, evaluation.protocol.folds)
        for name in BASELINES
        for repeat in evaluation.protocol.repeats
    ]
    with progress_bar("Baselines") as progress:
        outputs = map_units(run_baseline, units, jobs=evaluation.jobs, progress=progress)
    return {name: _baseline_performance([output for output in outputs if output.name == name]) for name in BASELINES}


def _baseline_performance(outputs: list[BaselineOutput]) -> dict[str, Any]:
    per_fold = [(test, output.probability[test]) for output in outputs for test in output.tests]
    return performance(per_fold, [output.probability for output in outputs], threshold=0.5)


def _single_member(outputs: list[FoldOutput]) -> dict[str, float]:
    """Accuracy of one member alone, mean over members, folds and repeats."""
    y = reference_cases().y
    hits = [((output.member_log_odds >= 0) == y[output.test]).mean() for output in outputs]
    return {"accuracy": float(np.mean(hits))}


def _split_figures(found: list[SplitAccuracy]) -> dict[str, Any]:
    reached = {
        name: float(np.mean([getattr(one, name) >= PUBLISHED_ACCURACY for one in found]))
        for name in ("ours", "logistic_regression")
    }
    return {"accuracy": PUBLISHED_ACCURACY, "share": reached, "splits": [asdict(one) for one in found]}


def _protocol(evaluation: Evaluation, classifier: AutoencoderGANClassifier) -> dict[str, Any]:
    cases = reference_cases()
    return {
        "data": SUMMARY,
        "cases": len(cases.y),
        "malignant": int(cases.y.sum()),
        "data_sha256": cases.sha256,
        "folds": evaluation.protocol.folds,
        "repeats": list(evaluation.protocol.repeats),
        "single_splits": evaluation.splits,
        "device": f"CPU ({torch.backends.cpu.get_cpu_capability()}), {evaluation.jobs} process(es) of one thread",
        "torch": torch.__version__,
        "scikit_learn": sklearn.__version__,
        "design": classifier.get_params(),
        "notes": (
            "Stratified folds shuffled by the repeat's number; preprocessing, tuning, calibration, conformal "
            "thresholds and novelty scale learnt inside the training folds; malignant positive. Hyperparameters "
            "were chosen on divisions by other seeds (100 and up) of the same cases."
        ),
    }
