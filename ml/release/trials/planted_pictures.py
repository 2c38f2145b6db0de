"""Planted leaks of pictures: training pictures handed out more or less disguised."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

Leak = Callable[[Tensor, int, np.random.Generator], Tensor]
"""`leak(pictures (n, 1, s, s) uint8, count, rng)`: pictures of the same form."""

MOST_SHIFT = 5  # pixels of 64
NEIGHBOURS = 5


def copies(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Training pictures as they are, drawn with replacement."""
    return pictures[torch.from_numpy(rng.integers(len(pictures), size=count))]


def mirrored(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Left and right exchanged."""
    return copies(pictures, count, rng).flip(-1)


def shifted(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Moved by up to MOST_SHIFT pixels either way, the border repeated."""
    chosen, side = copies(pictures, count, rng), pictures.shape[-1]
    wide = functional.pad(chosen.float(), (MOST_SHIFT,) * 4, mode="replicate").to(torch.uint8)
    moves = rng.integers(2 * MOST_SHIFT + 1, size=(count, 2)).tolist()
    return torch.stack(
        [picture[:, top : top + side, left : left + side] for picture, (top, left) in zip(wide, moves, strict=True)]
    )


def brightened(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Other gamma and brightness."""
    gamma = torch.from_numpy(rng.uniform(0.7, 1.4, size=(count, 1, 1, 1))).float()
    lift = torch.from_numpy(rng.uniform(-25.0, 25.0, size=(count, 1, 1, 1))).float()
    return _pixels(255.0 * (copies(pictures, count, rng).float() / 255.0) ** gamma + lift)


def noised(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Noise of 8 grey levels in each pixel: what a kernel density estimate with a narrow kernel draws."""
    noise = torch.from_numpy(rng.normal(scale=8.0, size=(count, *pictures.shape[1:]))).float()
    return _pixels(copies(pictures, count, rng).float() + noise)


def compressed(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Saved as JPEG of quality 50."""
    found = []
    for picture in copies(pictures, count, rng)[:, 0].numpy():
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=50)
        found.append(torch.from_numpy(np.array(Image.open(file)))[None])
    return torch.stack(found)


def blends(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """A picture laid over one of its nearest neighbours with a random weight: SMOTE in pixels."""
    flat = pictures.flatten(1).float()
    between = torch.cdist(flat, flat).fill_diagonal_(torch.inf)
    neighbours = between.topk(NEIGHBOURS, largest=False).indices
    first = rng.integers(len(pictures), size=count)
    second = neighbours[first, rng.integers(NEIGHBOURS, size=count)]
    weight = torch.from_numpy(rng.uniform(size=(count, 1, 1, 1))).float()
    return _pixels(pictures[first].float() * (1.0 - weight) + pictures[second].float() * weight)


def principal_components(pictures: Tensor, count: int, rng: np.random.Generator, components: int = 20) -> Tensor:
    """No leak: a Gaussian in the first principal components, the simplest honest generator."""
    flat = pictures.flatten(1).double().numpy()
    mean = flat.mean(axis=0)
    _, spread, axes = np.linalg.svd(flat - mean, full_matrices=False)
    kept = min(components, len(spread))
    scores = rng.normal(size=(count, kept)) * spread[:kept] / np.sqrt(len(flat))
    drawn = torch.from_numpy(mean + scores @ axes[:kept])
    return _pixels(drawn.reshape(count, *pictures.shape[1:]))


def partly(leak: Leak, honest: Tensor, share: float) -> Leak:
    """`honest` pictures, of which `share` (at least one) are replaced by the leak's."""

    def draw(pictures: Tensor, count: int, rng: np.random.Generator) -> Tensor:
        mixed = honest[:count].clone()
        rows = rng.choice(count, max(1, round(share * count)), replace=False)
        mixed[rows] = leak(pictures, len(rows), rng)
        return mixed

    return draw


def _pixels(values: Tensor) -> Tensor:
    return values.clamp(0.0, 255.0).round().to(torch.uint8)
