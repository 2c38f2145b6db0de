"""Optimised CGAN: one pair of networks for all classes, with what `ml.gan.optimized` brings."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.batches import Batches
from ml.gan.optimized import OptimizedGenerator, OptimizedPair
from ml.gan.pictures import to_range


class OptimizedCGANLearner(Learner):
    """One pair for all classes."""

    def __init__(self, setting: Setting) -> None:
        plan, pictures = setting.plan, setting.pictures
        self._device = setting.device.torch_device
        self._real = to_range(pictures.pixels).to(self._device)
        self._labels = pictures.labels.to(self._device)
        self._batches = Batches(np.arange(len(pictures)), plan.batch, plan.seed)
        self._pair = OptimizedPair(len(pictures.classes), plan.size, setting.device)
        self.networks, self.optimisers = self._pair.networks, self._pair.optimisers

    @property
    def sampler(self) -> SamplingNetwork:
        """The averaged generator."""
        return self._pair.average

    def step(self, number: int) -> dict[str, Tensor]:
        """One step; the fakes are of the real pictures' classes."""
        rows = torch.from_numpy(self._batches[number]).to(self._device)
        return self._pair.step(self._real[rows], self._labels[rows], number)


class OptimizedCGAN(Architecture):
    """CGAN with parts from every scale, adaptive augmentation, projection, averaging and mixed precision."""

    name = "optimized-cgan"
    title = "Optimised CGAN"
    keeps_best = True
    steps = MappingProxyType({"quick": 350, "standard": 2000, "thorough": 4000})
    patience = 12

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """An untrained generator."""
        return OptimizedGenerator(len(classes), size)

    def learner(self, setting: Setting) -> Learner:
        """Fresh networks."""
        return OptimizedCGANLearner(setting)
