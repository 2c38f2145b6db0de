"""Which pictures a step sees: every picture once an epoch, in an order that the seed and the step alone settle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Batches:
    """Shuffled batches of `rows`, full ones only, the next epoch filling up the last of this one.

    Nothing has to be saved to resume: batch `number` is computed from the seed.
    """

    def __init__(self, rows: NDArray[np.int64], batch: int, seed: int) -> None:
        self.rows = rows
        self.batch = batch
        self.seed = seed

    def __getitem__(self, number: int) -> NDArray[np.int64]:
        """Rows `(batch,)` of batch `number`, from 0."""
        places = np.arange(number * self.batch, (number + 1) * self.batch)
        epochs, within = np.divmod(places, len(self.rows))
        chosen = np.empty(self.batch, dtype=np.int64)
        for epoch in np.unique(epochs):
            order = np.random.default_rng([self.seed, int(epoch)]).permutation(self.rows)
            chosen[epochs == epoch] = order[within[epochs == epoch]]
        return chosen
