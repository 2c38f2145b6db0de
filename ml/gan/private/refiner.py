"""The generator: it refines phantoms into pictures (as Shrivastava et al., 2017, refine simulated eyes).

A phantom gives a picture its class, its lesion and its variety; the refiner gives it the greys and the texture of real
ones. It starts as the identity, so pictures are breast ultrasound of a kind from the first step on, whatever the noise
that privacy costs.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.gan.architectures import SamplingNetwork
from ml.gan.pictures import CLASS_NAMES, LabelledPictures, to_range
from ml.imaging.phantoms import draw_labelled

STYLE = 8
WIDTH = 48
_CODES = {name: code for code, name in CLASS_NAMES.items()}


class StyledBlock(nn.Module):
    """A residual block whose channels the style scales and shifts (Perez et al., 2018)."""

    def __init__(self, width: int, style: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(8, width)
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.style = nn.Linear(style, 2 * width)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """Map `(n, width, h, w)` under styles `(n, style)` to the same shape."""
        scale, shift = self.style(style)[:, :, None, None].chunk(2, dim=1)
        out = self.norm(x) * (1.0 + scale) + shift
        refined: Tensor = x + self.second(functional.silu(self.first(functional.silu(out))))
        return refined


class Refiner(SamplingNetwork):
    """Phantoms, style and noise to pictures.

    Args:
        classes: names out of benign, malignant and normal.
        size: the pictures' side, a multiple of 8.
        width: channels of the finest maps, which have half the picture's side.
    """

    def __init__(self, classes: tuple[str, ...], size: int, width: int = WIDTH) -> None:
        super().__init__()
        self.classes = classes
        self.size = size
        style = STYLE + len(classes)
        self.stem = nn.Conv2d(8, width, 3, padding=1)
        self.down = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.blocks = nn.ModuleList(StyledBlock(2 * width, style) for _ in range(3))
        self.up = nn.Conv2d(2 * width, width, 3, padding=1)
        self.fine = StyledBlock(width, style)
        self.norm = nn.GroupNorm(8, width)
        self.last = nn.Conv2d(width, 4, 3, padding=1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, phantoms: Tensor, labels: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """Refine phantoms `(n, 1, s, s)` in [-1, 1], with style `(n, STYLE)` and noise `(n, 1, s, s)`; same range."""
        given = torch.cat([style, functional.one_hot(labels, len(self.classes)).to(style.dtype)], dim=1)
        x = self.stem(functional.pixel_unshuffle(torch.cat([phantoms, noise], dim=1), 2))
        deep = self.down(functional.silu(x))
        for block in self.blocks:
            deep = block(deep, given)
        x = x + self.up(functional.interpolate(functional.silu(deep), scale_factor=2.0, mode="nearest"))
        change = functional.pixel_shuffle(self.last(functional.silu(self.norm(self.fine(x, given)))), 2)
        return torch.tanh(torch.atanh(0.98 * phantoms) + change.float())

    def draw(self, labels: Tensor, random: torch.Generator, sources: LabelledPictures | None = None) -> Tensor:
        """Draw phantoms of these classes and refine them."""
        phantoms = draw_class_phantoms(self.classes, labels.cpu(), self.size, random)
        style = torch.randn(len(labels), STYLE, generator=random)
        noise = torch.randn(len(labels), 1, self.size, self.size, generator=random)
        there = labels.device
        pictures: Tensor = self(to_range(phantoms).to(there), labels, style.to(there), noise.to(there))
        return pictures


def draw_class_phantoms(classes: tuple[str, ...], labels: Tensor, size: int, random: torch.Generator) -> Tensor:
    """Phantoms `(n, 1, size, size)` uint8 of the classes `labels` `(n,)`, indices into `classes`.

    Raises:
        ValueError: for a class that phantoms don't have.
    """
    unknown = sorted(set(classes) - set(_CODES))
    if unknown:
        raise ValueError(f"phantoms are drawn of {', '.join(_CODES)}; there are none of {unknown[0]!r}")
    codes = np.array([_CODES[classes[label]] for label in labels.tolist()], dtype=np.int64)
    rng = np.random.default_rng(int(torch.randint(0, 2**62, (), generator=random)))
    return draw_labelled(codes, size, rng).canvases
