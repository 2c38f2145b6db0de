"""Drawing a table class by class: what every peer does alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURES

_HARD = np.array([(feature.minimum, feature.maximum) for feature in FEATURES]).T


def draw_by_class(
    counts: Mapping[int, int],
    seed: int,
    draw: Callable[[int, int, np.random.Generator], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Rows of `draw(label, count, rng)` for each class, cut to the schema's hard limits, in random order.

    Returns:
        Measurements (m, 30) and outcomes (m,).
    """
    rng = np.random.default_rng(seed)
    labels = sorted(counts)
    X = np.concatenate([draw(label, counts[label], rng) for label in labels])
    y = np.repeat(np.array(labels, dtype=np.int64), [counts[label] for label in labels])
    order = rng.permutation(len(y))
    return np.clip(X, *_HARD)[order], y[order]
