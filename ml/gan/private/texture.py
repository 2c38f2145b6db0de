"""Fixed features of a picture, which the private critic judges it by; they owe nothing to any patient.

With a few hundred patients the noise of DP-SGD grows with the number of weights that it trains, so the critic trains
few and stands on a network that is never trained: random convolutions at four scales, whose mean answers and energies
describe textures nearly as well as trained ones (Ustyuzhaninov et al., 2017, "What does it take to generate natural
textures?"). They are taken in two bands of depth, as ultrasound changes with depth, and standardised with phantoms.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (1, 24, 48, 96, 128)
KEPT = 200  # axes along which phantoms vary most
BANDS = 2
_SEED = 7  # of the convolutions, the same in every training


class Texture(nn.Module):
    """Pictures to standardised features; differentiable, so that a generator can learn through them.

    Args:
        kept: number of features.
    """

    mean: Tensor
    directions: Tensor

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__()
        random = torch.Generator().manual_seed(_SEED)
        for level, (before, after) in enumerate(pairwise(WIDTHS)):
            side = 3 if level else 5
            kernels = torch.randn(after, before, side, side, generator=random) / (before * side**2) ** 0.5
            self.register_buffer(f"kernels{level}", kernels)
            self.register_buffer(f"centre{level}", torch.zeros(after, 1, 1))
            self.register_buffer(f"spread{level}", torch.ones(after, 1, 1))
        length = 16 + 2 * BANDS * sum(WIDTHS[1:])
        self.register_buffer("mean", torch.zeros(length))
        self.register_buffer("directions", torch.eye(length)[:, :kept].clone())

    @property
    def length(self) -> int:
        """Number of features."""
        return self.directions.shape[1]

    def forward(self, pictures: Tensor) -> Tensor:
        """Features `(n, length)` of pictures `(n, 1, size, size)` in [-1, 1]; sides are multiples of 8."""
        return (self._raw(pictures) - self.mean) @ self.directions

    @torch.no_grad()
    def standardise(self, phantoms: Tensor, ridge: float = 0.002) -> None:
        """Set channels' scales and the features' axes by phantoms `(n, 1, size, size)`, never by a patient's picture.

        Their features get mean 0, are uncorrelated, and have about unit variance.

        Args:
            phantoms: simulated pictures, more than there are features.
            ridge: added to the variances, as a share of the largest: what phantoms hardly vary in isn't blown up.
        """
        self._calibrate(phantoms)
        raw = torch.cat([self._raw(chunk) for chunk in phantoms.split(64)]).double()
        self.mean.copy_(raw.mean(0))
        variances, axes = torch.linalg.eigh(torch.cov(raw.t()))
        most = variances.flip(0)[: self.length].clamp(min=0.0)
        self.directions.copy_(axes.flip(1)[:, : self.length] * torch.rsqrt(most + ridge * most[0]))

    def _calibrate(self, phantoms: Tensor) -> None:
        x = phantoms
        for level in range(len(WIDTHS) - 1):
            answers = self._convolve(x, level)
            self.get_buffer(f"centre{level}").copy_(answers.mean((0, 2, 3))[:, None, None])
            self.get_buffer(f"spread{level}").copy_(answers.std((0, 2, 3))[:, None, None])
            x = functional.avg_pool2d(self._activate(answers, level), 2)

    def _convolve(self, x: Tensor, level: int) -> Tensor:
        kernels = self.get_buffer(f"kernels{level}")
        margin = kernels.shape[-1] // 2
        return functional.conv2d(functional.pad(x, (margin,) * 4, mode="replicate"), kernels)

    def _activate(self, answers: Tensor, level: int) -> Tensor:
        scaled = (answers - self.get_buffer(f"centre{level}")) / self.get_buffer(f"spread{level}")
        return functional.leaky_relu(scaled, 0.1)

    def _raw(self, pictures: Tensor) -> Tensor:
        parts = [functional.adaptive_avg_pool2d(pictures, 4).flatten(1)]
        x = pictures
        for level in range(len(WIDTHS) - 1):
            x = self._activate(self._convolve(x, level), level)
            parts += [_by_depth(x), (_by_depth(x.square()) + 1e-4).sqrt()]
            if level + 2 < len(WIDTHS):
                x = functional.avg_pool2d(x, 2)
        return torch.cat(parts, dim=1)


def _by_depth(maps: Tensor) -> Tensor:
    """Means of maps `(n, c, h, w)` in bands of rows: `(n, c × BANDS)`."""
    return functional.adaptive_avg_pool2d(maps, (BANDS, 1)).flatten(1)
