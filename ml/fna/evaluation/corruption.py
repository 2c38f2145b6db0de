"""Damage of the kinds that tables of measurements suffer, to see whether it is noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Damage = Callable[[Rows, np.random.Generator], Rows]


def _one_value(X: Rows, rng: np.random.Generator, factor: float) -> Rows:
    changed = X.copy()
    changed[np.arange(len(X)), rng.integers(X.shape[1], size=len(X))] *= factor
    return changed


def _one_column(X: Rows, rng: np.random.Generator) -> Rows:
    changed = X.copy()
    changed[:, rng.integers(X.shape[1])] *= 10.0
    return changed


def _two_swapped(X: Rows, rng: np.random.Generator) -> Rows:
    changed = X.copy()
    for row in changed:
        first, second = rng.choice(X.shape[1], 2, replace=False)
        row[[first, second]] = row[[second, first]]
    return changed


def _means_and_worsts_swapped(X: Rows, rng: np.random.Generator) -> Rows:
    del rng
    block = X.shape[1] // 3
    return np.concatenate([X[:, 2 * block :], X[:, block : 2 * block], X[:, :block]], axis=1)


def _shifted(X: Rows, rng: np.random.Generator) -> Rows:
    del rng
    return np.roll(X, 1, axis=1)


def _all_zero(X: Rows, rng: np.random.Generator) -> Rows:
    del rng
    return np.zeros_like(X)


def _shuffled_in_row(X: Rows, rng: np.random.Generator) -> Rows:
    return rng.permuted(X, axis=1)


def _mixed_between_rows(X: Rows, rng: np.random.Generator) -> Rows:
    return rng.permuted(X, axis=0)


KINDS: Final[dict[str, Damage]] = {
    "one value × 10": lambda X, rng: _one_value(X, rng, 10.0),
    "one value ÷ 10": lambda X, rng: _one_value(X, rng, 0.1),
    "one column × 10": _one_column,
    "one value 0": lambda X, rng: _one_value(X, rng, 0.0),
    "all values 0": _all_zero,
    "two values swapped": _two_swapped,
    "means and worsts swapped": _means_and_worsts_swapped,
    "columns shifted by one": _shifted,
    "values shuffled within the row": _shuffled_in_row,
    "values mixed between rows": _mixed_between_rows,
    "all values × 10": lambda X, rng: X * 10.0,
}
"""Each changes every row of a table `(rows, 30)`; columns and values are chosen at random where one is."""


def corrupted(X: Rows, kind: str, rng: np.random.Generator) -> Rows:
    """A damaged copy of rows `(rows, 30)`.

    Raises:
        KeyError: for an unknown kind.
    """
    return KINDS[kind](X, rng)
