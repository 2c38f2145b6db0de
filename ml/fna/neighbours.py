"""The training cases nearest to a row in the encoders' latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
        self._latents = latents.astype(np.float64)
        self._squares = np.square(self._latents).sum(axis=1)
        between = self._distances(self._latents)
        np.fill_diagonal(between, np.inf)
        self._unit = float(np.median(between.min(axis=1)))

    def nearest(self, latents: NDArray[np.float32], count: int) -> list[list[Neighbour]]:
        """The `count` nearest training cases of each row of `latents` `(rows, width)`, nearest first."""
        distances = self._distances(latents.astype(np.float64)) / self._unit
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        return [
            [Neighbour(int(index), float(distances[row, index])) for index in indices]
            for row, indices in enumerate(order)
        ]

    def _distances(self, latents: NDArray[np.float64]) -> NDArray[np.float64]:
        squares = np.square(latents).sum(axis=1)[:, None] + self._squares - 2.0 * latents @ self._latents.T
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
