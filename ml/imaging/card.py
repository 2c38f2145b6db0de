"""The model card of a trained image classifier."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import sklearn
import torch

import ml.imaging.vision_ops  # noqa: F401 - before torchvision
from ml.calibration import INTERVAL_MASS
from ml.imaging.classifier import ImageAutoencoderGANClassifier
from ml.imaging.evaluation.material import Material
from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.novelty import READINGS
from ml.imaging.origin import PICTURE_WORDS, Origin, model_name
from ml.imaging.preprocessing import PREPROCESSING_VERSION

import torchvision  # type: ignore[import-untyped]  # isort: skip

VERSION = "1.1.0"
GENERAL_LIMITS = (
    (
        "Not a certified medical device: a second opinion for research and demonstration, never the sole ground of a "
        "decision."
    ),
    "Reads one picture at a time; it knows neither the patient, nor other views, nor earlier studies.",
    "Refusals catch pictures of another kind; a poor picture that looks like ultrasound is not always caught.",
    "The evidence map shows what moved the answer, not the outline of a lesion.",
)
ULTRASOUND_LIMITS = (
    (
        "Trained on pictures of one hospital and one maker's scanners, many of them near duplicates; on another "
        "hospital's pictures expect it to do worse."
    ),
    (
        "Some training pictures bear calipers, letters or arrows. Training draws such marks on all kinds alike, and "
        "the effect of masking them is measured, but it can't be ruled out that marks still count."
    ),
    (
        "In cross-validation three in ten malignant pictures got a probability below one half, and two pictures in "
        "five stayed uncertain: a low probability is no all-clear."
    ),
    "27 % of the training pictures are malignant. Where malignancy is rarer, the true chance is lower than shown.",
    (
        "Age, ethnicity and breast density of the training patients are unknown, so fairness across groups can't be "
        "measured."
    ),
)


def model_card(
    classifier: ImageAutoencoderGANClassifier,
    ready: Material,
    origin: Origin,
    modality: str,
    evaluation: dict[str, Any] | None,
) -> dict[str, Any]:
    """Everything that a reader of the model's answers should be able to look up, in JSON's types.

    Args:
        classifier: fitted on all pictures.
        ready: those pictures.
        origin: where they come from.
        modality: of the pictures.
        evaluation: the report of `ml.imaging.evaluation.report`, or None where none was made.
    """
    ensemble = classifier.ensemble_
    labels = ready.pictures.labels
    measured = evaluation or {}
    return {
        "name": model_name(modality),
        "version": VERSION,
        "modality": modality,
        "task": f"benign or malignant from one {PICTURE_WORDS.get(modality, 'picture')}",
        "intended_use": (
            "a second opinion with its evidence, beside the usual work-up, for research and demonstration"
        ),
        "limits": [*GENERAL_LIMITS, *(ULTRASOUND_LIMITS if modality == "US" else ())],
        "training_data": {
            "summary": origin.summary,
            "source": origin.source,
            "licence": origin.licence,
            "cases": len(labels),
            "benign": int((labels == LESION).sum()),
            "malignant": int((labels == MALIGNANT).sum()),
            "normal": int((labels == CLEAR).sum()),
            "left_out": [*ready.excluded, *ready.contradictions],
            "near_duplicates": ready.grouping(),
            "simulated": f"{classifier.phantoms} drawn phantoms, which no patient's picture went into",
            "sha256": ready.pictures.sha256,
        },
        "preprocessing_version": PREPROCESSING_VERSION,
        "design": {name: value for name, value in classifier.get_params().items() if name != "threshold"},
        "evaluation": {key: value for key, value in measured.items() if key != "calibration_bins"},
        "calibration": {
            "method": "logistic (Platt) scaling on log-odds of members that did not see the picture",
            **asdict(ensemble.calibration),
            "bins": measured.get("calibration_bins", {"before": [], "after": []}),
        },
        "decision_threshold": classifier.threshold,
        "interval": (
            f"calibrated probabilities that the middle {INTERVAL_MASS:.0%} of the {classifier.members} ensemble "
            "members give: how far the members disagree, not the whole uncertainty"
        ),
        "conformal": {
            "method": "class-conditional (Mondrian) cross-conformal; sets that are not one label hold both",
            **asdict(ensemble.conformal),
        },
        "novelty": {
            "method": (
                "largest of five readings, each 0 at the median and 1 at the 99th percentile of training pictures, "
                "plain and gently changed, by models that did not see them; refused above the threshold, and where a "
                "picture is nearly black, without contrast, in colour or too small"
            ),
            "readings": list(READINGS),
            "median": ensemble.novelty.median.tolist(),
            "spread": ensemble.novelty.spread.tolist(),
            "threshold": ensemble.novelty.threshold,
            "chosen": f"the quantile that refuses {classifier.refused_share:.1%} of those pictures",
        },
        "evidence": {
            "method": (
                "the weight that the discriminator gives a cell, times the cell's own log-odds squeezed into −1 to 1; "
                "the mean over networks and over the plain and the mirrored picture"
            ),
        },
        "software": {
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
        },
    }
