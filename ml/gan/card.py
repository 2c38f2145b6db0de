"""What a generator's card says of it. Counts and hashes, never a file's or a patient's name."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ml.gan.architectures import Architecture
from ml.gan.pictures import TrainingPictures
from ml.gan.plan import TrainingPlan

USE = (
    "Drawing synthetic pictures for research and teaching. Not for diagnosis; pictures drawn from it are released only "
    "with a passport of their quality and their nearness to the pictures learnt from."
)
TRANSLATED = "What it draws are pictures of real patients, modified: de-identified at best, never anonymous."


def generator_card(
    architecture: Architecture,
    pictures: TrainingPictures,
    plan: TrainingPlan,
    *,
    report: Mapping[str, Any],
    steps: int,
    seconds: float,
    device: str,
    quality: Mapping[str, float],
) -> dict[str, Any]:
    """The card: what it is, what it was trained on, how, and how good its judged weights were.

    Args:
        architecture: of the generator.
        pictures: that it learnt from.
        plan: that the training followed.
        report: the learner's own entries, such as `privacy`.
        steps: done.
        seconds: of training.
        device: as `Device.describe` tells it.
        quality: of the best judgement, with its step.
    """
    card: dict[str, Any] = {
        "name": f"{architecture.title}, {plan.size} × {plan.size}",
        "version": "1",
        "kind": "image generator",
        "architecture": architecture.name,
        "classes": list(pictures.classes),
        "size": plan.size,
        "use": USE,
        "derived_from_patients": architecture.needs_sources,
        "trained_on": {
            "pictures": len(pictures),
            "counts": pictures.counts,
            "groups": len(np.unique(pictures.groups)),
            "sha256": pictures.sha256,
        },
        "training": {
            "plan": plan.as_dict(),
            "steps": steps,
            "epochs": round(steps * plan.batch / len(pictures), 2),
            "seconds": round(seconds, 1),
            "device": device,
            "torch": torch.__version__,
            "python": platform.python_version(),
            "kept": "the best judged weights"
            if architecture.keeps_best and plan.privacy is None
            else "the last weights",
        },
        "quality": dict(quality),
        "privacy": None,
        **report,
    }
    if architecture.needs_sources:
        card["warning"] = TRANSLATED
    return card
