"""Differentiable augmentation of what the discriminator sees, real and generated alike.

With few pictures a discriminator learns them by heart. It is shown changed pictures only, of both kinds and by the same
rules, and the changes are differentiable, so that the generator still learns through them without learning to draw
them (DiffAugment: Zhao et al., 2020, "Differentiable augmentation for data-efficient GAN training"). How often pictures
are changed can follow how far the discriminator overfits (`AdaptiveProbability`: Karras et al., 2020, "Training
generative adversarial networks with limited data").
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

MIRRORED = 0.5  # share of pictures mirrored left to right where all are changed; ultrasound has no preferred side
BRIGHTNESS = 0.5  # on a scale from -1 to 1, either way
CONTRAST = 0.5  # about 1, either way
SHIFT = 0.125  # of the side, either way
CUTOUT = 0.5  # of the side: a square set to mid-grey


class Changes(NamedTuple):
    """What is done to each of `n` pictures; every entry is `(n,)`."""

    mirrored: Tensor  # bool
    brightness: Tensor  # added
    contrast: Tensor  # factor about the picture's mean
    down: Tensor  # shift in pixels, whole numbers
    across: Tensor
    cut: Tensor  # bool: whether a square is cut out
    top: Tensor  # of the square's centre, in pixels, whole numbers
    left: Tensor


def draw_changes(count: int, size: int, *, generator: torch.Generator, probability: float = 1.0) -> Changes:
    """Draw changes for `count` pictures of `size` × `size` pixels.

    Args:
        count: of pictures.
        size: their side.
        generator: the source of chance, on the CPU; the same state gives the same changes on every device.
        probability: with which each kind of change befalls each picture, independently.
    """

    def chosen() -> Tensor:
        return torch.rand(count, generator=generator) < probability

    def either_way() -> Tensor:
        return 2.0 * torch.rand(count, generator=generator) - 1.0

    def places(low: int, high: int) -> Tensor:
        return torch.randint(low, high + 1, (count,), generator=generator)

    furthest = round(SHIFT * size)
    moved = chosen()
    return Changes(
        mirrored=torch.rand(count, generator=generator) < MIRRORED * probability,
        brightness=BRIGHTNESS * either_way() * chosen(),
        contrast=1.0 + CONTRAST * either_way() * chosen(),
        down=places(-furthest, furthest) * moved,
        across=places(-furthest, furthest) * moved,
        cut=chosen(),
        top=places(0, size - 1),
        left=places(0, size - 1),
    )


def apply_changes(pictures: Tensor, changes: Changes) -> Tensor:
    """Change pictures `(n, channels, size, size)` in [-1, 1]; differentiable in them, of the same shape and device."""
    there = Changes(*(entry.to(pictures.device) for entry in changes))
    pictures = torch.where(_wide(there.mirrored), pictures.flip(3), pictures)
    pictures = pictures + _wide(there.brightness)
    mean = pictures.mean((1, 2, 3), keepdim=True)
    pictures = (pictures - mean) * _wide(there.contrast) + mean
    return _cut_out(_shift(pictures, there.down, there.across), there)


def augment(pictures: Tensor, *, generator: torch.Generator, probability: float = 1.0) -> Tensor:
    """Draw changes and apply them: call it on real and on generated pictures alike, always with one `probability`."""
    if probability == 0.0:
        return pictures
    changes = draw_changes(len(pictures), pictures.shape[-1], generator=generator, probability=probability)
    return apply_changes(pictures, changes)


class AdaptiveProbability(nn.Module):
    """The probability of change that keeps the discriminator's overfitting where it is wanted.

    Overfitting is r = E[sign(D(real))]: 0 where the discriminator can't tell real pictures, 1 where it always can.
    Every few steps the probability takes a small step up where r is above the target and down where it is below.
    Its state is in the module's buffers, so it goes into checkpoints with the networks.

    Args:
        target: of r; the paper's .6.
        pictures: real pictures seen while the probability could go from 0 to 1.
        every: steps between adjustments.
        most: upper bound of the probability.
    """

    probability: Tensor
    signs: Tensor
    seen: Tensor
    steps: Tensor

    def __init__(self, *, target: float = 0.6, pictures: int = 20_000, every: int = 4, most: float = 1.0) -> None:
        super().__init__()
        self.target = target
        self.pictures = pictures
        self.every = every
        self.most = most
        for name in ("probability", "signs", "seen", "steps"):
            self.register_buffer(name, torch.zeros((), dtype=torch.float64))

    @property
    def value(self) -> float:
        """The probability now, in [0, 1]."""
        return float(self.probability)

    @torch.no_grad()
    def observe(self, real_logits: Tensor) -> float:
        """Take in the discriminator's logits of one step's real pictures (positive: real); return the probability."""
        self.signs += real_logits.detach().sign().sum().to(self.signs)
        self.seen += real_logits.numel()
        self.steps += 1
        if int(self.steps) % self.every == 0:
            overfitting = self.signs / self.seen
            step = torch.sign(overfitting - self.target) * self.seen / self.pictures
            self.probability.copy_((self.probability + step).clamp(0.0, self.most))
            self.signs.zero_()
            self.seen.zero_()
        return self.value


def _shift(pictures: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Move each picture by whole pixels; what comes in from outside is mid-grey, 0."""
    count, _, height, width = pictures.shape
    padded = functional.pad(pictures, (1, 1, 1, 1))
    rows = torch.arange(height, device=pictures.device) - down[:, None] + 1
    columns = torch.arange(width, device=pictures.device) - across[:, None] + 1
    picture = torch.arange(count, device=pictures.device)
    moved = padded.permute(0, 2, 3, 1)[
        picture[:, None, None],
        rows.clamp(0, height + 1)[:, :, None],
        columns.clamp(0, width + 1)[:, None, :],
    ]
    return moved.permute(0, 3, 1, 2)


def _cut_out(pictures: Tensor, changes: Changes) -> Tensor:
    """Set a square of each chosen picture to mid-grey; near the border a part of the square lies outside."""
    size = pictures.shape[-1]
    half = round(CUTOUT * size) // 2
    place = torch.arange(size, device=pictures.device)
    tall = (place - changes.top[:, None]).abs() <= half
    wide = (place - changes.left[:, None]).abs() <= half
    covered = tall[:, None, :, None] & wide[:, None, None, :] & _wide(changes.cut)
    return pictures.masked_fill(covered, 0.0)


def _wide(values: Tensor) -> Tensor:
    return values.reshape(-1, 1, 1, 1)
