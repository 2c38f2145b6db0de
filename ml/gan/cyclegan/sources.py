"""The real pictures that are translated: which, and how they are framed."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ml.gan.pictures import LabelledPictures, to_range

LARGEST_ZOOM = 286 / 256  # the paper enlarges pictures by this and cuts out their size


def reframe(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Mirror half of the pictures `(n, 1, s, s)`, and cut a window out of each, enlarged by up to `LARGEST_ZOOM`."""
    count = len(pictures)
    window = 1.0 - (1.0 - 1.0 / LARGEST_ZOOM) * torch.rand(count, generator=random)
    mirror = 1.0 - 2.0 * (torch.rand(count, generator=random) < 0.5).float()
    places = (1.0 - window)[:, None] * (2.0 * torch.rand(count, 2, generator=random) - 1.0)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0], matrix[:, 1, 1], matrix[:, :, 2] = mirror * window, window, places
    grid = functional.affine_grid(matrix.to(pictures.device), list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def pick(sources: LabelledPictures, name: str, count: int, random: torch.Generator) -> Tensor:
    """`count` pictures `(count, 1, s, s)` in [-1, 1] of the class `name`, drawn with replacement and reframed.

    Raises:
        ValueError: when the sources have none.
    """
    rows = torch.empty(0, dtype=torch.int64)
    if name in sources.classes:
        rows = (sources.labels == sources.classes.index(name)).nonzero().flatten()
    if not len(rows):
        raise ValueError(f"there is no {name} picture among the sources to translate")
    chosen = rows[torch.randint(0, len(rows), (count,), generator=random)]
    return reframe(to_range(sources.pixels[chosen]), random)
