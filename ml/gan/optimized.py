"""What the optimised DCGAN and the optimised CGAN share: networks, and one step of a pair.

The discriminator keeps DCGAN's strided layers and batch normalisation and also sees the spread of the batch (Karras et
al., 2018). In the generator every scale adds its part to the picture (Karras et al., 2020), so that the coarse ones are
soon right, and gets noise of its own for the speckle; nearest-neighbour enlarging and 3 × 3 convolutions leave no
checkerboard. Both are shown mirrored pictures, augmented as far as the discriminator overfits
(`ml.gan.augmentation`). What is sampled is an average of the generator's weights. On the machine's side there are
bfloat16, channels last, fused optimisers and compilation as the device likes them. With several classes the
discriminator projects them (Miyato and Koyama, 2018) and the generator's batch normalisation is conditional (de Vries
et al., 2017). What was tried and left out is told in docs/synthesis-models.md.
"""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.gan.architectures import SamplingNetwork
from ml.gan.augmentation import AdaptiveProbability, augment
from ml.gan.dcgan import initialise
from ml.gan.ema import average_into, frozen_copy
from ml.gan.losses import discriminator_bce, generator_bce
from ml.gan.pictures import LabelledPictures
from ml.training.device import Device

LATENT = 64
CLASS_WIDTH = 16  # of the class's embedding beside the latent
WIDTH = 32
NOISE = 0.1  # first strength of each scale's noise
SMALLEST = 4
LEARNING_RATE = 2e-4
BETAS = (0.5, 0.99)
AVERAGING = 0.998
AUGMENTED = 40_000  # real pictures seen while the augmentation could go from none to all


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation with a scale and a shift of each class's own."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale = nn.Embedding(classes, channels)
        self.shift = nn.Embedding(classes, channels)
        nn.init.ones_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, maps: Tensor, labels: Tensor) -> Tensor:
        """Normalise `(n, channels, h, w)` of classes `(n,)`."""
        scale, shift = self.scale(labels)[:, :, None, None], self.shift(labels)[:, :, None, None]
        normed: Tensor = self.norm(maps) * scale + shift
        return normed


class OptimizedGenerator(SamplingNetwork):
    """Latents and classes to pictures: every scale adds its part to the picture of the scale before."""

    def __init__(self, classes: int, size: int, width: int = WIDTH) -> None:
        super().__init__()
        levels = size.bit_length() - SMALLEST.bit_length()
        channels = [width * 2 ** (levels - 1 - level) for level in range(levels)]
        self.classes = nn.Embedding(classes, CLASS_WIDTH) if classes > 1 else None
        inputs = LATENT if self.classes is None else LATENT + CLASS_WIDTH
        self.first = nn.ConvTranspose2d(inputs, channels[0], SMALLEST, 1, 0, bias=False)
        self.ups = nn.ModuleList(nn.Conv2d(before, after, 3, 1, 1, bias=False) for before, after in pairwise(channels))
        self.norms = nn.ModuleList(ConditionalBatchNorm(count, classes) for count in channels)
        self.greys = nn.ModuleList(nn.Conv2d(count, 1, 1) for count in channels)
        self.last = nn.Conv2d(channels[-1], 1, 3, 1, 1)
        self.noise = nn.ParameterList(torch.full((count, 1, 1), NOISE) for count in channels)

    def forward(self, latents: Tensor, labels: Tensor | None = None, random: torch.Generator | None = None) -> Tensor:
        """Map `(n, LATENT)` and `(n,)`, by default all of the first class, to `(n, 1, size, size)` in [-1, 1].

        Every scale gets noise of its own, as speckle is none of the latent's business: from `random`, on the CPU, or
        from torch's global random numbers.
        """
        if labels is None:
            labels = torch.zeros(len(latents), dtype=torch.int64, device=latents.device)
        told = latents if self.classes is None else torch.cat([latents, self.classes(labels)], dim=1)
        maps = self.first(told[:, :, None, None])
        picture = maps.new_zeros(())
        for norm, grey, strength, up in zip(self.norms, self.greys, self.noise, [*self.ups, self.last], strict=True):
            maps = functional.relu(norm(maps, labels))
            picture = functional.interpolate(picture + grey(maps), scale_factor=2, mode="bilinear")
            maps = functional.interpolate(maps, scale_factor=2, mode="nearest")
            maps = up(maps + strength * noise_like(maps, random).to(maps.dtype))
        return torch.tanh((picture + maps).float())

    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Pictures of the classes."""
        pictures: Tensor = self(torch.randn(len(labels), LATENT, generator=random).to(labels.device), labels, random)
        return pictures


def noise_like(maps: Tensor, random: torch.Generator | None) -> Tensor:
    """Standard normal noise `(n, 1, h, w)` for maps `(n, c, h, w)`."""
    shape = (len(maps), 1, *maps.shape[2:])
    if random is None:
        return torch.randn(shape, device=maps.device)
    return torch.randn(shape, generator=random).to(maps.device)


class OptimizedDiscriminator(nn.Module):
    """Pictures and the classes that they are said to be of, to logits."""

    def __init__(self, classes: int, size: int, width: int = WIDTH) -> None:
        super().__init__()
        levels = size.bit_length() - SMALLEST.bit_length()
        channels = [1, *(width * 2**level for level in range(levels))]
        self.downs = nn.ModuleList(nn.Conv2d(before, after, 4, 2, 1) for before, after in pairwise(channels))
        self.norms = nn.ModuleList(nn.BatchNorm2d(count) for count in channels[2:])
        self.features = nn.Conv2d(channels[-1] + 1, channels[-1], SMALLEST, 1, 0)
        self.head = nn.Linear(channels[-1], 1)
        self.classes = nn.Embedding(classes, channels[-1]) if classes > 1 else None
        self.apply(initialise)
        if self.classes is not None:
            nn.init.zeros_(self.classes.weight)  # or classes drawn at random would drown the pictures at first

    def forward(self, pictures: Tensor, labels: Tensor, parts: int = 1) -> Tensor:
        """Map `(n, 1, size, size)` and `(n,)` to `(n,)`; statistics of the batch are taken within each of `parts`."""
        maps = functional.leaky_relu(self.downs[0](pictures), 0.2)
        for down, norm in zip(self.downs[1:], self.norms, strict=True):
            normed = [norm(part) for part in down(maps).chunk(parts)]
            maps = functional.leaky_relu(torch.cat(normed), 0.2)
        spread = [batch_spread(part) for part in maps.chunk(parts)]
        maps = torch.cat([maps, torch.cat(spread)], dim=1)
        features = functional.leaky_relu(self.features(maps), 0.2).flatten(1)
        logits: Tensor = self.head(features).flatten().float()
        if self.classes is not None:
            logits = logits + (self.classes(labels) * features).sum(1).float()
        return logits


def batch_spread(maps: Tensor) -> Tensor:
    """The mean standard deviation over a batch's maps `(n, c, h, w)`, as one more channel `(n, 1, h, w)`."""
    spread = maps.float().var(0, correction=0).add(1e-8).sqrt().mean().to(maps.dtype)
    return spread.expand(len(maps), 1, *maps.shape[2:])


class OptimizedPair:
    """A generator, its average, a discriminator and their optimisers.

    Args:
        classes: that the pair tells apart.
        size: the pictures' side.
        device: where it learns.
    """

    def __init__(self, classes: int, size: int, device: Device) -> None:
        self._device = device
        self.generator = device.place(OptimizedGenerator(classes, size)).train()
        self.discriminator = device.place(OptimizedDiscriminator(classes, size)).train()
        self.average = frozen_copy(self.generator)
        self.augmentation = AdaptiveProbability(pictures=AUGMENTED).to(device.torch_device)
        self._draw = torch.compile(self.generator) if device.compiled else self.generator
        self._judge = torch.compile(self.discriminator) if device.compiled else self.discriminator
        fused = device.kind != "mps"
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            name: torch.optim.Adam(self.networks[name].parameters(), LEARNING_RATE, BETAS, fused=fused)
            for name in ("generator", "discriminator")
        }

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All of them, and how far pictures are augmented."""
        return {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "average": self.average,
            "augmentation": self.augmentation,
        }

    def go_on_from(self, other: OptimizedPair) -> None:
        """Take over another pair's weights, average and optimisers' moments."""
        for name, network in self.networks.items():
            network.load_state_dict(other.networks[name].state_dict())
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(copy.deepcopy(other.optimisers[name].state_dict()))

    def step(self, real: Tensor, labels: Tensor, number: int) -> dict[str, Tensor]:
        """One step on real pictures `(n, 1, size, size)` of classes `(n,)`; `number` counts the pair's own steps."""
        latents = torch.randn(len(real), LATENT, device=real.device)
        with self._device.autocast():
            fake = cast("Tensor", self._draw(latents, labels))
        twice = torch.cat([labels, labels])

        self.optimisers["discriminator"].zero_grad()
        mirrored = torch.rand(len(real)) < 0.5
        real = torch.where(mirrored.to(real.device)[:, None, None, None], real.flip(3), real)
        probability = self.augmentation.value
        seen = self._augmented(torch.cat([real, fake.detach()]), probability)
        with self._device.autocast():
            logits = self._judge(seen, twice, parts=2)
        of_real, of_fake = logits.chunk(2)
        self.augmentation.observe(of_real)
        loss = discriminator_bce(of_real, of_fake)
        loss.backward()
        self.optimisers["discriminator"].step()

        self.optimisers["generator"].zero_grad()
        self.discriminator.requires_grad_(False)
        with self._device.autocast():
            judged = self._judge(self._augmented(fake, probability), labels)
        generator_loss = generator_bce(judged)
        generator_loss.backward()
        self.discriminator.requires_grad_(True)
        self.optimisers["generator"].step()
        average_into(self.average, self.generator, AVERAGING, number)
        return {
            "loss_discriminator": loss.detach(),
            "loss_generator": generator_loss.detach(),
            "augmentation": torch.tensor(probability),
        }

    def _augmented(self, pictures: Tensor, probability: float) -> Tensor:
        """Changed with torch's global random numbers, which checkpoints keep."""
        return augment(pictures, generator=torch.default_generator, probability=probability)
