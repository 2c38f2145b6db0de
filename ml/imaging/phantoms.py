"""Simulated breast ultrasound with known lesions, to teach the networks what a lesion is before they see patients.

The drawing follows the sonographic descriptors of the BI-RADS lexicon (American College of Radiology, 5th edition):
shape, orientation, margin, echo pattern and posterior features, with the overlap between benign and malignant that
real lesions have. Nothing here comes from a patient, so every fold and every member may start from the same phantoms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from ml.imaging.networks import CLEAR, LESION, MALIGNANT

Field = NDArray[np.float64]


@dataclass(frozen=True)
class Phantoms:
    """Simulated pictures.

    Attributes:
        canvases: `(n, 1, side, side)` uint8.
        labels: `(n,)`, as `networks.CLASSES`.
        masks: `(n, 1, side, side)` uint8, 255 inside the lesion.
    """

    canvases: Tensor
    labels: Tensor
    masks: Tensor


def draw_phantoms(count: int, side: int, seed: int) -> Phantoms:
    """Draw `count` phantoms: two fifths benign lesions, two fifths malignant, one fifth without a lesion."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([LESION, MALIGNANT, CLEAR], size=count, p=[0.4, 0.4, 0.2])
    pictures = np.empty((count, 1, side, side), dtype=np.uint8)
    masks = np.zeros((count, 1, side, side), dtype=np.uint8)
    for row, label in enumerate(labels.tolist()):
        echo = _tissue(rng, side)
        if label != CLEAR:
            echo, inside = _with_lesion(rng, echo, malignant=label == MALIGNANT)
            masks[row, 0] = (255 * inside).astype(np.uint8)
        pictures[row, 0] = _scan(rng, echo)
    return Phantoms(torch.from_numpy(pictures), torch.from_numpy(labels), torch.from_numpy(masks))


def _smooth_noise(rng: np.random.Generator, side: int, sigma: tuple[float, float]) -> Field:
    """Noise of mean 0 and standard deviation 1, smooth over `sigma` pixels (down, across)."""
    noise = ndimage.gaussian_filter(rng.standard_normal((side, side)), sigma, mode="wrap")
    return np.asarray(noise / max(noise.std(), 1e-9))


def _tissue(rng: np.random.Generator, side: int) -> Field:
    """Echogenicity of layered tissue: skin, fat with strands, gland, muscle, and shadows that no lesion casts."""
    rows = np.arange(side)[:, None] / side
    tilt = 0.1 * rng.standard_normal() * (np.arange(side)[None] / side - 0.5)
    waves = 0.03 * _smooth_noise(rng, side, (side / 6, side / 8))
    depth = rows + tilt + waves
    edges = np.sort(rng.uniform(0.08, 0.95, int(rng.integers(1, 5))))
    levels = rng.uniform(0.25, 0.8, len(edges) + 1)
    echo = levels[np.digitize(depth, edges)]
    flat = rng.uniform(2.0, 7.0)
    strands = np.maximum(_smooth_noise(rng, side, (rng.uniform(0.6, 1.5), flat * rng.uniform(1.0, 2.5))) - 1.0, 0.0)
    patches = _smooth_noise(rng, side, (rng.uniform(3, 9), rng.uniform(5, 16)))
    echo = echo * np.exp(rng.uniform(0.05, 0.35) * patches) + rng.uniform(0.1, 0.8) * strands
    skin = np.exp(-((rows - rng.uniform(0.0, 0.06)) ** 2) / (2 * 0.012**2))
    echo = echo + rng.uniform(0.0, 0.6) * skin
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            centre, width = rng.uniform(0, side), rng.uniform(0.02, 0.1) * side
            column = np.exp(-(((np.arange(side) - centre) / width) ** 2))[None]
            below = 1.0 / (1.0 + np.exp(-(rows - rng.uniform(0.0, 0.7)) * 30))
            echo = echo * (1.0 - rng.uniform(0.2, 0.7) * column * below)
    return np.asarray(ndimage.gaussian_filter(echo, 0.6))


def _outline(rng: np.random.Generator, side: int, *, malignant: bool) -> tuple[Field, float, float, float]:
    """Signed distance-like field of a lesion (below 0 inside, in pixels), its centre row, column and half width."""
    size = side * np.exp(rng.uniform(np.log(0.06), np.log(0.3)))
    wider = rng.uniform(0.0, 0.75) if not malignant else rng.uniform(-0.45, 0.5)
    half_wide, half_tall = size * np.exp(wider / 2), size * np.exp(-wider / 2)
    row = rng.uniform(0.15, 0.7) * side
    column = rng.uniform(0.15, 0.85) * side
    turn = rng.uniform(-0.4, 0.4)
    down, across = np.mgrid[0:side, 0:side].astype(np.float64)
    down, across = down - row, across - column
    u = (across * np.cos(turn) + down * np.sin(turn)) / half_wide
    v = (-across * np.sin(turn) + down * np.cos(turn)) / half_tall
    radius, angle = np.hypot(u, v), np.arctan2(v, u)
    edge = np.ones_like(angle)
    orders = range(2, 5) if not malignant else range(2, 12)
    strength = rng.uniform(0.0, 0.08) if not malignant else rng.uniform(0.06, 0.2)
    for order in orders:
        falling = (2.0 / order) ** 0.5
        edge += strength * falling * rng.standard_normal() * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    if malignant and rng.random() < 0.5:
        for _ in range(int(rng.integers(4, 12))):
            around = np.angle(np.exp(1j * (angle - rng.uniform(-np.pi, np.pi))))
            edge += rng.uniform(0.15, 0.6) * np.exp(-((around / rng.uniform(0.06, 0.15)) ** 2))
    return (radius - edge) * size, float(row), float(column), float(half_wide)


def _with_lesion(rng: np.random.Generator, echo: Field, *, malignant: bool) -> tuple[Field, NDArray[np.bool_]]:
    """Echogenicity with a lesion in it, and the lesion's inside."""
    side = len(echo)
    distance, row, column, half_wide = _outline(rng, side, malignant=malignant)
    softness = rng.uniform(0.4, 1.2) if not malignant else rng.uniform(0.6, 3.0)
    inside = 1.0 / (1.0 + np.exp(np.clip(distance / softness, -30, 30)))
    around = float(np.median(echo[np.abs(distance) < 6])) if (np.abs(distance) < 6).any() else 0.4
    cyst = not malignant and rng.random() < 0.35
    level = around * (rng.uniform(0.02, 0.12) if cyst else rng.uniform(0.15, 0.6))
    mottle = 0.0 if cyst else (rng.uniform(0.05, 0.2) if not malignant else rng.uniform(0.1, 0.6))
    content = level * np.exp(mottle * _smooth_noise(rng, side, (2.0, 2.5)))
    changed = echo * (1.0 - inside) + content * inside
    rim = np.exp(-((distance - 1.5) ** 2) / (2 * (1.0 if not malignant else rng.uniform(1.5, 5.0)) ** 2))
    changed = changed + rng.uniform(0.0, 0.25) * rim * (distance > 0)
    if malignant and rng.random() < 0.3:
        flecks = (rng.random((side, side)) < 0.02) & (distance < -1)
        changed = changed + 0.5 * ndimage.gaussian_filter(flecks.astype(np.float64), 0.6)
    across = np.exp(-(((np.arange(side) - column) / (0.85 * half_wide)) ** 4))[None]
    below = 1.0 / (1.0 + np.exp(-(np.arange(side)[:, None] - row - 0.5 * half_wide) / 2.5))
    behind = across * below * (1.0 - inside)
    shadowed = rng.random() < (0.6 if malignant else 0.1)
    enhanced = not shadowed and rng.random() < (0.12 if malignant else 0.65)
    if shadowed:
        changed = changed * (1.0 - rng.uniform(0.3, 0.9) * behind)
    if enhanced:
        changed = changed * (1.0 + rng.uniform(0.2, 0.9) * behind)
    return changed, distance < 0


def _scan(rng: np.random.Generator, echo: Field) -> NDArray[np.uint8]:
    """Speckle (Rayleigh, wider than tall), attenuation, log compression, gain."""
    side = len(echo)
    spot = (rng.uniform(0.4, 0.9), rng.uniform(0.6, 1.8))
    speckle = np.hypot(_smooth_noise(rng, side, spot), _smooth_noise(rng, side, spot)) / 1.2533
    mixed = echo * speckle ** rng.uniform(0.15, 0.65)
    depth = np.linspace(0.0, 1.0, side)[:, None]
    mixed = mixed * np.exp(-rng.uniform(0.0, 3.2) * depth ** rng.uniform(0.8, 2.0))
    floor = rng.uniform(0.01, 0.06)
    levels = np.log1p(np.maximum(mixed, 0.0) / floor) / np.log1p(1.0 / floor)
    levels = np.clip(levels, 0.0, 1.2) ** rng.uniform(1.0, 2.6)
    return np.asarray(np.clip(255 * rng.uniform(0.6, 1.1) * levels, 0, 255), dtype=np.uint8)
