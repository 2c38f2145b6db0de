"""Pictures out of a sampling network, in blocks of fixed size and seed, so that a set needs no memory to speak of."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ml.gan.architectures import SamplingNetwork
from ml.gan.pictures import LabelledPictures, to_pixels

BLOCK = 64


@torch.no_grad()
def draw_blocks(
    network: SamplingNetwork, labels: Tensor, seed: int, device: torch.device, sources: LabelledPictures | None = None
) -> Iterator[Tensor]:
    """Pixels `(≤ BLOCK, 1, size, size)` uint8 of the classes `labels` `(n,)`, block by block.

    Every block has random numbers of its own, from the seed and its place: how the blocks are put together afterwards
    changes no picture.
    """
    was_training = network.training
    network.eval()
    try:
        for place, block in enumerate(labels.split(BLOCK)):
            state = np.random.SeedSequence([seed, place]).generate_state(1, np.uint64)[0]
            random = torch.Generator().manual_seed(int(state) >> 1)
            yield to_pixels(network.draw(block.to(device), random, sources))
    finally:
        network.train(was_training)


def draw_pixels(
    network: SamplingNetwork, labels: Tensor, seed: int, device: torch.device, sources: LabelledPictures | None = None
) -> Tensor:
    """All the blocks of `draw_blocks`, `(n, 1, size, size)` uint8."""
    return torch.cat(list(draw_blocks(network, labels, seed, device, sources)))
