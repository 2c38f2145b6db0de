"""DCGAN: Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional GANs" (2016).

The plain recipe: strided and transposed convolutions, batch normalisation in both networks, ReLU and leaky ReLU (.2),
tanh, binary cross-entropy, Adam at 2e-4 with β₁ = .5, weights from N(0, .02), the last weights kept; no augmentation
and no average. It knows no classes: to label what it draws rightly, one pair of networks learns each class, and the
pairs take turns, so that they share the steps of the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor, nn

from ml.gan.architectures import Architecture, Learner, SamplingNetwork, Setting
from ml.gan.batches import Batches
from ml.gan.losses import discriminator_bce, generator_bce
from ml.gan.pictures import LabelledPictures, to_range

LATENT = 100
WIDTH = 32  # channels at half the picture's side; the paper's 64 was for 200 times as many pictures
LEARNING_RATE = 2e-4
BETAS = (0.5, 0.999)
SMALLEST = 4  # side of the coarsest map


class DCGANGenerator(nn.Module):
    """Latents to pictures.

    Args:
        size: the pictures' side.
        inputs: width of the latent, with what else it is joined with.
        width: channels at half the side; each halving of the side doubles them.
    """

    def __init__(self, size: int, inputs: int = LATENT, width: int = WIDTH) -> None:
        super().__init__()
        levels = size.bit_length() - SMALLEST.bit_length()
        channels = [width * 2 ** (levels - 1 - level) for level in range(levels)]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(inputs, channels[0], SMALLEST, 1, 0, bias=False),
            nn.BatchNorm2d(channels[0]),
            nn.ReLU(),
        ]
        for before, after in pairwise(channels):
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.ConvTranspose2d(channels[-1], 1, 4, 2, 1), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents: Tensor) -> Tensor:
        """Map `(n, inputs)` to `(n, 1, size, size)` in [-1, 1]."""
        pictures: Tensor = self.layers(latents[:, :, None, None])
        return pictures


class DCGANDiscriminator(nn.Module):
    """Pictures to logits; `planes` beside the grey one may tell the class."""

    def __init__(self, size: int, planes: int = 1, width: int = WIDTH) -> None:
        super().__init__()
        levels = size.bit_length() - SMALLEST.bit_length()
        layers: list[nn.Module] = [nn.Conv2d(planes, width, 4, 2, 1), nn.LeakyReLU(0.2)]
        for level in range(1, levels):
            before, after = width * 2 ** (level - 1), width * 2**level
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(width * 2 ** (levels - 1), 1, SMALLEST, 1, 0))
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map `(n, planes, size, size)` to `(n,)`."""
        logits: Tensor = self.layers(pictures)
        return logits.flatten()


def initialise(module: nn.Module) -> None:
    """The paper's first weights: convolutions from N(0, .02), scales from N(1, .02), biases 0."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d) and module.affine:
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


class OnePerClass(SamplingNetwork):
    """A generator for each class: the labels are right by construction."""

    def __init__(self, generators: list[nn.Module], latent: int) -> None:
        super().__init__()
        self.generators = nn.ModuleList(generators)
        self.latent = latent

    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Pictures of the classes, each from its class's generator."""
        latents = torch.randn(len(labels), self.latent, generator=random).to(labels.device)
        parts, places = [], []
        for code in labels.unique().tolist():
            rows = (labels == code).nonzero().flatten()
            parts.append(self.drawn(self.generators[code], latents[rows], random))
            places.append(rows)
        return torch.cat(parts)[torch.cat(places).argsort()]

    def drawn(self, generator: nn.Module, latents: Tensor, random: torch.Generator) -> Tensor:
        """One class's pictures; a subclass's generators may take more than latents."""
        pictures: Tensor = generator(latents)
        return pictures


def train_pair(
    real: Tensor,
    fake: Tensor,
    discriminator: Callable[[Tensor], Tensor],
    generators: torch.optim.Optimizer,
    discriminators: torch.optim.Optimizer,
) -> dict[str, Tensor]:
    """One step of the plain recipe: the discriminator on real and fake pictures, then the generator.

    Args:
        real: `(n, 1, size, size)`.
        fake: the generator's, with its graph.
        discriminator: pictures to logits.
        generators: the generator's optimiser.
        discriminators: the discriminator's.

    Returns:
        Both losses, detached.
    """
    discriminators.zero_grad()
    loss = discriminator_bce(discriminator(real), discriminator(fake.detach()))
    loss.backward()
    discriminators.step()

    generators.zero_grad()
    generator_loss = generator_bce(discriminator(fake))
    weights = [weight for group in generators.param_groups for weight in group["params"]]
    generator_loss.backward(inputs=weights)
    generators.step()
    return {"loss_discriminator": loss.detach(), "loss_generator": generator_loss.detach()}


class DCGANLearner(Learner):
    """A pair of networks for each class, by turns."""

    def __init__(self, setting: Setting) -> None:
        plan, pictures = setting.plan, setting.pictures
        self._device = setting.device.torch_device
        self._batch = plan.batch
        self._real = to_range(pictures.pixels).to(self._device)
        self._batches, generators = [], []
        self.networks, self.optimisers = {}, {}
        for code in range(len(pictures.classes)):
            rows = np.flatnonzero(pictures.labels.numpy() == code)
            self._batches.append(Batches(rows, plan.batch, plan.seed))
            pair = {"generator": DCGANGenerator(plan.size), "discriminator": DCGANDiscriminator(plan.size)}
            generators.append(pair["generator"])
            for name, network in pair.items():
                network.apply(initialise).to(self._device).train()
                self.networks[f"{name}.{code}"] = network
                self.optimisers[f"{name}.{code}"] = torch.optim.Adam(network.parameters(), LEARNING_RATE, BETAS)
        self._sampler = OnePerClass(generators, LATENT)

    @property
    def sampler(self) -> SamplingNetwork:
        """The generators as they are."""
        return self._sampler

    def step(self, number: int) -> dict[str, Tensor]:
        """One step of the pair whose turn it is."""
        turn, code = divmod(number, len(self._batches))
        generator, discriminator = self.networks[f"generator.{code}"], self.networks[f"discriminator.{code}"]
        real = self._real[torch.from_numpy(self._batches[code][turn]).to(self._device)]
        return train_pair(
            real,
            generator(torch.randn(self._batch, LATENT, device=self._device)),
            discriminator,
            self.optimisers[f"generator.{code}"],
            self.optimisers[f"discriminator.{code}"],
        )


class DCGAN(Architecture):
    """Radford et al.'s recipe, one pair of networks per class."""

    name = "dcgan"
    title = "DCGAN"
    steps = MappingProxyType({"quick": 350, "standard": 2000, "thorough": 4000})

    def sampler(self, classes: tuple[str, ...], size: int) -> SamplingNetwork:
        """Untrained generators."""
        return OnePerClass([DCGANGenerator(size) for _ in classes], LATENT)

    def learner(self, setting: Setting) -> Learner:
        """Fresh pairs of networks."""
        return DCGANLearner(setting)
