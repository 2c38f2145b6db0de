"""The training cases nearest to a row in the encoders' latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Neighbour:
    """One training case: its index in WDBC and how far it is.

    A distance of 1 is the median distance between a training case and its own nearest training case.
    """

    index: int
    distance: float


class NeighbourSearch:
    """Exact search over the training cases' latents `(cases, width)`."""

    def __init__(self, latents: NDArray[np.float32]) -> None:
        self._latents = torch.from_numpy(latents).double()
        between = self._distances(self._latents)
        np.fill_diagonal(between, np.inf)
        self._unit = float(np.median(between.min(axis=1)))

    def nearest(self, latents: NDArray[np.float32], count: int) -> list[list[Neighbour]]:
        """The `count` nearest training cases of each row of `latents` `(rows, width)`, nearest first."""
        distances = self._distances(torch.from_numpy(latents).double()) / self._unit
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        return [
            [Neighbour(int(index), float(distances[row, index])) for index in indices]
            for row, indices in enumerate(order)
        ]

    def _distances(self, latents: Tensor) -> NDArray[np.float64]:
        own, others = latents.square().sum(dim=1), self._latents.square().sum(dim=1)
        squares = own[:, None] + others - 2.0 * latents @ self._latents.T
        return np.asarray(squares.clamp(min=0.0).sqrt().numpy())
