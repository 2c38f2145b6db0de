"""Optimised DCGAN: a pair of networks per class, as DCGAN has, with what `ml.gan.optimized` brings.

A class alone has few pictures to learn ultrasound from. So one pair first learns from the pictures of all classes, and
each class's pair goes on from there with its own (transfer, as Wang et al., "Transferring GANs", 2018, but between the
classes of one set).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.batches import Batches
from ml.gan.dcgan import OnePerClass
from ml.gan.optimized import LATENT, OptimizedGenerator, OptimizedPair
from ml.gan.pictures import to_range

TOGETHER = 0.25  # share of the steps in which one pair learns from all classes


class OneOptimizedPerClass(OnePerClass):
    """An optimised generator for each class."""

    def drawn(self, generator: nn.Module, latents: Tensor, random: torch.Generator) -> Tensor:
        """One class's pictures, their noise from `random` too."""
        pictures: Tensor = generator(latents, random=random)
        return pictures


class OptimizedDCGANLearner(Learner):
    """One pair for all classes at first, then a pair for each, by turns."""

    def __init__(self, setting: Setting) -> None:
        plan, pictures = setting.plan, setting.pictures
        self._device = setting.device.torch_device
        self._real = to_range(pictures.pixels).to(self._device)
        self._together = round(TOGETHER * plan.steps)
        self._all = Batches(np.arange(len(pictures)), plan.batch, plan.seed)
        self._own, self._pairs = [], []
        self.networks, self.optimisers = {}, {}
        for code in range(len(pictures.classes)):
            rows = np.flatnonzero(pictures.labels.numpy() == code)
            self._own.append(Batches(rows, plan.batch, plan.seed))
            pair = OptimizedPair(1, plan.size, setting.device)
            self._pairs.append(pair)
            self.networks |= {f"{name}.{code}": network for name, network in pair.networks.items()}
            self.optimisers |= {f"{name}.{code}": optimiser for name, optimiser in pair.optimisers.items()}
        self._apart = torch.zeros((), dtype=torch.bool)

    @property
    def sampler(self) -> SamplingNetwork:
        """The averaged generators; while they learn together it is one for all classes."""
        averages = [pair.average if self._apart else self._pairs[0].average for pair in self._pairs]
        return OneOptimizedPerClass([*averages], LATENT)

    @property
    def labels_hold(self) -> bool:
        """Not before the classes' pairs have parted."""
        return bool(self._apart)

    def state(self) -> dict[str, Tensor]:
        """Whether the pairs have parted."""
        return {"apart": self._apart}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take that back."""
        self._apart = state["apart"]

    def step(self, number: int) -> dict[str, Tensor]:
        """One step of the pair whose turn it is."""
        if number < self._together:
            return self._learn(self._pairs[0], self._all[number], number)
        if not self._apart:
            for pair in self._pairs[1:]:
                pair.go_on_from(self._pairs[0])
            self._apart = torch.ones((), dtype=torch.bool)
        turn, code = divmod(number - self._together, len(self._pairs))
        return self._learn(self._pairs[code], self._own[code][turn], self._together + turn)

    def _learn(self, pair: OptimizedPair, rows: NDArray[np.int64], number: int) -> dict[str, Tensor]:
        real = self._real[torch.from_numpy(rows).to(self._device)]
        labels = torch.zeros(len(real), dtype=torch.int64, device=self._device)
        return pair.step(real, labels, number)


class OptimizedDCGAN(Architecture):
    """DCGAN with parts from every scale, adaptive augmentation, averaging and transfer between classes."""

    name = "optimized-dcgan"
    title = "Optimised DCGAN"
    keeps_best = True
    steps = MappingProxyType({"quick": 350, "standard": 2000, "thorough": 4000})
    patience = 12

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """Untrained generators."""
        return OneOptimizedPerClass([OptimizedGenerator(1, size) for _ in classes], LATENT)

    def learner(self, setting: Setting) -> Learner:
        """Fresh pairs of networks."""
        return OptimizedDCGANLearner(setting)
