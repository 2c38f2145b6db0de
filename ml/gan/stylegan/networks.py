"""The style-based generator and its discriminator, conditional on the class.

From Karras et al., 2019 ("A style-based generator architecture for generative adversarial networks"), 2020
("Analyzing and improving the image quality of StyleGAN": modulated convolutions, skip generator, residual
discriminator) and 2020 ("Training generative adversarial networks with limited data": the conditional form). Sized for
small grey pictures and a CPU.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.gan.architectures import SamplingNetwork
from ml.gan.pictures import LabelledPictures
from ml.gan.stylegan.layers import (
    GAIN,
    EqualConv,
    EqualLinear,
    ModulatedConv,
    activate,
    minibatch_deviation,
    upsample,
)

COARSEST = 4  # side of the maps where the generator starts and the discriminator ends


@dataclass(frozen=True)
class StyleShape:
    """Sizes of the networks.

    Attributes:
        size: the pictures' side, a power of two from 8.
        classes: number of classes.
        z: length of the noise that decides a picture's style.
        w: length of the style's latent.
        fine: channels at 64 × 64 pixels; twice as many at half the side, up to `most`.
        most: the largest number of channels.
    """

    size: int
    classes: int
    z: int = 64
    w: int = 64
    fine: int = 16
    most: int = 96

    @property
    def sides(self) -> tuple[int, ...]:
        """Of the maps, coarse to fine."""
        return tuple(COARSEST * 2**level for level in range(int(math.log2(self.size // COARSEST)) + 1))

    def channels(self, side: int) -> int:
        """Of the maps of this side."""
        return min(self.most, max(self.fine, self.fine * 64 // side))

    @property
    def latent(self) -> int:
        """Length of the latent: z, then one number for every place of every map that gets noise."""
        return self.z + sum(side**2 for side in self.sides)


class Mapping(nn.Module):
    """Noise and class to the style's latent w; keeps each class's mean w for truncation."""

    means: Tensor

    def __init__(self, shape: StyleShape) -> None:
        super().__init__()
        self.label = EqualLinear(shape.classes, shape.z)
        self.first = EqualLinear(2 * shape.z, shape.w, speed=0.01)
        self.second = EqualLinear(shape.w, shape.w, speed=0.01)
        self.register_buffer("means", torch.zeros(shape.classes, shape.w))

    def forward(self, z: Tensor, classes: Tensor) -> Tensor:
        """Map `(n, z)` and one-hot classes `(n, classes)` to w `(n, w)`."""
        both = torch.cat([_unit(z), _unit(self.label(classes))], dim=1)
        return activate(self.second(activate(self.first(both))))

    @torch.no_grad()
    def follow(self, w: Tensor, classes: Tensor, decay: float = 0.995) -> None:
        """Move the mean of each class that occurs towards the mean of these w."""
        counts = classes.sum(0)[:, None]
        means = classes.t() @ w.detach().float() / counts.clamp(min=1.0)
        self.means.copy_(torch.where(counts > 0, torch.lerp(means, self.means, decay), self.means))

    def truncate(self, w: Tensor, classes: Tensor, share: float) -> Tensor:
        """Pull w towards its class's mean: 1 leaves it, 0 is the mean (Karras et al., 2019, appendix B)."""
        return torch.lerp(classes @ self.means, w, share)


class SynthesisLayer(nn.Module):
    """Modulated convolution, noise of a learned strength, bias, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int, style: int) -> None:
        super().__init__()
        self.convolution = ModulatedConv(inputs, outputs, 3, style)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor, w: Tensor, noise: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h, w)`; noise is `(n, 1, h, w)`."""
        out = self.convolution(x, w) + self.strength * noise
        return activate(out + self.bias[:, None, None])


class StyleGenerator(SamplingNetwork):
    """Latents and labels to pictures: each side's maps add their part to the picture (skip design).

    All chance is in the latent, the noise inputs' too, so the same latents give the same pictures.
    """

    def __init__(self, shape: StyleShape, truncation: float = 1.0) -> None:
        super().__init__()
        self.shape = shape
        self.truncation = truncation
        self.mapping = Mapping(shape)
        widths = [shape.channels(side) for side in shape.sides]
        self.start = nn.Parameter(torch.randn(widths[0], COARSEST, COARSEST))
        self.rising = nn.ModuleList(SynthesisLayer(before, after, shape.w) for before, after in pairwise(widths))
        self.layers = nn.ModuleList(SynthesisLayer(width, width, shape.w) for width in widths)
        self.grey = nn.ModuleList(ModulatedConv(width, 1, 1, shape.w, demodulate=False) for width in widths)
        self.level = nn.Parameter(torch.zeros(()))

    def forward(self, latents: Tensor, labels: Tensor, truncation: float = 1.0) -> Tensor:
        """Draw pictures.

        Args:
            latents: `(n, shape.latent)`, standard normal.
            labels: `(n,)`, indices of classes.
            truncation: share of the way from the class's mean style to the picture's own.

        Returns:
            `(n, 1, size, size)`, about [-1, 1].
        """
        classes = functional.one_hot(labels, self.shape.classes).to(latents.dtype)
        w = self.mapping(latents[:, : self.shape.z], classes)
        if self.training:
            self.mapping.follow(w, classes)
        if truncation != 1.0:
            w = self.mapping.truncate(w, classes, truncation)
        return self.synthesise(w, latents[:, self.shape.z :])

    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Pictures of these classes, truncated by `truncation`."""
        latents = torch.randn(len(labels), self.shape.latent, generator=random)
        pictures: Tensor = self(latents.to(labels.device), labels, self.truncation)
        return pictures.clamp(-1.0, 1.0)

    def synthesise(self, w: Tensor, noise: Tensor) -> Tensor:
        """Styles' latents `(n, w)` and noise for all places `(n, sum of sides²)` to pictures."""
        sides = self.shape.sides
        parts = [
            part.reshape(len(w), 1, side, side)
            for part, side in zip(noise.split([side**2 for side in sides], dim=1), sides, strict=True)
        ]
        x = self.start.expand(len(w), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        picture: Tensor | None = None
        for level, (layer, grey) in enumerate(zip(self.layers, self.grey, strict=True)):
            if level:
                x = self.rising[level - 1](upsample(x), w, parts[level])
            x = layer(x, w, parts[level])
            drawn = grey(x, w).float()
            picture = drawn if picture is None else upsample(picture) + drawn
        assert picture is not None
        return picture + self.level


class ResidualStep(nn.Module):
    """Two convolutions beside a shortcut; halves the map's sides."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualConv(inputs, inputs, 3)
        self.second = EqualConv(inputs, outputs, 3)
        self.skip = EqualConv(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h / 2, w / 2)`."""
        out = activate(self.second(functional.avg_pool2d(activate(self.first(x)), 2)))
        halved: Tensor = (out + self.skip(functional.avg_pool2d(x, 2))) / GAIN
        return halved


class StyleDiscriminator(nn.Module):
    """Residual discriminator; the logit is the projection of what it sees on what the class should look like."""

    def __init__(self, shape: StyleShape, group: int = 4) -> None:
        super().__init__()
        self.shape = shape
        self.group = group
        widths = [shape.channels(side) for side in reversed(shape.sides)]
        self.stem = EqualConv(1, widths[0], 1)
        self.steps = nn.ModuleList(ResidualStep(before, after) for before, after in pairwise(widths))
        self.last = EqualConv(widths[-1] + 1, widths[-1], 3)
        self.hidden = EqualLinear(widths[-1] * COARSEST**2, widths[-1])
        self.judge = EqualLinear(widths[-1], shape.w)
        self.label = EqualLinear(shape.classes, shape.w)

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        """Logits `(n,)`, positive for real, of pictures `(n, 1, size, size)` of the classes `labels` `(n,)`."""
        x = activate(self.stem(pictures.contiguous(memory_format=torch.channels_last)))
        for step in self.steps:
            x = step(x)
        x = activate(self.last(minibatch_deviation(x, self.group)))
        seen: Tensor = self.judge(activate(self.hidden(x.flatten(1)))).float()
        classes = functional.one_hot(labels, self.shape.classes).to(seen.dtype)
        wanted = _unit(self.label(classes).float())
        return (seen * wanted).sum(1) / math.sqrt(self.shape.w)


def _unit(x: Tensor) -> Tensor:
    """Scaled to a mean square of 1 (the second-moment normalisation of the papers)."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)
