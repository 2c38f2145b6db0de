"""CGAN: Mirza and Osindero, "Conditional generative adversarial nets" (2014), on DCGAN's layers.

The class is given to both networks: one-hot beside the generator's latent, and one-hot planes beside the picture that
the discriminator judges. Everything else is DCGAN's plain recipe (`ml.gan.dcgan`), and one pair of networks learns all
classes.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.batches import Batches
from ml.gan.dcgan import (
    BETAS,
    LATENT,
    LEARNING_RATE,
    DCGANDiscriminator,
    DCGANGenerator,
    initialise,
    train_pair,
)
from ml.gan.pictures import LabelledPictures, to_range


class ConditionalGenerator(SamplingNetwork):
    """Latents and classes to pictures."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.classes = classes
        self.network = DCGANGenerator(size, LATENT + classes)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Map `(n, LATENT)` and `(n,)` to `(n, 1, size, size)` in [-1, 1]."""
        told = functional.one_hot(labels, self.classes).to(latents)
        pictures: Tensor = self.network(torch.cat([latents, told], dim=1))
        return pictures

    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Pictures of the classes."""
        pictures: Tensor = self(torch.randn(len(labels), LATENT, generator=random).to(labels.device), labels)
        return pictures


class ConditionalDiscriminator(nn.Module):
    """Pictures and the classes that they are said to be of, to logits."""

    def __init__(self, classes: int, size: int) -> None:
        super().__init__()
        self.classes = classes
        self.network = DCGANDiscriminator(size, 1 + classes)

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Map `(n, 1, size, size)` and `(n,)` to `(n,)`."""
        told = functional.one_hot(labels, self.classes).to(pictures)[:, :, None, None]
        planes = told.expand(-1, -1, *pictures.shape[2:])
        logits: Tensor = self.network(torch.cat([pictures, planes], dim=1))
        return logits


class CGANLearner(Learner):
    """One pair of networks for all classes."""

    def __init__(self, setting: Setting) -> None:
        plan, pictures = setting.plan, setting.pictures
        self._device = setting.device.torch_device
        self._real = to_range(pictures.pixels).to(self._device)
        self._labels = pictures.labels.to(self._device)
        self._batches = Batches(np.arange(len(pictures)), plan.batch, plan.seed)
        self._generator = ConditionalGenerator(len(pictures.classes), plan.size)
        self._discriminator = ConditionalDiscriminator(len(pictures.classes), plan.size)
        self.networks = {"generator": self._generator, "discriminator": self._discriminator}
        self.optimisers = {}
        for name, network in self.networks.items():
            network.apply(initialise).to(self._device).train()
            self.optimisers[name] = torch.optim.Adam(network.parameters(), LEARNING_RATE, BETAS)

    @property
    def sampler(self) -> SamplingNetwork:
        """The generator as it is."""
        return self._generator

    def step(self, number: int) -> dict[str, Tensor]:
        """One step; the fakes are of the real pictures' classes."""
        rows = torch.from_numpy(self._batches[number]).to(self._device)
        labels = self._labels[rows]
        fake = self._generator(torch.randn(len(rows), LATENT, device=self._device), labels)
        return train_pair(
            self._real[rows],
            fake,
            lambda pictures: self._discriminator(pictures, labels),
            self.optimisers["generator"],
            self.optimisers["discriminator"],
        )


class CGAN(Architecture):
    """Mirza and Osindero's conditioning on Radford et al.'s layers."""

    name = "cgan"
    title = "CGAN"
    steps = MappingProxyType({"quick": 350, "standard": 2000, "thorough": 4000})

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """An untrained generator."""
        return ConditionalGenerator(len(classes), size)

    def learner(self, setting: Setting) -> Learner:
        """Fresh networks."""
        return CGANLearner(setting)
