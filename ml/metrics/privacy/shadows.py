"""A membership attack by shadow models (Shokri et al., 2017): generators fitted anew where the members are known.

The attacker owns records of the same source and the recipe of the generator. Halves of the records train shadow
generators; what a member's neighbourhood in the synthetic records looks like, against a non-member's, is learnt from
them and held against the real set. Each record's score is set against its own when it was no member (calibration by
difficulty: Watson et al., 2022; the likelihood ratio of Carlini et al., 2022, in one feature).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.metrics.privacy.distances import nearest
from ml.metrics.privacy.membership import Attack, attack

SHADOWS = 4
NEIGHBOURS = 5
_NEAREST = 1e-9

Draw = Callable[[NDArray[np.int64], int], NDArray[np.float64]]
"""`draw(rows, seed)`: fit a generator to these rows of the pool, training records first, then the held-out ones;
returns synthetic records in the space of the attack."""


def shadow_attack(
    train: NDArray[np.float64],
    holdout: NDArray[np.float64],
    synthetic: NDArray[np.float64],
    draw: Draw,
    *,
    groups: NDArray[np.int64] | None = None,
    shadows: int = SHADOWS,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Attack:
    """Attack the set by what `shadows` generators, fitted to halves of the records, give away.

    Args:
        train: members `(n, d)`, in the same space as the others.
        holdout: `(m, d)`.
        synthetic: `(k, d)`.
        draw: refits and samples.
        groups: `(n + m,)` of the pool, patients that stay in one half; each record its own without.
        shadows: even and at least four: halves come in pairs that complement each other, so that each record is
            outside half of them.
        seed: of the halves and the generators.
        progress: called with the shadows done and their number.

    Raises:
        ValueError: for another number of shadows.
    """
    if shadows < 4 or shadows % 2:
        raise ValueError(f"shadow models come in pairs, two pairs at least; got {shadows}")
    pool = np.concatenate([train, holdout])
    inside = _halves(len(pool) if groups is None else groups, shadows, np.random.default_rng(seed))
    seen = np.empty((shadows, len(pool), NEIGHBOURS))
    for turn in range(shadows):
        seen[turn] = _log_distances(pool, draw(np.flatnonzero(inside[turn]), seed + 1 + turn))
        if progress is not None:
            progress(turn + 1, shadows)
    features = np.concatenate([_features(seen[turn], seen, inside, turn) for turn in range(shadows)])
    judge = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(features, inside.ravel())
    scores = judge.decision_function(_features(_log_distances(pool, synthetic), seen, inside, None))
    return attack(scores[: len(train)], scores[len(train) :])


def _halves(groups: int | NDArray[np.int64], shadows: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which records each shadow is trained on: `(shadows, records)`."""
    numbers = np.arange(groups) if isinstance(groups, int) else np.unique(groups, return_inverse=True)[1]
    inside = np.empty((shadows, len(numbers)), dtype=np.bool_)
    for turn in range(0, shadows, 2):
        chosen = rng.permutation(numbers.max() + 1) <= numbers.max() // 2
        inside[turn], inside[turn + 1] = chosen[numbers], ~chosen[numbers]
    return inside


def _log_distances(records: NDArray[np.float64], synthetic: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each record's nearest synthetic records, `(n, NEIGHBOURS)`."""
    return np.log(np.maximum(nearest(records, synthetic, NEIGHBOURS).distances, _NEAREST))


def _features(
    own: NDArray[np.float64], seen: NDArray[np.float64], inside: NDArray[np.bool_], turn: int | None
) -> NDArray[np.float64]:
    """Distances, and distances less what they are under other shadows that didn't train on the record."""
    outside = ~inside[:, :, None]
    if turn is not None:
        outside = outside & (np.arange(len(seen)) != turn)[:, None, None]
    usual = (seen * outside).sum(axis=0) / outside.sum(axis=0)
    return np.concatenate([own, own - usual], axis=1)
