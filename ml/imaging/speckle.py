"""Random textures of drawn ultrasound, and the speckle and greys that a scanner makes of echoes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float64]
UNIT_SIDE = 120  # the picture's side in pixels at which lengths in the phantoms' code are meant


def unit(side: int) -> float:
    """Pixels of a picture of this side for every pixel of one of `UNIT_SIDE`."""
    return side / UNIT_SIDE


def rising(x: Field) -> Field:
    """The logistic function, safe for any x."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -40, 40))))


def smooth_noise(rng: np.random.Generator, side: int, sigma: tuple[float, float]) -> Field:
    """Noise of mean 0 and standard deviation 1, smooth over `sigma` pixels (down, across)."""
    noise = ndimage.gaussian_filter(rng.standard_normal((side, side)), sigma, mode="wrap", truncate=3.0)
    return np.asarray(noise / max(noise.std(), 1e-9))


def fibres(rng: np.random.Generator, side: int, thick: tuple[float, float], long: tuple[float, float]) -> Field:
    """A net of bright curved lines, 0 to 1: where smooth noise crosses zero, here stronger and there weaker.

    `thick` bounds the meshes' height in units, `long` how many times as wide they are.
    """
    tall = rng.uniform(*thick) * unit(side)
    net = smooth_noise(rng, side, (tall, tall * rng.uniform(*long)))
    lines = np.exp(-((net / rng.uniform(0.2, 0.6)) ** 2))
    strength = smooth_noise(rng, side, (4.0 * unit(side), 9.0 * unit(side)))
    return np.asarray(lines * rising(1.5 * strength))


def scan(rng: np.random.Generator, echo: Field) -> NDArray[np.uint8]:
    """Speckle (Rayleigh, wider than tall), attenuation, log compression, gain; now and then a sector's corners."""
    side = len(echo)
    spot = (rng.uniform(0.4, 0.9) * unit(side), rng.uniform(0.6, 1.8) * unit(side))
    speckle = np.hypot(smooth_noise(rng, side, spot), smooth_noise(rng, side, spot)) / 1.2533
    mixed = echo * speckle ** rng.uniform(0.08, 0.4)
    depth = np.linspace(0.0, 1.0, side)[:, None]
    mixed = mixed * np.exp(-rng.uniform(0.0, 3.0) * depth ** rng.uniform(0.8, 3.0))
    floor = rng.uniform(0.01, 0.08)
    levels = np.log1p(np.maximum(mixed, 0.0) / floor) / np.log1p(1.0 / floor)
    levels = np.clip(levels, 0.0, 1.2) ** rng.uniform(0.9, 2.2)
    levels = ndimage.gaussian_filter(levels, rng.uniform(0.0, 0.6) * unit(side))
    if rng.random() < 0.08:
        across = np.abs(np.linspace(-1.0, 1.0, side))[None]
        levels = levels * (across < rng.uniform(0.75, 0.95) + rng.uniform(0.1, 0.5) * depth)
    return np.asarray(np.clip(255 * rng.uniform(0.5, 1.0) * levels, 0, 255), dtype=np.uint8)
