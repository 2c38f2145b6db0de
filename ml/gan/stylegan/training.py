"""How the style-based networks learn: logistic loss, lazy R1, adaptive augmentation, an average of the weights."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.augmentation import AdaptiveProbability, augment
from ml.gan.batches import Batches
from ml.gan.ema import average_into, frozen_copy
from ml.gan.losses import discriminator_bce, generator_bce, gradient_penalty
from ml.gan.pictures import to_range
from ml.gan.stylegan.networks import StyleDiscriminator, StyleGenerator, StyleShape
from ml.training.device import Device

TRUNCATION = 1.0  # share of the way from the class's mean style that drawn pictures go


@dataclass(frozen=True)
class StyleSettings:
    """How the networks learn.

    Attributes:
        learning_rate: Adam's, for both networks, with betas (0, .99).
        r1: weight of the squared gradient at real pictures (Mescheder et al., 2018).
        r1_every: steps between its use ("lazy": Karras et al., 2020), weighted accordingly.
        averaging: decay of the average of the generator's weights.
        overfitting: target of the adaptive augmentation.
        ramp: real pictures seen while the augmentation's probability could go from 0 to 1.
    """

    learning_rate: float = 2.5e-3
    r1: float = 0.3
    r1_every: int = 8
    averaging: float = 0.995
    overfitting: float = 0.6
    ramp: int = 10_000


class StyleGAN(Architecture):
    """StyleGAN-type: style-based generator, residual discriminator, conditional on the class."""

    name = "stylegan"
    title = "StyleGAN-type"
    keeps_best = True
    batch = 16
    steps = MappingProxyType({"quick": 300, "standard": 1500, "thorough": 3000})

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """The generator to load averaged weights into."""
        return StyleGenerator(StyleShape(size, len(classes)), TRUNCATION)

    def learner(self, setting: Setting) -> Learner:
        """A training from fresh weights."""
        shape = StyleShape(setting.plan.size, len(setting.pictures.classes))
        return StyleLearner(setting, StyleSettings(), shape)


class StyleLearner(Learner):
    """A StyleGAN in training."""

    def __init__(self, setting: Setting, settings: StyleSettings, shape: StyleShape) -> None:
        self.settings = settings
        self.device: Device = setting.device
        self.pictures = setting.pictures
        self.batches = Batches(torch.arange(len(setting.pictures)).numpy(), setting.plan.batch, setting.plan.seed)
        self.generator = self.device.place(StyleGenerator(shape, TRUNCATION))
        self.discriminator = self.device.place(StyleDiscriminator(shape))
        self.average = frozen_copy(self.generator)
        self.adaptive = AdaptiveProbability(target=settings.overfitting, pictures=settings.ramp)
        self.networks: dict[str, nn.Module] = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "average": self.average,
            "adaptive": self.adaptive,
        }
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            "generator": self._adam(self.generator, 1.0),
            "discriminator": self._adam(self.discriminator, settings.r1_every / (settings.r1_every + 1)),
        }

    def _adam(self, network: nn.Module, share: float) -> torch.optim.Adam:
        """Adam, slowed by the share of steps that have no regularisation (Karras et al., 2020, appendix B)."""
        rate = self.settings.learning_rate * share
        fused = self.device.kind != "mps"
        return torch.optim.Adam(network.parameters(), lr=rate, betas=(0.0, 0.99**share), eps=1e-8, fused=fused)

    @property
    def sampler(self) -> SamplingNetwork:
        """The generator with averaged weights."""
        return self.average

    def step(self, number: int) -> dict[str, Tensor]:
        """One update of the discriminator, one of the generator, one of the average."""
        rows = torch.from_numpy(self.batches[number])
        there = self.device.torch_device
        real = to_range(self.pictures.pixels[rows])
        mirrored = torch.rand(len(real), 1, 1, 1) < 0.5
        real = torch.where(mirrored, real.flip(3), real).to(there)
        labels = self.pictures.labels[rows].to(there)
        said = self._discriminate(real, labels)
        if number % self.settings.r1_every == 0:
            said["r1"] = self._regularise(real, labels)
        said |= self._generate(labels)
        average_into(self.average, self.generator, self.settings.averaging, number)
        return said

    def report(self) -> dict[str, Any]:
        """How far the augmentation had to go, and the truncation in use."""
        return {"augmentation_probability": self.adaptive.value, "truncation": TRUNCATION}

    def _changed(self, pictures: Tensor) -> Tensor:
        return augment(pictures, generator=torch.default_generator, probability=self.adaptive.value)

    def _latents(self, count: int) -> Tensor:
        return torch.randn(count, self.generator.shape.latent).to(self.device.torch_device)

    def _discriminate(self, real: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Teach the discriminator to tell real pictures from drawn ones."""
        with torch.no_grad(), self.device.autocast():
            drawn = self.generator(self._latents(len(real)), labels)
        shown = torch.cat([self._changed(real), self._changed(drawn.float())])
        with self.device.autocast():
            logits = self.discriminator(shown, labels.repeat(2))
        genuine, false = logits.float().chunk(2)
        loss = discriminator_bce(genuine, false)
        self._update("discriminator", loss)
        probability = self.adaptive.observe(genuine)
        return {
            "loss_discriminator": loss.detach(),
            "overfitting": genuine.detach().sign().mean(),
            "augmentation": torch.tensor(probability),
        }

    def _regularise(self, real: Tensor, labels: Tensor) -> Tensor:
        """R1: keep the discriminator flat at real pictures. In full precision: it differentiates twice."""
        shown = self._changed(real).requires_grad_()
        logits = self.discriminator(shown, labels)
        penalty = gradient_penalty(logits, shown)
        self._update("discriminator", self.settings.r1 * self.settings.r1_every * penalty)
        return penalty.detach()

    def _generate(self, labels: Tensor) -> dict[str, Tensor]:
        """Teach the generator to pass (non-saturating loss: Goodfellow et al., 2014)."""
        self.discriminator.requires_grad_(requires_grad=False)
        with self.device.autocast():
            drawn = self.generator(self._latents(len(labels)), labels)
        shown = self._changed(drawn.float())
        with self.device.autocast():
            logits = self.discriminator(shown, labels)
        loss = generator_bce(logits.float())
        self._update("generator", loss)
        self.discriminator.requires_grad_()
        return {"loss_generator": loss.detach()}

    def _update(self, player: str, loss: Tensor) -> None:
        optimiser = self.optimisers[player]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
