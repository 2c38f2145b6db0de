"""Both classes' distributions from noisy statistics alone: the copula under differential privacy.

Three looks at the rows, after the sizes of the classes: noisy histograms over the public limits place and scale each
coordinate roughly; noisy sums give each class's means; noisy second moments about them give one correlation matrix
for both classes, of which the few strongest factors are kept, as the rest is noise at a few hundred rows. What one row
can add is bounded by clipping, so that Gaussian noise protects it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtr

from ml.gan.tabular.coordinates import to_coordinates
from ml.gan.tabular.copula import CLASSES, LEVELS, Copula
from ml.gan.tabular.public_ranges import coordinate_limits

BINS = 48
CLIP = 2.5  # standardised coordinates are cut there
NORM = 5.5  # and a row of them is shortened to this length
FACTORS = 4
_USUAL_SPREAD = 0.085  # of a coordinate, as a share of its public limits: where there is little to go by
_FEWEST = 20.0  # rows that a class is taken to have, however low its noisy size


@dataclass(frozen=True)
class Scale:
    """Place and spread of each coordinate (30,), as shares of the public limits."""

    place: NDArray[np.float64]
    spread: NDArray[np.float64]

    def standardise(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows (n, 30) of shares of the limits, centred, scaled and cut at CLIP."""
        return np.clip((shares - self.place) / self.spread, -CLIP, CLIP)


def shares_of_limits(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where each coordinate of measurements `X` (n, 30) lies between its public limits, 0 to 1; NaN lies at 0."""
    low, high = coordinate_limits()
    coordinates = to_coordinates(X)
    return np.clip(np.where(np.isnan(coordinates), 0.0, (coordinates - low) / (high - low)), 0.0, 1.0)


def noisy_sizes(y: NDArray[np.int64], multiplier: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Rows of each class, with noise."""
    sizes = np.bincount(y, minlength=CLASSES) + multiplier * rng.standard_normal(CLASSES)
    return np.maximum(sizes, _FEWEST)


def noisy_scale(shares: NDArray[np.float64], size: float, multiplier: float, rng: np.random.Generator) -> Scale:
    """Place and spread by noisy histograms: the normal distribution that fits each of them, averaged by likelihood.

    One row adds 1 to one bin of each of the columns' histograms: it changes them by √columns.
    """
    width = shares.shape[1]
    noise = multiplier * width**0.5
    bins = np.minimum((shares * BINS).astype(int), BINS - 1)
    counted = np.stack([np.bincount(column, minlength=BINS) for column in bins.T]).astype(np.float64)
    counted += noise * rng.standard_normal(counted.shape)
    places, spreads = np.meshgrid(np.linspace(0.0, 1.0, 121), np.geomspace(0.015, 0.25, 16), indexing="ij")
    edges = np.linspace(0.0, 1.0, BINS + 1)
    expected = size * np.diff(ndtr((edges - places.reshape(-1, 1)) / spreads.reshape(-1, 1)), axis=1)
    misfit = (expected**2).sum(axis=1) - 2.0 * counted @ expected.T
    belief = -misfit / (2.0 * noise**2) - 0.5 * (np.log(spreads.reshape(-1) / _USUAL_SPREAD) / 0.5) ** 2
    weights = np.exp(belief - belief.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return Scale(weights @ places.reshape(-1), np.exp(weights @ np.log(spreads.reshape(-1))))


def noisy_means(
    rows: NDArray[np.float64],
    y: NDArray[np.int64],
    sizes: NDArray[np.float64],
    multiplier: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Means (2, 30) of each class's standardised rows (n, 30); one row adds at most NORM to one of the sums."""
    sums = np.stack([_shortened(rows[y == label]).sum(axis=0) for label in range(CLASSES)])
    return np.asarray((sums + multiplier * NORM * rng.standard_normal(sums.shape)) / sizes[:, None])


def noisy_covariance(
    residuals: NDArray[np.float64], size: float, multiplier: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Second moments (30, 30) of rows about their class's mean; one row adds at most NORM² (Frobenius)."""
    width = residuals.shape[1]
    short = _shortened(residuals)
    upper = np.triu(rng.standard_normal((width, width)), k=1) / 2**0.5  # both halves carry it
    noise = upper + upper.T + np.diag(rng.standard_normal(width))
    return np.asarray((short.T @ short + multiplier * NORM**2 * noise) / size)


def private_copula(
    X: NDArray[np.float64], y: NDArray[np.int64], multipliers: dict[str, float], rng: np.random.Generator
) -> tuple[Copula, dict[int, int]]:
    """Learn both classes' distributions from measurements (n, 30) and outcomes (n,), with noise on every look.

    Returns:
        The distributions, and the noisy numbers of rows by class.
    """
    shares = shares_of_limits(X)
    sizes = noisy_sizes(y, multipliers["class sizes"], rng)
    scale = noisy_scale(shares, float(sizes.sum()), multipliers["ranges"], rng)
    rows = scale.standardise(shares)
    means = noisy_means(rows, y, sizes, multipliers["class means"], rng)
    covariance = noisy_covariance(rows - means[y], float(sizes.sum()), multipliers["correlations"], rng)
    spread = np.sqrt(np.clip(np.diag(covariance), 0.3, 1.6))
    copula = copula_of(scale, means, spread, _strongest_factors(covariance / np.outer(spread, spread)))
    return copula, {label: round(size) for label, size in enumerate(sizes)}


def copula_of(
    scale: Scale, means: NDArray[np.float64], spread: NDArray[np.float64], correlation: NDArray[np.float64]
) -> Copula:
    """Normal distributions cut at the public limits.

    Args:
        scale: place and spread that rows were standardised by.
        means: (2, 30) of standardised rows.
        spread: (30,) of standardised rows within a class.
        correlation: (30, 30) of both classes.
    """
    low, high = coordinate_limits()
    standard = means[:, :, None] + spread[:, None] * LEVELS
    shares = np.clip(scale.place[:, None] + scale.spread[:, None] * standard, 0.0, 1.0)
    knots = low[:, None] + (high - low)[:, None] * shares
    roots = np.stack([np.linalg.cholesky(correlation)] * CLASSES)
    return Copula(torch.from_numpy(knots), torch.from_numpy(roots), torch.zeros(CLASSES, dtype=torch.float64))


def _shortened(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows * np.minimum(1.0, NORM / np.maximum(length, 1e-9)))


def _strongest_factors(correlation: NDArray[np.float64]) -> NDArray[np.float64]:
    """A correlation matrix of FACTORS factors and what is each column's own."""
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    loadings = vectors[:, -FACTORS:] * np.sqrt(np.maximum(values[-FACTORS:] - 1.0, 0.0))
    common = loadings @ loadings.T
    whole = common + np.diag(np.maximum(1.0 - np.diag(common), 0.1))
    spread = np.sqrt(np.diag(whole))
    return np.asarray(whole / np.outer(spread, spread))
