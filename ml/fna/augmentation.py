"""Augmentation of feature rows: mixup within the batch, and noise on inputs and latents.

Images are rotated, flipped and cropped; rows of measurements have no such symmetry, so the label-preserving
changes here are measurement noise and convex mixtures of two cases (mixup: Zhang et al., 2018).
"""

from __future__ import annotations

import torch
from torch import Tensor


def noise(shape: tuple[int, ...], generators: list[torch.Generator]) -> Tensor:
    """Standard normal noise `(members, …)`; each generator serves an equal share of the members."""
    share = shape[0] // len(generators)
    return torch.cat([torch.randn(share, *shape[1:], generator=generator) for generator in generators])


def dropout_mask(shape: tuple[int, ...], rate: float, generators: list[torch.Generator]) -> Tensor | None:
    """Dropout's factors, 0 or 1/(1 − rate), or None at rate 0."""
    if not rate:
        return None
    share = shape[0] // len(generators)
    draws = [torch.rand(share, *shape[1:], generator=generator) for generator in generators]
    return (torch.cat(draws) >= rate).float() / (1.0 - rate)


def mixing_weights(draws: Tensor) -> Tensor:
    """Weights in [0.5, 1] of the first case of each pair, from Beta draws: the first case dominates."""
    return torch.maximum(draws, 1.0 - draws)


def mixup(rows: Tensor, weights: Tensor) -> Tensor:
    """Mix each row with the batch's next one.

    Args:
        rows: `(members, batch, width)`, in random order.
        weights: `(members, batch, 1)`, the share of the row itself.
    """
    return weights * rows + (1.0 - weights) * rows.roll(1, dims=1)
