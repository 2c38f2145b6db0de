"""Evidence maps: where a change of the pixels would change the answer, and how the viewer shows it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ml.imaging.preprocessing import Box

LONGEST_SIDE = 256  # of the map, in pixels; it says nothing finer
SMOOTHING = 0.03  # of the shorter side
STRONG = np.array([178, 24, 43], dtype=np.float64)  # speaks for malignant: red
WEAK = np.array([33, 102, 172], dtype=np.float64)  # speaks against: blue; told apart with any colour vision
OPAQUE = 200  # opacity, of 255, of the strongest evidence
FAINT = 0.08  # evidence up to which nothing is drawn


def spread_over(cells: NDArray[np.float32], box: Box, shape: tuple[int, int], scale: float) -> NDArray[np.float32]:
    """A map with the picture's aspect from the cells' evidence.

    Args:
        cells: `(h, w)`, over the part of the picture that was read.
        box: that part, in the picture's pixels.
        shape: the picture's (height, width).
        scale: the evidence that counts as ±1.

    Returns:
        `(height, width)` float32 in −1…1, at most LONGEST_SIDE pixels long; 0 outside the box.
    """
    factor = min(1.0, LONGEST_SIDE / max(shape))
    height, width = max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))
    top, bottom = round(box.top * factor), max(round(box.bottom * factor), round(box.top * factor) + 1)
    left, right = round(box.left * factor), max(round(box.right * factor), round(box.left * factor) + 1)
    bottom, right = min(bottom, height), min(right, width)
    inside = (bottom - top, right - left)
    zoom = (inside[0] / cells.shape[0], inside[1] / cells.shape[1])
    rows = (np.arange(inside[0]) + 0.5) / zoom[0] - 0.5
    columns = (np.arange(inside[1]) + 0.5) / zoom[1] - 0.5
    places = np.meshgrid(rows, columns, indexing="ij")
    filled = ndimage.map_coordinates(cells.astype(np.float64), places, order=1, mode="nearest")
    smoothed = ndimage.gaussian_filter(filled, SMOOTHING * min(inside), mode="nearest")
    evidence = np.zeros((height, width), dtype=np.float32)
    evidence[top:bottom, left:right] = np.clip(smoothed / max(scale, 1e-9), -1.0, 1.0)
    return evidence


def render_overlay(evidence: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Evidence `(h, w)` in −1…1 as RGBA `(h, w, 4)`: red for, blue against malignant, clear where there is little."""
    strength = np.clip(np.abs(evidence), 0.0, 1.0)
    colours = np.where(evidence[..., None] >= 0, STRONG, WEAK)
    opacity = np.where(strength > FAINT, OPAQUE * (strength - FAINT) / (1.0 - FAINT), 0.0)
    return np.concatenate([colours, opacity[..., None]], axis=2).round().astype(np.uint8)


def peak(evidence: NDArray[np.float32]) -> tuple[float, float]:
    """Where the map is highest, as shares (down, across) of its sides."""
    row, column = np.unravel_index(int(np.argmax(evidence)), evidence.shape)
    return (float(row) + 0.5) / evidence.shape[0], (float(column) + 0.5) / evidence.shape[1]
