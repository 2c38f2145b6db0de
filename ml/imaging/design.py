"""The choices of an ensemble, and what its networks learn from phantoms before they see a patient's picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ml.imaging.augmentation import AugmentationSettings
from ml.imaging.networks import AutoencoderGAN, NetworkShape
from ml.imaging.phantoms import Phantoms, draw_phantoms
from ml.imaging.preprocessing import CANVAS_MARGIN
from ml.imaging.training import Lessons, Progress, TrainingSettings, train_member
from ml.imaging.views import Look
from ml.training.device import Device, channels_last

PHANTOM_SEED = 7
Weights = Mapping[str, Tensor]


@dataclass(frozen=True)
class Design:
    """All choices of an ensemble; documented on `ImageAutoencoderGANClassifier`."""

    members: int
    inner_folds: int
    phantoms: int
    phantom_steps: int
    counterexamples: int
    coverage: float
    refused_share: float
    shape: NetworkShape
    training: TrainingSettings
    changes: AugmentationSettings

    @property
    def canvas_side(self) -> int:
        """Of the canvases that are kept for augmentation, in pixels."""
        return round(CANVAS_MARGIN * self.shape.size)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Of the networks: all members' whole looks, then, where phantoms can teach a finder, their close ones."""
        whole: tuple[Look, ...] = ("whole",)
        close: tuple[Look, ...] = ("close",) if self.phantoms and self.phantom_steps else ()
        return whole * self.members + close * self.members


@dataclass(frozen=True)
class Schooling:
    """What all networks share before they see a patient's picture: phantoms, and the weights learnt from them."""

    phantoms: Phantoms | None
    start: Weights | None

    def finder(self, shape: NetworkShape) -> AutoencoderGAN | None:
        """The network that tells where to look closer; None without phantoms."""
        if self.start is None:
            return None
        network = AutoencoderGAN(shape)
        network.load_state_dict(self.start)
        return channels_last(network.eval().requires_grad_(False))


def schooling(design: Design, device: Device, seed: int, progress: Progress | None = None) -> Schooling:
    """Draw phantoms and learn from them alone; no patient's picture is involved, so folds may share it."""
    if not design.phantoms:
        return Schooling(None, None)
    phantoms = draw_phantoms(design.phantoms, design.canvas_side, PHANTOM_SEED)
    if not design.phantom_steps:
        return Schooling(phantoms, None)
    side = design.canvas_side
    lessons = Lessons(torch.empty((0, 1, side, side), dtype=torch.uint8), torch.empty(0, dtype=torch.int64), phantoms)
    settings = design.training.alone(design.phantom_steps)
    learnt = train_member(lessons, design.shape, settings, design.changes, device, seed=seed, progress=progress)
    return Schooling(phantoms, learnt.state_dict())
