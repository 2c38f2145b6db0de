"""The model card of a trained FNA classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sklearn
import torch

from ml.calibration import INTERVAL_MASS
from ml.fna.classifier import AutoencoderGANClassifier
from ml.fna.evaluation.cross_validation import Protocol
from ml.fna.evaluation.out_of_fold import FoldOutput
from ml.fna.evaluation.summary import (
    conformal_figures,
    ensemble_performance,
    novelty_figures,
    referral_figures,
    reliability_bins,
)
from ml.fna.novelty import READINGS
from ml.fna.preprocessing import Cleaned
from ml.fna.reference import LICENCE, SOURCE, SUMMARY, reference_cases

VERSION = "1.0.0"

LIMITS = (
    (
        "Not a certified medical device: a second opinion for research and demonstration, never the sole "
        "ground of a decision."
    ),
    (
        "Trained on 569 cases from one centre, measured by one group's software around 1990. It has not "
        "been validated on any other hospital's cases, and cross-validation on the same centre's cases "
        "flatters it."
    ),
    ("Reads the thirty WDBC measurements alone, in WDBC's units; it sees neither the smear nor the patient."),
    (
        "37 % of the training cases are malignant. Where malignancy is rarer, the true chance is lower than"
        " the probability shown."
    ),
    ("Age, sex, ethnicity and the sampling of the cases are unknown, so fairness across groups can't be measured."),
    ("Refusals catch rows that are unlike the training cases; a wrong row that looks typical is not caught."),
)


def model_card(
    classifier: AutoencoderGANClassifier,
    outputs: Sequence[FoldOutput],
    protocol: Protocol,
    cleaned: Cleaned,
) -> dict[str, Any]:
    """Everything that a reader of the model's answers should be able to look up, in JSON's types.

    Args:
        classifier: the fitted estimator, all training cases seen.
        outputs: its design's out-of-fold output.
        protocol: how those were made.
        cleaned: what cleaning did to the training table.
    """
    ensemble = classifier.ensemble_
    return {
        "name": "Lobule FNA autoencoder-GAN",
        "version": VERSION,
        "task": "benign or malignant from thirty measurements of a fine-needle aspirate of a breast mass",
        "intended_use": (
            "a second opinion with its evidence, beside the usual work-up, for research and demonstration"
        ),
        "limits": list(LIMITS),
        "training_data": {
            "summary": SUMMARY,
            "source": SOURCE,
            "licence": LICENCE,
            "cases": len(cleaned.y),
            "benign": int((cleaned.y == 0).sum()),
            "malignant": int((cleaned.y == 1).sum()),
            "dropped_incomplete": cleaned.incomplete,
            "dropped_duplicates": cleaned.duplicates,
            "sha256": reference_cases().sha256,
        },
        "preprocessing_version": ensemble.preprocessor.preprocessing_version,
        "design": _parameters(classifier),
        "evaluation": {
            "protocol": (
                f"{protocol.folds}-fold stratified cross-validation, {len(protocol.repeats)} repeat(s) "
                f"shuffled by seeds {', '.join(map(str, protocol.repeats))}; preprocessing, calibration, "
                "conformal thresholds and novelty scale learnt inside the training folds; malignant positive; "
                "hyperparameters chosen on divisions by other seeds (100 and up) of the same cases"
            ),
            "performance": ensemble_performance(outputs, classifier.threshold),
            "conformal": conformal_figures(outputs),
            "referral": referral_figures(outputs, classifier.threshold),
            "novelty": novelty_figures(outputs),
        },
        "calibration": {
            "method": "logistic (Platt) scaling on log-odds of members that did not see the case",
            **asdict(ensemble.calibration),
            "bins": reliability_bins(outputs),
        },
        "decision_threshold": classifier.threshold,
        "interval": (
            f"calibrated probabilities that the middle {INTERVAL_MASS:.0%} of the {classifier.members} "
            "ensemble members give: how far the members disagree, not the whole uncertainty"
        ),
        "conformal": {
            "method": "class-conditional (Mondrian) cross-conformal; sets that are not one label hold both",
            **asdict(ensemble.conformal),
        },
        "novelty": {
            "method": (
                "largest of misfit, reconstruction error and fake score, each 0 at the median and 1 at the "
                "99th percentile of training cases by members that did not see them; refused above the "
                "threshold, and for any error that the schema finds"
            ),
            "readings": list(READINGS),
            "median": ensemble.novelty.median.tolist(),
            "spread": ensemble.novelty.spread.tolist(),
            "threshold": ensemble.novelty.threshold,
            "chosen": f"the quantile that refuses {classifier.refused_share:.1%} of those training cases",
        },
        "contributions": {
            "method": ("integrated gradients in calibrated log-odds; they sum to the case's minus the baseline's"),
            "baseline": "half-way between the mean benign and the mean malignant training case",
        },
        "software": {"torch": torch.__version__, "scikit-learn": sklearn.__version__},
    }


def _parameters(classifier: AutoencoderGANClassifier) -> dict[str, Any]:
    return {name: value for name, value in classifier.get_params().items() if name != "threshold"}
