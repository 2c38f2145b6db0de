"""The image autoencoder-GAN's networks: encoder, decoder, generator and discriminator.

The encoder turns a standardised grey picture into a map of latents. The decoder rebuilds the picture from a narrow
code beside them, the generator makes fake latent maps, and the discriminator tells benign, malignant and fake apart
(the semi-supervised GAN of Salimans et al., 2016, in latent space). The discriminator judges every cell of the map and
adds the judgements up with weights of its own choosing, so an answer is exactly the sum of its cells' evidence
(attention pooling: Ilse et al., "Attention-based deep multiple instance learning", 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

LESION, MALIGNANT, CLEAR, FAKE = 0, 1, 2, 3
CLASSES = ("benign lesion", "malignant", "no lesion", "fake")
BENIGN = (LESION, CLEAR)


@dataclass(frozen=True)
class NetworkShape:
    """Sizes of the networks; `size` is the input's side in pixels, a multiple of 16."""

    size: int = 128
    widths: tuple[int, int, int, int] = (24, 48, 96, 192)
    latent: int = 96
    code: int = 16
    hidden: int = 96
    noise: int = 32
    dropout: float = 0.2


class ResidualBlock(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut; halves the map's sides when `stride` is 2."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pool: nn.Module = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h / stride, w / stride)`."""
        out = functional.silu(self.first_norm(self.first(x)))
        return functional.silu(self.second_norm(self.second(out)) + self.skip(self.pool(x)))


class Encoded(NamedTuple):
    """What the encoder makes of a picture."""

    latent: Tensor  # (n, latent, size / 8, size / 8)
    code: Tensor  # (n, code, size / 16, size / 16), what the decoder sees


class Encoder(nn.Module):
    """Picture to latent map; the two coarsest maps are fused, so that cells see far and stay small."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        first, second, third, fourth = shape.widths
        self.stem = nn.Conv2d(1, first, 5, 2, 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(first)
        self.fine = ResidualBlock(first, second, 2)
        self.middle = ResidualBlock(second, third, 2)
        self.coarse = ResidualBlock(third, fourth, 2)
        self.lateral = nn.Conv2d(third, shape.latent, 1, bias=False)
        self.descent = nn.Conv2d(fourth, shape.latent, 1, bias=False)
        self.norm = nn.BatchNorm2d(shape.latent)
        self.squeeze = nn.Conv2d(fourth, shape.code, 1)

    def forward(self, pictures: Tensor) -> Encoded:
        """Encode standardised pictures `(n, 1, size, size)`."""
        middle = self.middle(self.fine(functional.silu(self.stem_norm(self.stem(pictures)))))
        coarse = self.coarse(middle)
        descended = functional.interpolate(self.descent(coarse), scale_factor=2.0, mode="nearest")
        return Encoded(self.norm(self.lateral(middle) + descended), self.squeeze(coarse))


class Decoder(nn.Module):
    """Code to a picture of half the input's side."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        _, second, third, _ = shape.widths
        self.first = nn.Conv2d(shape.code, third, 3, 1, 1)
        self.second = nn.Conv2d(third, second, 3, 1, 1)
        self.third = nn.Conv2d(second, second // 2, 3, 1, 1)
        self.last = nn.Conv2d(second // 2, 4, 3, 1, 1)

    def forward(self, code: Tensor) -> Tensor:
        """Map `(n, code, size / 16, size / 16)` to `(n, 1, size / 2, size / 2)`."""
        out = functional.silu(self.first(code))
        out = functional.silu(self.second(functional.interpolate(out, scale_factor=2.0, mode="nearest")))
        out = functional.silu(self.third(functional.interpolate(out, scale_factor=2.0, mode="nearest")))
        return functional.pixel_shuffle(self.last(out), 2)


class Generator(nn.Module):
    """Standard normal noise to fake latent maps."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.side = shape.size // 32
        self.width = 2 * shape.latent // 3
        self.first = nn.Linear(shape.noise, self.width * self.side**2)
        self.second = nn.Conv2d(self.width, self.width, 3, 1, 1)
        self.last = nn.Conv2d(self.width, shape.latent, 3, 1, 1)

    def forward(self, noise: Tensor) -> Tensor:
        """Map `(n, noise)` to `(n, latent, size / 8, size / 8)`."""
        out = functional.silu(self.first(noise)).reshape(len(noise), self.width, self.side, self.side)
        out = functional.silu(self.second(functional.interpolate(out, scale_factor=2.0, mode="nearest")))
        fake: Tensor = self.last(functional.interpolate(out, scale_factor=2.0, mode="nearest"))
        return fake


class Judgement(NamedTuple):
    """What the discriminator says of latent maps."""

    logits: Tensor  # (n, 4), in the order of CLASSES: the weighted sum of the cells' logits
    cells: Tensor  # (n, 4, h, w): every cell's logits times its weight; they sum to `logits`
    features: Tensor  # (n, hidden): the last hidden layer, pooled with the same weights
    attention: Tensor  # (n, h × w): logarithms of the cells' weights


class Discriminator(nn.Module):
    """Latent map to benign lesion, malignant, no lesion or fake."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(shape.latent, shape.hidden, 1)
        self.attention = nn.Conv2d(shape.hidden, 1, 1)
        self.classes = nn.Conv2d(shape.hidden, len(CLASSES), 1)
        self.dropout = shape.dropout

    def forward(self, latent: Tensor) -> Judgement:
        """Judge latent maps `(n, latent, h, w)`."""
        hidden = functional.silu(self.hidden(functional.silu(latent)))
        hidden = functional.dropout2d(hidden, self.dropout, self.training)
        attention = self.attention(hidden).float().flatten(1).log_softmax(1)
        weights = attention.exp().reshape(len(hidden), 1, *hidden.shape[2:])
        cells = weights * self.classes(hidden).float()
        return Judgement(cells.sum((2, 3)), cells, (weights * hidden.float()).sum((2, 3)), attention)


class Reading(NamedTuple):
    """What one member says of pictures."""

    judgement: Judgement
    encoded: Encoded
    reconstruction: Tensor  # (n, 1, size / 2, size / 2)


class AutoencoderGAN(nn.Module):
    """Encoder, decoder, generator and discriminator of one ensemble member."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.decoder = Decoder(shape)
        self.generator = Generator(shape)
        self.discriminator = Discriminator(shape)

    def forward(self, pictures: Tensor) -> Reading:
        """Read standardised pictures `(n, 1, size, size)`."""
        encoded = self.encoder(pictures)
        return Reading(self.discriminator(encoded.latent), encoded, self.decoder(encoded.code))


def log_odds(logits: Tensor) -> Tensor:
    """Log-odds of malignant against benign (a benign lesion or none) of logits `(n, 4, …)`."""
    return logits[:, MALIGNANT] - torch.logsumexp(logits[:, BENIGN, ...], dim=1)


def fake_score(logits: Tensor) -> Tensor:
    """Log-odds of fake against real of logits `(n, 4)`."""
    return logits[:, FAKE] - torch.logsumexp(logits[:, :FAKE], dim=1)
