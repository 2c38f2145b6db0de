"""An exponential moving average of a network's weights, which samples better than the weights themselves.

Karras et al., "Progressive growing of GANs", 2018; Yazıcı et al., "The unusual effectiveness of averaging", 2019.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def frozen_copy(network: M) -> M:
    """A copy in evaluation mode that takes no gradients: where the average starts."""
    return copy.deepcopy(network).eval().requires_grad_(False)


@torch.no_grad()
def average_into(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move `average` towards `network`: weights and running statistics by `1 - decay`, faster in the first steps.

    The decay of step n (from 0) is at most (1 + n) / (10 + n), so that random first weights are soon forgotten.
    """
    kept = min(decay, (1.0 + step) / (10.0 + step))
    ours, theirs = [*average.parameters(), *average.buffers()], [*network.parameters(), *network.buffers()]
    floating = [place for place, value in enumerate(ours) if value.is_floating_point()]
    torch._foreach_lerp_([ours[place].data for place in floating], [theirs[place].data for place in floating], 1 - kept)
    for mean, new in zip(ours, theirs, strict=True):
        if not mean.is_floating_point():
            mean.copy_(new)
