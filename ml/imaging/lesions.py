"""Drawn breast lesions, benign and malignant, set into drawn tissue."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.imaging.speckle import Field, rising, smooth_noise, unit


@dataclass(frozen=True)
class Outline:
    """Where a lesion lies.

    Attributes:
        distance: `(side, side)`, roughly the distance from its edge in pixels, below 0 inside.
        row: of its centre, in pixels.
        column: of its centre, in pixels.
        half_wide: half its width, in pixels.
    """

    distance: Field
    row: float
    column: float
    half_wide: float


def set_lesion(rng: np.random.Generator, echo: Field, *, malignant: bool) -> tuple[Field, NDArray[np.bool_]]:
    """Echoes with a lesion set into them, and the lesion's inside."""
    outline = _benign_outline(rng, len(echo)) if not malignant else _malignant_outline(rng, len(echo))
    changed, inside = (_malignant_content if malignant else _benign_content)(rng, echo, outline)
    return _posterior(rng, changed, outline, inside, malignant=malignant), outline.distance < 0


def _benign_outline(rng: np.random.Generator, side: int) -> Outline:
    """Wider than tall, round, oval or gently lobulated, its margin nearly smooth."""
    return _outline(rng, side, size=(0.04, 0.25), wider=(0.0, 0.9), orders=5, strength=(0.0, 0.09), ragged=(0.0, 0.5))


def _malignant_outline(rng: np.random.Generator, side: int) -> Outline:
    """Taller or wider, irregular, angular or spiculated, its margin ragged."""
    return _outline(
        rng,
        side,
        size=(0.07, 0.28),
        wider=(-0.45, 0.6),
        orders=10,
        strength=(0.04, 0.16),
        ragged=(0.5, 3.5),
        spicules=0.35,
        bulges=0.2,
    )


def _outline(
    rng: np.random.Generator,
    side: int,
    *,
    size: tuple[float, float],
    wider: tuple[float, float],
    orders: int,
    strength: tuple[float, float],
    ragged: tuple[float, float],
    spicules: float = 0.0,
    bulges: float = 0.0,
) -> Outline:
    """An outline of random place and tilt.

    Args:
        rng: randomness.
        side: of the picture.
        size: bounds of half its diameter, as a share of the side.
        wider: bounds of the logarithm of width against height.
        orders: waves along the edge, up to one less than so many.
        strength: bounds of the waves' height, as a share of the size.
        ragged: bounds of the margin's small irregularities, in units.
        spicules: chance of spikes.
        bulges: the most that coarse irregularities move the edge, as a share of the size; 0 for none.
    """
    radius = side * np.exp(rng.uniform(np.log(size[0]), np.log(size[1])))
    stretch = rng.uniform(*wider)
    half_wide, half_tall = radius * np.exp(stretch / 2), radius * np.exp(-stretch / 2)
    row, column = rng.uniform(0.15, 0.6) * side, rng.uniform(0.15, 0.85) * side
    turn = rng.uniform(-0.4, 0.4)
    down, across = np.mgrid[0:side, 0:side].astype(np.float64)
    down, across = down - row, across - column
    u = (across * np.cos(turn) + down * np.sin(turn)) / half_wide
    v = (-across * np.sin(turn) + down * np.cos(turn)) / half_tall
    angle = np.arctan2(v, u)
    edge = _edge(rng, angle, orders, rng.uniform(*strength))
    if spicules and rng.random() < spicules:
        edge = edge + _spicules(rng, angle)
    distance = (np.hypot(u, v) - edge) * radius
    roughness = rng.uniform(*ragged) * unit(side)
    grain = rng.uniform(1.5, 4.0) * unit(side)
    distance = distance + roughness * smooth_noise(rng, side, (grain, grain))
    if bulges:
        grain = rng.uniform(4.0, 8.0) * unit(side)
        distance = distance + rng.uniform(0.0, bulges) * radius * smooth_noise(rng, side, (grain, grain))
    return Outline(distance, float(row), float(column), float(half_wide))


def _edge(rng: np.random.Generator, angle: Field, orders: int, strength: float) -> Field:
    """How far the edge lies from the centre in every direction, 1 for an ellipse's."""
    edge = np.ones_like(angle)
    for order in range(2, orders):
        falling = (2.0 / order) ** 0.7
        edge += strength * falling * rng.standard_normal() * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    return edge


def _spicules(rng: np.random.Generator, angle: Field) -> Field:
    spikes = np.zeros_like(angle)
    for _ in range(int(rng.integers(3, 10))):
        around = np.angle(np.exp(1j * (angle - rng.uniform(-np.pi, np.pi))))
        spikes += rng.uniform(0.1, 0.5) * np.exp(-((around / rng.uniform(0.06, 0.2)) ** 2))
    return spikes


def _nearby(echo: Field, outline: Outline) -> float:
    """How strongly the tissue about a lesion's edge echoes."""
    near = np.abs(outline.distance) < 6 * unit(len(echo))
    return float(np.median(echo[near])) if near.any() else 0.4


def _mottled(rng: np.random.Generator, side: int, level: float, mottle: float) -> Field:
    grain = rng.uniform(1.5, 5.0) * unit(side)
    return np.asarray(level * np.exp(mottle * smooth_noise(rng, side, (grain, 1.3 * grain))))


def _inside(outline: Outline, softness: float) -> Field:
    """1 inside, 0 outside, over a margin of `softness` pixels."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip(outline.distance / softness, -30, 30))))


def _benign_content(rng: np.random.Generator, echo: Field, outline: Outline) -> tuple[Field, Field]:
    """Even, or a cyst; often with a bright capsule where it faces the transducer. Echoes, and the inside."""
    side = len(echo)
    inside = _inside(outline, rng.uniform(0.4, 1.5) * unit(side))
    around = _nearby(echo, outline)
    if rng.random() < 0.3:
        content = _mottled(rng, side, around * rng.uniform(0.02, 0.15), 0.0)
    else:
        content = _mottled(rng, side, around * rng.uniform(0.2, 0.8), rng.uniform(0.05, 0.3))
    changed = echo * (1.0 - inside) + content * inside
    rim = np.exp(-(((outline.distance - 1.2 * unit(side)) / (1.2 * unit(side))) ** 2))
    down, across = ndimage.sobel(outline.distance, 0), ndimage.sobel(outline.distance, 1)
    facing = np.abs(down) / (np.hypot(down, across) + 1e-9)
    return changed + rng.uniform(0.0, 0.5) * rim * facing**2, inside


def _malignant_content(rng: np.random.Generator, echo: Field, outline: Outline) -> tuple[Field, Field]:
    """Dark and uneven, darker with depth, within a halo or none; some with calcifications. Echoes, and the inside."""
    side = len(echo)
    softest = min(4.0, 0.12 * outline.half_wide / unit(side) + 0.6)
    inside = _inside(outline, rng.uniform(0.6, softest) * unit(side))
    content = _mottled(rng, side, _nearby(echo, outline) * rng.uniform(0.05, 0.5), rng.uniform(0.1, 0.6))
    deeper = (np.arange(side)[:, None] - outline.row) / max(outline.half_wide, 1.0)
    content = content * np.exp(-rng.uniform(0.0, 1.2) * np.clip(deeper, -1.0, 1.5))
    changed = echo * (1.0 - inside) + content * inside
    wide = rng.uniform(2.0, 7.0) * unit(side)
    halo = np.exp(-((np.maximum(outline.distance, 0.0) / wide) ** 2)) * (1.0 - inside)
    changed = changed * (1.0 + rng.uniform(-0.4, 0.9) * halo)
    if rng.random() < 0.25:
        flecks = (rng.random((side, side)) < 0.015) & (outline.distance < -1)
        changed = changed + 0.6 * ndimage.gaussian_filter(flecks.astype(np.float64), 0.6 * unit(side))
    return changed, inside


def _posterior(rng: np.random.Generator, echo: Field, outline: Outline, inside: Field, *, malignant: bool) -> Field:
    """What lies behind: more often in shadow for malignant lesions, brighter or between thin shadows for benign."""
    side = len(echo)
    below: Field = np.arange(side, dtype=np.float64)[:, None] - outline.row
    deeper = rising((below - 0.5 * outline.half_wide) / (2.5 * unit(side))) * (1.0 - inside)
    aside = (np.arange(side)[None] - outline.column) / outline.half_wide
    behind = np.exp(-((aside / rng.uniform(0.6, 1.0)) ** 4)) * deeper
    shadowed, not_brighter = (0.55, 0.88) if malignant else (0.12, 0.45)
    chance = rng.random()
    if chance < shadowed:
        echo = echo * (1.0 - rng.uniform(0.3, 0.9) * behind)
    elif chance > not_brighter:
        fading = np.exp(-np.maximum(below, 0.0) / (rng.uniform(0.2, 0.8) * side))
        echo = echo * (1.0 + rng.uniform(0.2, 1.2) * behind * fading)
    if not malignant and rng.random() < 0.15:
        edges = np.exp(-(((np.abs(aside) - 0.95) / 0.2) ** 2))
        echo = echo * (1.0 - rng.uniform(0.1, 0.5) * edges * deeper)
    return echo
