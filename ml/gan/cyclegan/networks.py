"""The two kinds of network: a translator of pictures and a discriminator of patches.

From Zhu et al., 2017 (section 7.2), with fewer channels and blocks, for pictures a quarter of the paper's size;
kernels of the transposed convolutions are 4 × 4, which a stride of 2 divides and so leaves less of a checkerboard.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 16
BLOCKS = 4
PATCH_WIDTH = 32


class Residual(nn.Module):
    """Two 3 × 3 convolutions beside the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect", bias=False),
            nn.InstanceNorm2d(width, affine=True),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect", bias=False),
            nn.InstanceNorm2d(width, affine=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, width, h, w)` to the same shape."""
        out: Tensor = x + self.layers(x)
        return out


class Translator(nn.Module):
    """Pictures of one domain to pictures of another, of the same size."""

    def __init__(self, width: int = WIDTH, blocks: int = BLOCKS) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(1, width, 7, padding=3, padding_mode="reflect", bias=False),
            *_normed(width),
            nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False),
            *_normed(2 * width),
            nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=False),
            *_normed(4 * width),
            *(Residual(4 * width) for _ in range(blocks)),
        ]
        for before in (4 * width, 2 * width):
            layers += [
                nn.ConvTranspose2d(before, before // 2, 4, 2, 1, bias=False),
                *_normed(before // 2),
            ]
        layers += [nn.Conv2d(width, 1, 7, padding=3, padding_mode="reflect"), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(_initialise)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map `(n, 1, h, w)` in [-1, 1] to the same shape and range; sides are multiples of 4."""
        translated: Tensor = self.layers(pictures).float()
        return translated


class PatchDiscriminator(nn.Module):
    """A logit for every overlapping patch of 34 × 34 pixels: it judges texture, not the whole."""

    def __init__(self, width: int = PATCH_WIDTH) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.InstanceNorm2d(2 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, 1, 1, bias=False),
            nn.InstanceNorm2d(4 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 4, 1, 1),
        )
        self.apply(_initialise)

    def forward(self, pictures: Tensor) -> Tensor:
        """Map `(n, 1, h, w)` to `(n, 1, h / 4 - 2, w / 4 - 2)`; 1 means real (least squares)."""
        logits: Tensor = self.layers(pictures).float()
        return logits


class ReplayBuffer(nn.Module):
    """Earlier translations that the discriminator sees again, so that it doesn't forget (Shrivastava et al., 2017).

    Its pictures are buffers, so they go into checkpoints.
    """

    pictures: Tensor
    held: Tensor

    def __init__(self, size: int, most: int = 50) -> None:
        super().__init__()
        self.register_buffer("pictures", torch.zeros(most, 1, size, size))
        self.register_buffer("held", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def swap(self, fresh: Tensor) -> Tensor:
        """Take in new pictures `(n, 1, size, size)`; give back as many, half of them earlier ones once it is full."""
        given = fresh.detach().clone()
        for place in range(len(given)):
            held = int(self.held)
            if held < len(self.pictures):
                self.pictures[held] = given[place]
                self.held += 1
            elif torch.rand(()) < 0.5:
                chosen = int(torch.randint(0, held, ()))
                earlier = self.pictures[chosen].clone()
                self.pictures[chosen] = given[place]
                given[place] = earlier
        return given


def _normed(width: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(width, affine=True), nn.ReLU()]


def _initialise(module: nn.Module) -> None:
    """Weights from N(0, .02), as the paper."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
