"""All figures of how like held-out real pictures synthetic ones are, at equal n."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from ml.metrics.images.extractor import Features
from ml.metrics.images.frechet import ratio
from ml.metrics.images.kid import kid
from ml.metrics.images.prdc import prdc


def quality(train: Features, holdout: Features, synthetic: Features, *, seed: int = 0) -> dict[str, Any]:
    """Ratio of Fréchet distances, kernel distance, precision, recall, density and coverage, against held-out pictures.

    The same figures of the training pictures, in the synthetic ones' place, say what a perfect generator would reach.

    Args:
        train: features of the pictures trained on, `(n, d)`.
        holdout: of real pictures that the generator never saw, `(m, d)`.
        synthetic: of its pictures, `(k, d)`.
        seed: of the rows drawn.
    """
    count = min(len(holdout), len(synthetic))
    rng = np.random.default_rng(seed)
    held = holdout[rng.choice(len(holdout), count, replace=False)]
    fake = synthetic[rng.choice(len(synthetic), count, replace=False)]
    kernel, between_real = kid(holdout, synthetic, seed), kid(holdout, train, seed)
    return {
        "frechet": asdict(ratio(train, holdout, synthetic, seed=seed)),
        "kid": {**asdict(kernel), "inside_real_real": between_real.covers(kernel.mean)},
        "kid_real_real": asdict(between_real),
        "prdc": {**asdict(prdc(held, fake)), "count": count},
    }
