"""Two looks at a picture: the whole of it, and a close-up of where the lesion seems to be.

Where to look closer is told by the *finder*, an autoencoder-GAN that has learnt from phantoms alone: its weights over
the cells lie on what resembles a lesion. It never saw a patient's picture, so the close-ups carry nothing from one
picture to another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.imaging.networks import AutoencoderGAN
from ml.imaging.preprocessing import canvas, standardise

Look = Literal["whole", "close"]
CLOSE_SHARE = 0.55  # of the picture's sides, that a close-up shows
DETAIL = 2  # detailed canvases have so many times the side of plain ones
GRID = 48  # cells on each side of the evidence map
_CHUNK = 32


@dataclass(frozen=True)
class Views:
    """Pictures as the networks get them.

    Attributes:
        whole: `(n, 1, side, side)` uint8.
        detailed: `(n, 1, DETAIL × side, DETAIL × side)` uint8, of which close-ups are cut.
        close: `(n, 1, side, side)` uint8; the same as `whole` where there is no finder.
        centres: `(n, 2)`, the close-ups' centres as shares (down, across) of the picture's sides.
    """

    whole: Tensor
    detailed: Tensor
    close: Tensor
    centres: Tensor

    def look(self, look: Look) -> Tensor:
        """The canvases of one of the looks."""
        return self.whole if look == "whole" else self.close

    def select(self, rows: Tensor) -> Views:
        """The chosen pictures."""
        return Views(self.whole[rows], self.detailed[rows], self.close[rows], self.centres[rows])


def make_views(
    pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], side: int, finder: AutoencoderGAN | None
) -> Views:
    """Views of display pixels of any size, for canvases of this side."""
    whole = torch.from_numpy(np.stack([canvas(picture, side) for picture in pictures]))[:, None]
    detailed = torch.from_numpy(np.stack([canvas(picture, DETAIL * side) for picture in pictures]))[:, None]
    return complete(whole, detailed, finder)


def complete(whole: Tensor, detailed: Tensor, finder: AutoencoderGAN | None) -> Views:
    """Views of canvases `(n, 1, side, side)` and detailed ones."""
    if finder is None:
        return Views(whole, detailed, whole, torch.full((len(whole), 2), 0.5))
    centres = find(finder, whole)
    return Views(whole, detailed, close_ups(detailed, centres, whole.shape[-1]), centres)


@torch.no_grad()
def find(finder: AutoencoderGAN, whole: Tensor) -> Tensor:
    """Where the lesion seems to be, `(n, 2)` shares (down, across), kept so far from the edges that a close-up fits."""
    found = []
    for chunk in whole.split(_CHUNK):
        inputs = network_input(chunk, finder.shape.size)
        weights = torch.zeros(0)
        for view, mirrored in ((inputs, False), (inputs.flip(3), True)):
            attention = finder(view.to(memory_format=torch.channels_last)).judgement.attention.exp()
            side = round(attention.shape[1] ** 0.5)
            cells = attention.reshape(-1, 1, side, side)
            cells = cells.flip(3) if mirrored else cells
            weights = weights + cells if len(weights) else cells
        strongest = functional.avg_pool2d(weights, 3, 1, 1).flatten(1).argmax(1)
        found.append(torch.stack([(strongest // side + 0.5) / side, (strongest % side + 0.5) / side], dim=1))
    half = CLOSE_SHARE / 2.0
    return torch.cat(found).clamp(half, 1.0 - half)


def close_ups(detailed: Tensor, centres: Tensor, side: int) -> Tensor:
    """Cut `(n, 1, side, side)` uint8 about the centres `(n, 2)` out of detailed canvases."""
    cut = []
    for chunk, places in zip(detailed.split(_CHUNK), centres.split(_CHUNK), strict=True):
        grid = functional.affine_grid(_matrix(places), [len(chunk), 1, side, side], align_corners=False)
        sampled = functional.grid_sample(chunk.float(), grid, padding_mode="border", align_corners=False)
        cut.append(sampled.round().to(torch.uint8))
    return torch.cat(cut)


def on_the_picture(cells: Tensor, look: Look, centres: Tensor) -> Tensor:
    """Cells' evidence `(n, h, w)` as evidence per area of the whole picture, `(n, GRID, GRID)`.

    The mean over the map is the sum over the cells.
    """
    count = len(cells)
    density = cells[:, None] * float(cells.shape[1] * cells.shape[2])
    if look == "whole":
        matrix = torch.eye(2, 3).expand(count, 2, 3)
    else:
        density = density / CLOSE_SHARE**2
        matrix = torch.zeros(count, 2, 3)
        matrix[:, 0, 0] = matrix[:, 1, 1] = 1.0 / CLOSE_SHARE
        matrix[:, 0, 2] = (1.0 - 2.0 * centres[:, 1]) / CLOSE_SHARE
        matrix[:, 1, 2] = (1.0 - 2.0 * centres[:, 0]) / CLOSE_SHARE
    grid = functional.affine_grid(matrix, [count, 1, GRID, GRID], align_corners=False)
    padding = "border" if look == "whole" else "zeros"
    return functional.grid_sample(density, grid, padding_mode=padding, align_corners=False)[:, 0]


def network_input(canvases: Tensor, size: int) -> Tensor:
    """Standardised pictures `(n, 1, size, size)` of canvases `(n, 1, h, w)` uint8."""
    small = functional.interpolate(
        canvases.float(), size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )
    return standardise(small / 255.0)


def _matrix(centres: Tensor) -> Tensor:
    matrix = torch.zeros(len(centres), 2, 3)
    matrix[:, 0, 0] = matrix[:, 1, 1] = CLOSE_SHARE
    matrix[:, 0, 2] = 2.0 * centres[:, 1] - 1.0
    matrix[:, 1, 2] = 2.0 * centres[:, 0] - 1.0
    return matrix
