"""Drawn breast tissue: how strongly every place of it echoes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ml.imaging.speckle import Field, fibres, rising, smooth_noise, unit


def draw_tissue(rng: np.random.Generator, side: int) -> Field:
    """Echoes `(side, side)` of skin, fat between septa, gland with ducts and lobules, muscle.

    Half of the pictures have shadows that no lesion casts, a fifth a rib or the lung's surface.
    """
    rows = np.arange(side)[:, None] / side
    tilt = 0.12 * rng.standard_normal() * (np.arange(side)[None] / side - 0.5)
    waves = rng.uniform(0.01, 0.05) * smooth_noise(rng, side, (side / 5, side / 7))
    depth = rows + tilt + waves
    gland = rng.uniform(0.05, 0.4)
    muscle = gland + rng.uniform(0.2, 0.7)
    echo = _texture(rng, _layers(rng, depth, gland, muscle))
    echo = _skin(rng, echo, rows)
    if rng.random() < 0.5:
        echo = _shadows(rng, echo, rows)
    if rng.random() < 0.2:
        echo = _rib(rng, echo, depth - muscle - rng.uniform(0.05, 0.3))
    return np.asarray(ndimage.gaussian_filter(echo, 0.5 * unit(side)))


def _layers(rng: np.random.Generator, depth: Field, gland: float, muscle: float) -> Field:
    """Fat, then from depth `gland` on the gland, from `muscle` on what lies behind it."""
    side = len(depth)
    fat = rng.uniform(0.15, 0.4) + rng.uniform(0.1, 0.7) * fibres(rng, side, (1.5, 4.0), (2.0, 5.0))
    middle = rng.uniform(0.25, 0.7) + rng.uniform(0.1, 0.8) * fibres(rng, side, (1.0, 3.0), (1.8, 5.0))
    if rng.random() < 0.5:
        size = (rng.uniform(1.5, 4.0) * unit(side), rng.uniform(2.5, 8.0) * unit(side))
        lobules = smooth_noise(rng, side, size)
        share = rising((lobules - rng.uniform(0.2, 1.3)) * rng.uniform(3.0, 9.0))
        middle = middle * (1.0 - rng.uniform(0.3, 0.85) * share)
    deep = rng.uniform(0.12, 0.5) + rng.uniform(0.1, 0.8) * fibres(rng, side, (1.0, 2.5), (4.0, 12.0))
    edge = rng.uniform(0.008, 0.04)
    echo = fat
    for start, layer in ((gland, middle), (muscle, deep)):
        share = rising((depth - start) / edge)
        echo = echo * (1.0 - share) + layer * share
        if rng.random() < 0.25:  # a bright line between layers
            echo = echo + rng.uniform(0.05, 0.4) * np.exp(-(((depth - start) / rng.uniform(0.01, 0.025)) ** 2))
    return np.asarray(echo)


def _texture(rng: np.random.Generator, echo: Field) -> Field:
    """Patches that echo more or less, and short strands along the layers."""
    side = len(echo)
    patches = smooth_noise(rng, side, (rng.uniform(4, 10) * unit(side), rng.uniform(5, 16) * unit(side)))
    echo = echo * np.exp(rng.uniform(0.05, 0.4) * patches)
    flat = rng.uniform(0.5, 1.2) * unit(side)
    strands = smooth_noise(rng, side, (flat, flat * rng.uniform(2.0, 7.0)))
    return echo * np.exp(rng.uniform(0.05, 0.4) * strands) + rng.uniform(0.0, 0.4) * np.maximum(strands - 1.0, 0.0)


def _skin(rng: np.random.Generator, echo: Field, rows: Field) -> Field:
    """Two bright lines at the top."""
    top = rng.uniform(0.0, 0.05)
    echo = echo + rng.uniform(0.1, 0.7) * np.exp(-((rows - top) ** 2) / (2 * 0.012**2))
    return echo + rng.uniform(0.0, 0.5) * np.exp(-((rows - top - rng.uniform(0.03, 0.08)) ** 2) / (2 * 0.008**2))


def _shadows(rng: np.random.Generator, echo: Field, rows: Field) -> Field:
    """Dark columns, of strands and of skin that the transducer doesn't touch well."""
    side = len(echo)
    for _ in range(int(rng.integers(1, 4))):
        centre, width = rng.uniform(0, side), rng.uniform(0.03, 0.15) * side
        lean = rng.uniform(-0.15, 0.15) * side * rows
        column = np.exp(-(((np.arange(side)[None] - centre - lean) / width) ** 2))
        below = rising((rows - rng.uniform(0.0, 0.7)) * rng.uniform(6, 25))
        echo = echo * (1.0 - rng.uniform(0.2, 0.8) * column * below)
    return echo


def _rib(rng: np.random.Generator, echo: Field, below: Field) -> Field:
    """A bright line where `below` is 0, and little behind it."""
    echo = echo + rng.uniform(0.3, 1.0) * np.exp(-((below / 0.02) ** 2))
    return echo * (1.0 - rng.uniform(0.5, 0.95) * rising((below - 0.03) * 40))
