"""The model card of a fitted tabular generator."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sklearn
import torch

from ml.fna.features import LABELS
from ml.gan.tabular.generator import ConditionalTabularGAN

LIMITS = (
    "Rows are for developing and testing software and methods, never about a patient and never for a diagnosis.",
    "It has learnt the table it was given: that table's centre, its instruments and its selection of patients.",
    "Rare combinations of a few hundred rows are smoothed over; conclusions about rare cases can't be drawn.",
    "Rows drawn in one call are balanced against each other; draw anew, with another seed, for independent sets.",
)
NO_GUARANTEE = (
    "No formal guarantee. Attacks are measured on the rows that it gives (see the passport); the distributions that "
    "the file holds are smooth functions of the training rows, and no row or value is stored."
)


def generator_card(model: ConditionalTabularGAN, *, seed: int, source_sha256: str | None = None) -> dict[str, Any]:
    """What a reader of synthetic rows should be able to look up, in JSON's types.

    Args:
        model: fitted.
        seed: that it was fitted with.
        source_sha256: of the file it was fitted to. Left out where the guarantee must cover that as well.
    """
    private = model.privacy_
    return {
        "name": "Lobule conditional tabular GAN",
        "task": "rows of thirty FNA measurements of a wanted class, benign or malignant",
        "limits": list(LIMITS),
        "method": {
            "coordinates": "logarithms of ratios that the geometry of an outline bounds (no data used)",
            "distributions": "noisy statistics" if private else "smoothed quantile functions and covariance by class",
            "network": _network(model),
            "sampling": "decorrelated and evenly ranked within a call; rows that break a rule are redrawn",
        },
        "training_data": {
            "rows": {LABELS[label]: count for label, count in model.counts_.items()},
            "rows_are_noisy": private is not None,
            **({"sha256": source_sha256} if source_sha256 and private is None else {}),
        },
        "seed": seed,
        "settings": asdict(model.settings),
        "privacy": private or {"words": NO_GUARANTEE},
        "software": {"torch": torch.__version__, "scikit-learn": sklearn.__version__},
    }


def _network(model: ConditionalTabularGAN) -> str:
    if model.privacy_ is None:
        return "generator with a linear skip against a projection discriminator; R1 penalty; averaged weights"
    if model.privacy_["mechanism"] == "dp-sgd":
        return "the same, its discriminator trained by DP-SGD"
    return "none: the budget goes to the statistics"
