"""The inception score's formula, on any classifier's class probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def inception_score(probabilities: NDArray[np.float64]) -> float:
    """exp of the mean Kullback-Leibler divergence of p(class | picture) from p(class) (Salimans et al., 2016).

    Between 1 and the number of classes. It is the literature's Inception score only with Inception's 1,008 classes:
    with those of the ultrasound classifier (`UltrasoundExtractor.class_probabilities`, three of them) it is named
    after that classifier, and to be held against the same figure of real pictures.

    Args:
        probabilities: `(n, classes)`, each row summing to 1.

    Raises:
        ValueError: when the rows are no probabilities.
    """
    if probabilities.ndim != 2 or not len(probabilities):
        raise ValueError(f"expected class probabilities (n, classes); got {probabilities.shape}")
    if (probabilities < 0).any() or not np.allclose(probabilities.sum(axis=1), 1.0, atol=1e-6):
        raise ValueError("class probabilities must not be negative, and sum to 1 for each picture")
    tiny = np.finfo(np.float64).tiny
    logarithms = np.log(np.maximum(probabilities, tiny)) - np.log(np.maximum(probabilities.mean(axis=0), tiny))
    return float(np.exp((probabilities * logarithms).sum(axis=1).mean()))
