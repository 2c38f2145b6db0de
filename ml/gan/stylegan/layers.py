"""Layers of the style-based networks, written from Karras et al. 2018, 2019 and 2020.

Weights are drawn from N(0, 1) and scaled when used, so that all of them learn at one speed under Adam ("equalised
learning rate": Karras et al., 2018, "Progressive growing of GANs").
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

LEAK = 0.2
GAIN = math.sqrt(2.0)  # keeps the variance of what a leaky ReLU lets through


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU with unit variance kept."""
    return functional.leaky_relu(x, LEAK) * GAIN


class EqualLinear(nn.Module):
    """A linear layer with equalised learning rate, `speed` times as fast as the others."""

    def __init__(self, inputs: int, outputs: int, *, speed: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / speed)
        self.bias = nn.Parameter(torch.full((outputs,), bias / speed))
        self.scale = speed / math.sqrt(inputs)
        self.speed = speed

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs)` to `(n, outputs)`."""
        return functional.linear(x, self.weight * self.scale, self.bias * self.speed)


class EqualConv(nn.Module):
    """A convolution with equalised learning rate that keeps the map's sides."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = 1.0 / math.sqrt(inputs * kernel**2)
        self.padding = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h, w)`."""
        return functional.conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class ModulatedConv(nn.Module):
    """A convolution whose weights each picture's style scales (Karras et al., 2020, section 2.2).

    The style scales the weights by input channel; demodulation then scales them by output channel to unit norm. Both
    are applied to the maps before and after one shared convolution, which gives the same numbers as a convolution with
    weights of its own for every picture and is faster where grouped convolutions are slow.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, style: int, *, demodulate: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.scale = 1.0 / math.sqrt(inputs * kernel**2)
        self.padding = kernel // 2
        self.demodulate = demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` under styles' latents `(n, style)` to `(n, outputs, h, w)`."""
        style = self.affine(w)
        weight = self.weight * self.scale
        out = functional.conv2d(x * style[:, :, None, None].to(x.dtype), weight, padding=self.padding)
        if not self.demodulate:
            return out
        norms = style.float().square() @ weight.float().square().sum((2, 3)).t()
        return out * torch.rsqrt(norms + 1e-8)[:, :, None, None].to(out.dtype)


def upsample(x: Tensor) -> Tensor:
    """Twice the sides; bilinear, which is the papers' [1, 3, 3, 1] filter."""
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear")


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """One more channel: how much pictures of a group differ (Karras et al., 2018), so that sameness shows.

    Groups are `group` neighbours in the batch, or all where that doesn't divide it: put real pictures in one half of
    the batch and generated ones in the other, and no group holds both.
    """
    count, channels, height, width = x.shape
    members = group if count % group == 0 else count
    grouped = x.float().reshape(-1, members, channels, height, width)
    deviation = (grouped.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
    spread = deviation.repeat_interleave(members).reshape(count, 1, 1, 1).expand(-1, 1, height, width)
    return torch.cat([x, spread.to(x.dtype)], dim=1)
