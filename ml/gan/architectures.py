"""What an architecture is to the training loop, and the architectures by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ml.gan.pictures import LabelledPictures, TrainingPictures
from ml.training.device import Device

if TYPE_CHECKING:  # plans look up the architectures' own figures
    from ml.gan.plan import Effort, TrainingPlan

ARCHITECTURES = {
    "dcgan": "ml.gan.dcgan:DCGAN",
    "cgan": "ml.gan.cgan:CGAN",
    "optimized-dcgan": "ml.gan.optimized_dcgan:OptimizedDCGAN",
    "optimized-cgan": "ml.gan.optimized_cgan:OptimizedCGAN",
    "cyclegan": "ml.gan.cyclegan.training:CycleGAN",
    "stylegan": "ml.gan.stylegan.training:StyleGAN",
}
"""Where each architecture's class stands."""

PRIVATE_ARCHITECTURES: dict[str, str] = {
    "cgan": "ml.gan.private.training:PrivateCGAN",
}
"""The forms that learn under differential privacy."""


class SamplingNetwork(nn.Module, ABC):
    """What is kept of a training: networks that draw labelled pictures."""

    @abstractmethod
    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Pictures `(n, 1, size, size)` in [-1, 1] of the classes `labels` `(n,)`, on the network's device.

        Args:
            labels: int64, on the network's device.
            random: on the CPU; every random number comes from it, so that a seed settles the pictures.
            sources: real pictures, for an architecture that translates (`Architecture.needs_sources`).
        """


@dataclass(frozen=True)
class Setting:
    """What a learner starts from."""

    pictures: TrainingPictures
    plan: TrainingPlan
    device: Device


class Learner(ABC):
    """A training in progress: networks, their optimisers, and one step.

    All that changes while training must be in `networks` (averages of weights too), in `optimisers` or in `state()`:
    a checkpoint holds these and torch's random state, and a run resumed from it must not differ from an unbroken one.

    Attributes:
        networks: by name.
        optimisers: by name.
    """

    networks: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Optimizer]

    @abstractmethod
    def step(self, number: int) -> dict[str, Tensor]:
        """Do training step `number` (from 0); returns detached scalars for the statistics."""

    @property
    @abstractmethod
    def sampler(self) -> SamplingNetwork:
        """The network to sample from, as it is now."""

    @property
    def labels_hold(self) -> bool:
        """Whether what is sampled now is of the class asked for; weights are kept as the best from then on only."""
        return True

    def state(self) -> dict[str, Tensor]:
        """What else a checkpoint must hold (an augmentation's strength, steps taken under a privacy budget)."""
        return {}

    def restore(self, state: Mapping[str, Tensor]) -> None:  # noqa: B027 - most have nothing to restore
        """Take back what `state` gave."""

    def report(self) -> dict[str, Any]:
        """Entries for the generator's card, such as the privacy spent."""
        return {}


class Architecture(ABC):
    """A kind of GAN.

    Attributes:
        name: in `ARCHITECTURES`.
        title: for readers.
        needs_sources: whether drawing takes real pictures, which makes the output a modified picture of a patient.
        keeps_best: whether the weights of the best judgement are kept rather than the last.
        batch: real pictures in a step, by default.
        steps: of each effort at 64 × 64 pixels.
        patience: judgements without a better one after which training ends, by default.
    """

    name: str
    title: str
    needs_sources: bool = False
    keeps_best: bool = False
    batch: int = 32
    steps: Mapping[Effort, int]
    patience: int | None = None

    @abstractmethod
    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """The untrained sampling network, to load weights into."""

    @abstractmethod
    def learner(self, setting: Setting) -> Learner:
        """Networks with fresh weights, drawn from torch's global random state (the loop has seeded it)."""


def architecture(name: str, *, private: bool = False) -> Architecture:
    """The architecture of this name.

    Raises:
        ValueError: when there is none, or none that learns under differential privacy.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {name!r}; choose one of {', '.join(ARCHITECTURES)}")
    if private and name not in PRIVATE_ARCHITECTURES:
        offered = ", ".join(PRIVATE_ARCHITECTURES) or "none"
        raise ValueError(f"{name} can't be trained with differential privacy; these can: {offered}")
    module, _, attribute = (PRIVATE_ARCHITECTURES if private else ARCHITECTURES)[name].partition(":")
    made: Architecture = getattr(import_module(module), attribute)()
    return made
