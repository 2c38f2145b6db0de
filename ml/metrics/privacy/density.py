"""A membership attack by densities: where the generator puts more weight than the source does, someone was trained on.

DOMIAS (van Breugel et al., 2023) compares the synthetic records' density at a candidate with that of reference records
of the same source; LOGAN (Hayes et al., 2019) learns the same ratio with a classifier. Densities are estimated here
from the distance to the k-th nearest record, which needs no tuning and works in any space with a distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.metrics.privacy.distances import nearest
from ml.metrics.privacy.membership import Attack, attack

NEIGHBOURS = 3
_NEAREST = 1e-9


def density_attack(
    train: NDArray[np.float64],
    holdout: NDArray[np.float64],
    synthetic: NDArray[np.float64],
    seed: int = 0,
    neighbours: int = NEIGHBOURS,
) -> Attack:
    """Name those as members that the synthetic records crowd around more than the held-out records do.

    The attacker knows the held-out records but the candidate itself: for a held-out candidate it is left out of the
    reference, for a training candidate a random one is, so that neither has the denser reference.

    Args:
        train: members `(n, d)`, in the same space as the others.
        holdout: `(m, d)`, more than `neighbours` + 1.
        synthetic: `(k, d)`.
        seed: of the records left out.
        neighbours: k of the density estimates.
    """
    rng = np.random.default_rng(seed)
    own = _log(nearest(holdout, holdout, neighbours + 1).distances[:, -1])
    to_holdout = nearest(train, holdout, neighbours + 1)
    dropped = rng.integers(len(holdout), size=len(train))
    moved = (to_holdout.rows[:, :neighbours] == dropped[:, None]).any(axis=1)
    reference = _log(np.where(moved, to_holdout.distances[:, -1], to_holdout.distances[:, -2]))
    return attack(
        reference - _log(nearest(train, synthetic, neighbours).distances[:, -1]),
        own - _log(nearest(holdout, synthetic, neighbours).distances[:, -1]),
    )


def _log(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(distances, _NEAREST)))
