"""The costly part of an evaluation: one ensemble and one ResNet-18 per fold, kept as files so that a run can resume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ml.imaging.classifier import ImageAutoencoderGANClassifier
from ml.imaging.design import PHANTOM_SEED, Schooling, schooling
from ml.imaging.evaluation.baseline import fit_resnet, resnet_log_odds
from ml.imaging.evaluation.material import Material
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.fitting import fit_ensemble
from ml.imaging.model_file import from_tensors, to_metadata, to_tensors
from ml.imaging.phantoms import draw_phantoms
from ml.imaging.training import Progress

Kind = Literal["ensemble", "resnet"]
SCHOOL_SEED = 0


@dataclass(frozen=True)
class FoldPlan:
    """What is fitted, and where it is kept."""

    classifier: ImageAutoencoderGANClassifier
    folder: Path
    seed: int
    baseline_steps: int

    def path(self, kind: Kind, fold: int) -> Path:
        """Where a fold's model or scores are kept."""
        return self.folder / (f"ensemble-{fold}.safetensors" if kind == "ensemble" else f"resnet-{fold}.npy")


def prepare_school(plan: FoldPlan, progress: Progress | None = None) -> Schooling:
    """What all folds share: phantoms and the weights learnt from them, kept or made."""
    path = plan.folder / "school.safetensors"
    design = plan.classifier.design()
    if path.exists() and design.phantoms:
        with safe_open(path, framework="pt") as file:
            start = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        return Schooling(draw_phantoms(design.phantoms, design.canvas_side, PHANTOM_SEED), start)
    made = schooling(design, plan.classifier.chosen_device(), SCHOOL_SEED, progress)
    if made.start is not None:
        save_file({name: value.contiguous() for name, value in made.start.items()}, path)
    return made


def fit_fold(
    kind: Kind,
    fold: int,
    plan: FoldPlan,
    ready: Material,
    *,
    school: Schooling | None,
    progress: Progress | None = None,
) -> None:
    """Fit one fold's model on its training rows and keep it; nothing is done where it is kept already."""
    path = plan.path(kind, fold)
    if path.exists():
        return
    train, test = ready.division[fold]
    device = plan.classifier.chosen_device()
    rows = torch.from_numpy(train)
    seed = 100 * plan.seed + fold
    if kind == "resnet":
        network = fit_resnet(
            ready.views.whole[rows],
            ready.pictures.outcomes[train],
            device,
            steps=plan.baseline_steps,
            seed=seed,
            progress=progress,
        )
        np.save(path, resnet_log_odds(network, ready.views.whole[torch.from_numpy(test)]))
        return
    assert school is not None  # ensembles start from one
    ensemble = fit_ensemble(
        ready.views.select(rows),
        ready.pictures.labels[train],
        ready.groups[train],
        plan.classifier.design(),
        device,
        seed=seed,
        school=school,
        progress=progress,
    )
    save_file(to_tensors(ensemble), path, metadata=to_metadata(ensemble))


def kept_ensemble(plan: FoldPlan, fold: int) -> FittedEnsemble:
    """A fold's ensemble."""
    with safe_open(plan.path("ensemble", fold), framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
        return from_tensors(tensors, dict(file.metadata() or {}))
