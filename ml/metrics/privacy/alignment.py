"""Pictures laid over each other: how alike are two of them once mirroring, shifts, brightness and contrast are undone?

A copy that was mirrored, shifted, made brighter, saved as JPEG or given noise is still a copy. So each picture's middle
is searched for inside every reference picture and its mirror images, first on a coarse grid, then pixel by pixel in
the most promising ones, by normalised correlation, which no linear change of grey levels moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.imaging.data import Progress

FINE = 64  # side at which pictures are compared; larger ones are reduced to it
COARSE = 32
MIDDLE = 0.75  # of the side that is searched for, so that shifts up to an eighth of the side are found
CANDIDATES = 24  # reference pictures of each that are compared pixel by pixel
_STEP = FINE // COARSE
_CHUNK = 32  # reference pictures taken at once
_QUERIES = 256  # pictures taken at once


@dataclass(frozen=True)
class Aligned:
    """Each picture beside its most alike reference pictures, most alike first.

    Attributes:
        rows: `(n, k)`, indices of the reference pictures.
        correlations: `(n, k)`, of the picture's middle with theirs.
        products: `(n, k, k)`, correlations of the reference windows among each other, laid over the same middle.
    """

    rows: NDArray[np.int64]
    correlations: NDArray[np.float64]
    products: NDArray[np.float64]


def align(
    queries: Tensor, reference: Tensor, candidates: int = CANDIDATES, progress: Progress | None = None
) -> Aligned:
    """Find each of `queries` `(n, 1, h, w)` uint8 in the most alike of `reference` `(m, 1, h, w)` uint8.

    About 50 µs a pair on one thread. `progress` is told the queries done and their number.
    """
    mirrored = torch.stack(_mirrored(_at(reference, FINE)), dim=1)  # (m, 4, FINE, FINE)
    parts = []
    for start in range(0, len(queries), _QUERIES):
        parts.append(_align(queries[start : start + _QUERIES], mirrored, min(candidates, len(reference))))
        if progress is not None:
            progress(min(start + _QUERIES, len(queries)), len(queries))
    rows, correlations, products = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Aligned(rows, correlations, products)


def _align(
    queries: Tensor, mirrored: Tensor, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    likeness, where = _coarse(_middle(_at(queries, COARSE)), functional.avg_pool2d(mirrored, _STEP))
    top = likeness.topk(count, dim=1).indices
    middles = _unit(_middle(_at(queries, FINE)).flatten(1))
    rows = np.empty((len(queries), count), dtype=np.int64)
    correlations, products = np.empty((len(queries), count)), np.empty((len(queries), count, count))
    for row, chosen in enumerate(top):
        windows = _refined(middles[row], mirrored[chosen], where[row, chosen])
        alike = windows @ middles[row]
        order = torch.argsort(alike, descending=True, stable=True)
        rows[row], correlations[row] = chosen[order].numpy(), alike[order].numpy()
        products[row] = (windows[order] @ windows[order].T).numpy()
    return rows, correlations, products


def _at(pictures: Tensor, side: int) -> Tensor:
    """`(n, side, side)` float32."""
    small = pictures.float()
    if small.shape[-1] != side or small.shape[-2] != side:
        small = functional.interpolate(small, size=(side, side), mode="bilinear", antialias=True)
    return small[:, 0]


def _mirrored(pictures: Tensor) -> tuple[Tensor, ...]:
    return pictures, pictures.flip(-1), pictures.flip(-2), pictures.flip(-1, -2)


def _middle(pictures: Tensor) -> Tensor:
    side = pictures.shape[-1]
    inner = round(MIDDLE * side)
    start = (side - inner) // 2
    return pictures[..., start : start + inner, start : start + inner]


def _unit(vectors: Tensor) -> Tensor:
    """Rows without their mean and of length 1; a constant row becomes 0."""
    centred = vectors - vectors.mean(dim=-1, keepdim=True)
    lengths: Tensor = centred.norm(dim=-1, keepdim=True)
    return centred / lengths.clamp(min=1e-3)


def _windows(pictures: Tensor, inner: int) -> Tensor:
    """Every window of `pictures` `(…, s, s)`: `(…, shifts, inner × inner)`, row by row."""
    found = pictures.unfold(-2, inner, 1).unfold(-2, inner, 1)
    return found.reshape(*pictures.shape[:-2], -1, inner * inner)


def _coarse(middles: Tensor, mirrored: Tensor) -> tuple[Tensor, Tensor]:
    """Best correlation of each middle with each reference `(n, m)`, and in which window of the mirror images."""
    queries = _unit(middles.flatten(1))
    alike, where = [], []
    for start in range(0, len(mirrored), _CHUNK):
        block = mirrored[start : start + _CHUNK]
        windows = _unit(_windows(block, middles.shape[-1])).flatten(1, 2)  # (c, 4 × shifts, pixels)
        scores = torch.einsum("np,cwp->ncw", queries, windows)
        values, places = scores.max(dim=2)
        alike.append(values)
        where.append(places)
    return torch.cat(alike, dim=1), torch.cat(where, dim=1)


def _refined(middle: Tensor, mirrored: Tensor, where: Tensor) -> Tensor:
    """The window of each candidate `(k, 4, FINE, FINE)` most like `middle`, near where the coarse search found it."""
    inner = round(MIDDLE * FINE)
    shifts = COARSE - round(MIDDLE * COARSE) + 1
    view, place = where // shifts**2, where % shifts**2
    top, left = _STEP * (place // shifts), _STEP * (place % shifts)
    last = FINE - inner
    found = []
    for candidate, (side, row, column) in enumerate(zip(view.tolist(), top.tolist(), left.tolist(), strict=True)):
        rows = slice(max(0, row - _STEP), min(last, row + _STEP) + inner)
        columns = slice(max(0, column - _STEP), min(last, column + _STEP) + inner)
        area = mirrored[candidate, side, rows, columns]
        windows = _unit(_windows(area, inner))
        found.append(windows[(windows @ middle).argmax()])
    return torch.stack(found)
