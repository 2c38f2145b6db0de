"""Adversarial losses on logits, of which higher ones mean "real"."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def discriminator_bce(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy of telling real from fake, as Goodfellow et al. (2014)."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def generator_bce(fake: Tensor) -> Tensor:
    """The non-saturating generator loss of the same paper: -log D(G(z))."""
    return functional.softplus(-fake).mean()


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """R1: half the mean squared norm of the logits' gradient at real pictures (Mescheder et al., 2018).

    Args:
        logits: of `pictures`, in float32.
        pictures: `(n, …)`, with `requires_grad`.
    """
    (slope,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return 0.5 * slope.float().square().flatten(1).sum(1).mean()
