"""Looks for writing in the pixels: rows of small, alike, evenly spaced shapes, as letters and figures are.

It reads nothing and is no proof of absence. It is meant to see writing that the header denies or doesn't mention,
so that a person looks at the picture; it would rather see too much than too little. Connected components of
several grey-level slices, bright and dark, are kept if they are shaped like glyphs, and joined to rows. Slices of the
picture itself show writing that differs from all around it; slices of its relief, what is left of the picture without
its broad parts, show fine and faint writing that some of the tissue outshines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Boxes = NDArray[np.int64]

LONGEST_MARK: Final = 4
"""Glyphs that may be a side mark ("R CC") rather than writing about the patient."""
_LARGEST_SIDE: Final = 2048
_LEVELS: Final = (250, 225, 195, 160, 128, 96, 64, 36, 16)
_SPIKES: Final = 4
_RELIEF_LEVELS: Final = (12, 20, 32, 48, 72)
_BROAD: Final = 7  # px; strokes are narrower
_SMALLEST: Final = 5
_MOST_GLYPHS: Final = 2500
_GAP: Final = 1.4
_ALIGNED: Final = 0.16
_SHARE_ALIGNED: Final = 0.7
_COLOURED: Final = 18


@dataclass(frozen=True)
class _Look:
    """What a component must be to count as a glyph: at most so tall, and brighter than what touches it by so much.

    Attributes:
        tallest: longer side in px.
        contrast: grey levels of 256.
        noise: standard deviations of what is around it, on top of that.
        slimmest: height by width, of a row's middle glyph; layers of tissue make slimmer ones.
    """

    tallest: int
    contrast: float
    noise: float
    slimmest: float


_WHOLE: Final = _Look(tallest=120, contrast=18.0, noise=1.5, slimmest=14.0)
# Set so that no more pictures of the collections than before are taken for ones with writing that have none.
_RELIEF: Final = _Look(tallest=40, contrast=11.0, noise=1.7, slimmest=2.5)


@dataclass(frozen=True)
class Writing:
    """A row of glyphs; the corners of its box in pixels, both included."""

    x0: int
    y0: int
    x1: int
    y1: int
    glyphs: int


def find_writing(frame: NDArray[Any]) -> tuple[Writing, ...]:
    """Rows of glyphs in one frame, (rows, columns) or (rows, columns, 3), of any number type; longest first."""
    found: list[Writing] = []
    for grey in _greys(frame):
        factor = -(-max(grey.shape) // _LARGEST_SIDE)
        for bright in (True, False):
            plane = _shrunk(grey if bright else 255 - grey, factor)
            for look, masks in ((_WHOLE, _slices(plane)), (_RELIEF, _reliefs(plane))):
                for mask in masks:
                    found += [_enlarged(row, factor) for row in _rows_of_glyphs(mask, plane, look)]
    return _distinct(found)


def _enlarged(row: Writing, factor: int) -> Writing:
    return Writing(row.x0 * factor, row.y0 * factor, (row.x1 + 1) * factor - 1, (row.y1 + 1) * factor - 1, row.glyphs)


def is_telling(rows: tuple[Writing, ...]) -> bool:
    """Whether the writing is more than a side mark and a few chance shapes."""
    return any(row.glyphs > LONGEST_MARK for row in rows) or sum(row.glyphs == LONGEST_MARK for row in rows) > 1


def _greys(frame: NDArray[Any]) -> Iterator[NDArray[np.uint8]]:
    """The frame over its whole range, and over the range of its middle values where that is another one."""
    if frame.ndim == 3:
        channels = frame[..., :3].astype(np.uint8)
        yield channels.max(axis=2)
        spread = channels.max(axis=2).astype(np.int16) - channels.min(axis=2)
        if int(spread.max()) > _COLOURED:
            yield spread.astype(np.uint8)  # coloured writing of the picture's own brightness
        return
    values = frame.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return
    yield _stretched(values, low, high)
    inner_low, inner_high = (float(bound) for bound in np.percentile(values[::4, ::4], (0.5, 99.5)))
    if inner_high > inner_low and (inner_high - inner_low) < 0.6 * (high - low):
        yield _stretched(values, inner_low, inner_high)


def _stretched(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    return np.asarray(np.clip((values - low) * (255.0 / (high - low)), 0, 255), dtype=np.uint8)


def _shrunk(plane: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Every block of `factor` × `factor` pixels by its brightest: thin strokes stay."""
    if factor == 1:
        return plane
    rows, columns = (side // factor * factor for side in plane.shape)
    blocks = plane[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    return np.asarray(blocks.max(axis=(1, 3)))


def _slices(plane: NDArray[np.uint8]) -> Iterator[NDArray[np.bool_]]:
    """Where the plane is above each level, and where it has one of the values that stand out in its histogram."""
    counts = np.bincount(plane.ravel(), minlength=256).astype(np.int64)
    above = counts[::-1].cumsum()[::-1]
    last = -1
    for level in _LEVELS:
        if above[level] not in {0, last} and above[level] < 0.5 * plane.size:
            last = int(above[level])
            yield plane >= level
    around = np.maximum(np.maximum(np.roll(counts, 1), np.roll(counts, -1)), 1)
    excess = np.where(counts >= 40, counts / around, 0.0)
    excess[0] = 0.0
    for value in np.argsort(excess)[::-1][:_SPIKES]:
        if excess[value] > 2.0 and counts[value] < 0.3 * plane.size:
            yield plane == value


def _reliefs(plane: NDArray[np.uint8]) -> Iterator[NDArray[np.bool_]]:
    """Where the plane rises by each of some heights above its opening, in which nothing narrower than `_BROAD` is."""
    broad = ndimage.maximum_filter(ndimage.minimum_filter(plane, _BROAD), _BROAD)
    relief = plane - broad
    for level in _RELIEF_LEVELS:
        mask = relief >= level
        if 0 < int(mask.sum()) < 0.3 * plane.size:
            yield mask


def _rows_of_glyphs(mask: NDArray[np.bool_], plane: NDArray[np.uint8], look: _Look) -> Iterator[Writing]:
    glyphs = _glyphs(mask, plane, look)
    if len(glyphs) < 3:
        return
    for boxes in (glyphs, glyphs[:, [1, 0, 3, 2]]):  # lying rows, standing rows
        for row in _rows(boxes, look):
            members = glyphs[row]
            x0, y0 = members[:, :2].min(axis=0)
            x1, y1 = members[:, 2:].max(axis=0)
            yield Writing(int(x0), int(y0), int(x1), int(y1), len(row))


def _glyphs(mask: NDArray[np.bool_], plane: NDArray[np.uint8], look: _Look) -> Boxes:
    """Boxes (x0, y0, x1, y1) of the components that are shaped like glyphs."""
    labels, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=int))
    if not count:
        return np.empty((0, 4), dtype=np.int64)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    spans = ndimage.find_objects(labels)
    likely = [int(i) for i in np.flatnonzero((areas >= _SMALLEST) & (areas <= look.tallest**2))]
    kept = [i for i in likely if _is_glyph(spans[i], int(areas[i]), look)]
    if len(kept) > _MOST_GLYPHS:
        return np.empty((0, 4), dtype=np.int64)  # texture: at another level writing stands out from it
    kept = [i for i in kept if _stands_out(plane, labels, spans[i], i + 1, look)]
    return np.array([_box(spans[i]) for i in kept], dtype=np.int64).reshape(-1, 4)


def _box(span: tuple[slice, ...]) -> tuple[int, int, int, int]:
    rows, columns = span
    return columns.start, rows.start, columns.stop - 1, rows.stop - 1


def _is_glyph(span: tuple[slice, ...], area: int, look: _Look) -> bool:
    rows, columns = span
    height, width = rows.stop - rows.start, columns.stop - columns.start
    tall, wide = max(height, width), min(height, width)
    if not _SMALLEST <= tall <= look.tallest or tall > 14 * wide:
        return False
    filled = area / (height * width)
    return bool(filled >= 0.12 and (filled <= 0.92 or wide <= 0.5 * tall))


def _stands_out(
    plane: NDArray[np.uint8], labels: NDArray[Any], span: tuple[slice, ...], label: int, look: _Look
) -> bool:
    """Whether the shape ends sharply: it is clearly brighter than what touches it."""
    rows, columns = span
    window = np.s_[max(rows.start - 2, 0) : rows.stop + 2, max(columns.start - 2, 0) : columns.stop + 2]
    inside = labels[window] == label
    values = plane[window].astype(np.float32)
    within, around = values[inside], values[~inside]
    if not around.size:
        return False
    return bool(within.mean() - around.mean() >= look.contrast + look.noise * around.std())


def _rows(boxes: Boxes, look: _Look) -> list[NDArray[np.int64]]:
    """Members of each row of at least three glyphs whose feet or heads stand on one line, evenly enough."""
    x0, y0, x1, y1 = (boxes[:, i].astype(np.float64) for i in range(4))
    height = y1 - y0 + 1
    size = np.maximum(height[:, None], height[None, :])
    smaller = np.minimum(height[:, None], height[None, :])
    gap = x0[None, :] - x1[:, None]
    close = (gap > -0.25 * size) & (gap < _GAP * size) & (x0[None, :] > x0[:, None])
    feet = np.abs(y1[:, None] - y1[None, :]) <= np.maximum(_ALIGNED * size, 1.0)
    heads = np.abs(y0[:, None] - y0[None, :]) <= np.maximum(_ALIGNED * size, 1.0)
    alike = (smaller >= 0.55 * size) & (feet | heads)
    left, right = np.nonzero(close & alike)
    if not len(left):
        return []
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(boxes), len(boxes)))
    number, group = connected_components(graph, directed=False)
    sizes = np.bincount(group, minlength=number)
    rows = (np.flatnonzero(group == i) for i in np.flatnonzero(sizes >= 3))
    return [row for row in rows if _is_row(boxes[row], look)]


def _is_row(boxes: Boxes, look: _Look) -> bool:
    height = boxes[:, 3] - boxes[:, 1] + 1
    middle = float(np.median(height))
    tolerance = max(_ALIGNED * middle, 1.0)
    feet = np.abs(boxes[:, 3] - np.median(boxes[:, 3])) <= tolerance
    heads = np.abs(boxes[:, 1] - np.median(boxes[:, 1])) <= tolerance
    length = boxes[:, 2].max() - boxes[:, 0].min() + 1
    evenly = length <= 2.2 * middle * len(boxes)
    slim = float(np.median(height / (boxes[:, 2] - boxes[:, 0] + 1)))
    return bool(
        middle >= _SMALLEST and slim <= look.slimmest and evenly and max(feet.mean(), heads.mean()) >= _SHARE_ALIGNED
    )


def _distinct(found: list[Writing]) -> tuple[Writing, ...]:
    """The longest of rows that overlap."""
    kept: list[Writing] = []
    for row in sorted(found, key=lambda one: -one.glyphs):
        if not any(
            row.x0 <= other.x1 and other.x0 <= row.x1 and row.y0 <= other.y1 and other.y0 <= row.y1 for other in kept
        ):
            kept.append(row)
    return tuple(kept)
