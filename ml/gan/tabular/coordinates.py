"""Measurements to coordinates in which the geometry of an outline is already true, and back.

Radius, perimeter, area and compactness measure one outline four times over, a standard error is small beside its
mean, and worst is never below the mean. A generator that has to find that out spends its strength on it and never
quite gets there. The thirty coordinates here are logarithms of ratios that the schema's rules bound:

- area ÷ (π × radius²) and (compactness + 1) × 4π × area ÷ perimeter², instead of area and perimeter;
- standard error ÷ mean (perimeter's ÷ radius's, and area's ÷ (2π × radius × radius's));
- worst ÷ mean (the two shape ratios of the worst outline as they are).

They follow from the definitions of the measurements (`ml.fna.features`) alone; no data are needed to make them.
A row without indentations (concavity and concave points 0) has NaN in those six coordinates.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.fna.features import FEATURES, MEASURES

MEASURE_COUNT: Final = len(MEASURES)
_RADIUS, _PERIMETER, _AREA, _COMPACTNESS = 0, 2, 3, 5
INDENTATION: Final = (6, 7)  # concavity and concave points, as places within a block of ten
INDENTED: Final = tuple(block * MEASURE_COUNT + place for block in range(3) for place in INDENTATION)
"""Columns that are 0 together in an outline without indentations."""

LEAST: Final = 1e-9  # what a 0 counts as where a logarithm is taken of it
_HARD: Final = torch.tensor([(feature.minimum, feature.maximum) for feature in FEATURES], dtype=torch.float64).T


def to_coordinates(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates (n, 30) of measurements `X` (n, 30; in the schema's order and units)."""
    mean, error, worst = (_measures(X, block) for block in range(3))
    smooth = np.stack([_shape(mean), _errors(error, mean), _worst(worst, mean)], axis=1).reshape(len(X), -1)
    smooth[np.ix_((X[:, list(INDENTED)] == 0).any(axis=1), INDENTED)] = np.nan
    return smooth


def from_coordinates(coordinates: Tensor) -> Tensor:
    """Measurements (n, 30) of coordinates (n, 30), cut to the schema's hard limits; NaN becomes 0.

    Differentiable, so that a discriminator may look at measurements.
    """
    shape, error, worst = coordinates.exp().split(MEASURE_COUNT, dim=1)
    mean = _outline(shape)
    errors = (error * mean).unbind(1)
    radius = errors[_RADIUS]
    errors = _replaced(
        errors, error[:, _PERIMETER] * radius, error[:, _AREA] * 2 * torch.pi * mean[:, _RADIUS] * radius
    )
    grown = _replaced((worst * mean).unbind(1), worst[:, _PERIMETER], worst[:, _AREA])
    X = torch.cat([mean, torch.stack(errors, 1), _outline(torch.stack(grown, 1))], dim=1)
    low, high = _HARD.to(X.dtype)
    return torch.nan_to_num(X, nan=0.0).clamp(low, high)


def _measures(X: NDArray[np.float64], block: int) -> NDArray[np.float64]:
    return np.maximum(X[:, block * MEASURE_COUNT : (block + 1) * MEASURE_COUNT], LEAST)


def _ratios(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """The block with area and perimeter replaced by the ratios that the outline's geometry keeps near 1."""
    ratios = block.copy()
    radius, perimeter, area = (block[:, place] for place in (_RADIUS, _PERIMETER, _AREA))
    ratios[:, _AREA] = area / (np.pi * radius**2)
    ratios[:, _PERIMETER] = (block[:, _COMPACTNESS] + 1) * 4 * np.pi * area / perimeter**2
    return ratios


def _outline(ratios: Tensor) -> Tensor:
    """`_ratios` undone."""
    columns = ratios.unbind(1)
    area = columns[_AREA] * torch.pi * columns[_RADIUS] ** 2
    perimeter = torch.sqrt((columns[_COMPACTNESS] + 1) * 4 * torch.pi * area / columns[_PERIMETER])
    return torch.stack(_replaced(columns, perimeter, area), dim=1)


def _replaced(columns: tuple[Tensor, ...], perimeter: Tensor, area: Tensor) -> tuple[Tensor, ...]:
    new = list(columns)
    new[_PERIMETER], new[_AREA] = perimeter, area
    return tuple(new)


def _shape(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(_ratios(mean)))


def _errors(error: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    ratios = error / mean
    ratios[:, _PERIMETER] = error[:, _PERIMETER] / error[:, _RADIUS]
    ratios[:, _AREA] = error[:, _AREA] / (2 * np.pi * mean[:, _RADIUS] * error[:, _RADIUS])
    return np.asarray(np.log(ratios))


def _worst(worst: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    ratios = worst / mean
    shape = _ratios(worst)
    for place in (_AREA, _PERIMETER):
        ratios[:, place] = shape[:, place]
    return np.asarray(np.log(ratios))
