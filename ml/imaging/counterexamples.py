"""Drawn pictures that are no ultrasound: what a refusal must know to exist, and what its tests try.

Sections through bodies as in tomography, films, photographs' shapes, cells as in histology, printed pages, screens,
noise and gradients; none is a real picture, so real ones of these kinds remain an honest test.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

Picture = NDArray[np.uint8]
Draw = Callable[[np.random.Generator, int], Picture]


def counterexamples(count: int, side: int, seed: int) -> list[Picture]:
    """`count` pictures (side, side), the kinds of KINDS in turn."""
    rng = np.random.default_rng(seed)
    kinds = list(KINDS.values())
    return [kinds[index % len(kinds)](rng, side) for index in range(count)]


def _noise(rng: np.random.Generator, side: int, sigma: float) -> NDArray[np.float64]:
    field = ndimage.gaussian_filter(rng.standard_normal((side, side)), sigma)
    return np.asarray(field / max(field.std(), 1e-9))


def _to_picture(levels: NDArray[np.float64]) -> Picture:
    return np.asarray(np.clip(255.0 * levels, 0, 255), dtype=np.uint8)


def _ellipse(rng: np.random.Generator, side: int, centre: tuple[float, float], radius: float) -> NDArray[np.float64]:
    """Soft-edged ellipse, 1 inside."""
    down, across = np.mgrid[0:side, 0:side] / side
    turn = rng.uniform(0, np.pi)
    u = (down - centre[0]) * np.cos(turn) + (across - centre[1]) * np.sin(turn)
    v = -(down - centre[0]) * np.sin(turn) + (across - centre[1]) * np.cos(turn)
    distance = np.hypot(u / radius, v / (radius * rng.uniform(0.6, 1.0)))
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((distance - 1.0) * 60, -40, 40))))


def section(rng: np.random.Generator, side: int) -> Picture:
    """A body's section on black: an outer ring, organs inside, little noise."""
    body = _ellipse(rng, side, (0.5, 0.5), rng.uniform(0.3, 0.48))
    levels = body * rng.uniform(0.3, 0.9)
    levels = levels - rng.uniform(0.1, 0.4) * _ellipse(rng, side, (0.5, 0.5), rng.uniform(0.2, 0.38)) * body
    for _ in range(int(rng.integers(3, 12))):
        centre = (float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.25, 0.75)))
        organ = _ellipse(rng, side, centre, rng.uniform(0.02, 0.15))
        levels = levels + rng.uniform(-0.5, 0.5) * organ * body
    return _to_picture(levels + rng.uniform(0.0, 0.05) * _noise(rng, side, rng.uniform(0.3, 1.0)) * body)


def film(rng: np.random.Generator, side: int) -> Picture:
    """A projection film: smooth bright shape against black or white, fine grain, faint fibres."""
    levels = rng.uniform(0.5, 0.9) * ndimage.gaussian_filter(
        _ellipse(rng, side, (float(rng.uniform(0.3, 0.7)), float(rng.uniform(-0.1, 0.3))), rng.uniform(0.3, 0.6)),
        rng.uniform(1, 8),
    )
    levels = levels * (1.0 + 0.15 * _noise(rng, side, rng.uniform(3, 10)) + 0.03 * _noise(rng, side, 0.6))
    for _ in range(int(rng.integers(0, 6))):
        rib = _ellipse(rng, side, (float(rng.uniform(0, 1)), float(rng.uniform(0, 1))), rng.uniform(0.05, 0.3))
        levels = levels + rng.uniform(-0.2, 0.25) * (ndimage.gaussian_filter(rib, 2.0))
    return _to_picture(1.0 - levels if rng.random() < 0.3 else levels)


def scene(rng: np.random.Generator, side: int) -> Picture:
    """A photograph's flat and shaded areas with sharp edges."""
    image = Image.new("L", (side, side), int(rng.integers(60, 230)))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(5, 40))):
        x0, x1 = np.sort(rng.uniform(-0.2, 1.2, 2)) * side
        y0, y1 = np.sort(rng.uniform(-0.2, 1.2, 2)) * side
        tone = int(rng.integers(0, 256))
        shape = rng.random()
        if shape < 0.4:
            draw.rectangle((x0, y0, x1, y1), fill=tone)
        elif shape < 0.7:
            draw.ellipse((x0, y0, x1, y1), fill=tone)
        else:
            draw.polygon([(float(x), float(y)) for x, y in rng.uniform(-0.2, 1.2, (4, 2)) * side], fill=tone)
    levels = np.asarray(image, dtype=np.float64) / 255.0
    levels = ndimage.gaussian_filter(levels, rng.uniform(0.0, 2.0))
    light = 1.0 + rng.uniform(0, 0.4) * _noise(rng, side, side / 5)
    return _to_picture(levels * light + rng.uniform(0.0, 0.1) * _noise(rng, side, rng.uniform(0.4, 3.0)))


def natural(rng: np.random.Generator, side: int) -> Picture:
    """Grey noise whose spectrum falls like a photograph's, alike in all directions."""
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((side, side))) / frequency ** rng.uniform(0.6, 1.8)
    spectrum[0, 0] = 0.0
    field = np.fft.irfft2(spectrum, s=(side, side))
    return _to_picture(rng.uniform(0.3, 0.7) + rng.uniform(0.1, 0.3) * field / max(field.std(), 1e-9))


def cells(rng: np.random.Generator, side: int) -> Picture:
    """Dark nuclei in brighter tissue, as in stained sections."""
    levels = np.full((side, side), rng.uniform(0.55, 0.95)) + 0.06 * _noise(rng, side, rng.uniform(2, 8))
    spots = np.zeros((side, side))
    count = int(rng.integers(30, 400))
    spots[rng.integers(0, side, count), rng.integers(0, side, count)] = 1.0
    size = rng.uniform(1.0, 4.0)
    nuclei = np.clip(ndimage.gaussian_filter(spots, size) * 2 * np.pi * size**2 * 1.6, 0, 1) ** 2
    return _to_picture(levels - rng.uniform(0.2, 0.6) * nuclei + 0.02 * _noise(rng, side, 0.5))


def page(rng: np.random.Generator, side: int) -> Picture:
    """A printed page or a screen with lines of text."""
    dark = rng.random() < 0.3
    image = Image.new("L", (side, side), 15 if dark else 245)
    draw = ImageDraw.Draw(image)
    y = float(rng.uniform(2, 10))
    height = float(rng.uniform(6, 16))
    letters = list("abcdefghijklmnopqrstuvwxyz     ABCDEF0123456789.,")
    while y < side:
        text = "".join(rng.choice(letters, int(rng.integers(4, 60))))
        draw.text((float(rng.uniform(0, 10)), y), text, fill=230 if dark else 20, font_size=height)
        y += height * float(rng.uniform(1.1, 2.0))
    return np.asarray(image, dtype=np.uint8)


def grain(rng: np.random.Generator, side: int) -> Picture:
    """Noise: white or smoothed, about a constant or along a gradient."""
    slope = rng.uniform(-0.4, 0.4) * np.linspace(-1, 1, side)[None] + rng.uniform(-0.4, 0.4) * np.linspace(
        -1, 1, side
    ).reshape(-1, 1)
    return _to_picture(
        rng.uniform(0.2, 0.8) + slope + rng.uniform(0.0, 0.3) * _noise(rng, side, rng.choice([0.01, 0.6, 1.5, 4]))
    )


def chart(rng: np.random.Generator, side: int) -> Picture:
    """Bars, grids, checks and test patterns."""
    down, across = np.mgrid[0:side, 0:side]
    turn = rng.uniform(0, np.pi)
    wave = np.sin((down * np.sin(turn) + across * np.cos(turn)) * rng.uniform(0.05, 1.0))
    if rng.random() < 0.5:
        wave = np.sign(wave * np.sin((down * np.cos(turn) - across * np.sin(turn)) * rng.uniform(0.05, 1.0)))
    return _to_picture(0.5 + rng.uniform(0.2, 0.5) * wave)


KINDS: dict[str, Draw] = {
    "section as in tomography": section,
    "projection film": film,
    "scene with edges": scene,
    "noise like a photograph's": natural,
    "cells as in histology": cells,
    "page of text": page,
    "noise": grain,
    "test pattern": chart,
}
