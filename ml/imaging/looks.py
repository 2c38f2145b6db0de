"""How genuine pictures look, plain and changed as other scanners would show them, for refusing what looks otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ml.imaging.augmentation import Augmentation, AugmentationSettings
from ml.imaging.counterexamples import counterexamples
from ml.imaging.novelty import Distance, KindBoundary
from ml.imaging.texture import SIDE, texture_figures

CHANGES = 3  # changed copies of every picture
GENTLE = AugmentationSettings(
    rotation=5.0,
    scale=(0.85, 1.15),
    aspect=0.15,
    shear=0.0,
    shift=0.05,
    gamma=0.2,
    contrast=0.15,
    depth_gain=0.15,
    speckle=0.05,
    blur_share=0.1,
    coarse_share=0.0,
    erase_share=0.0,
    mark_share=0.2,
    border_share=0.05,
)
COARSE_SIDE = 40  # some copies come from so small a picture, as thumbnails and old archives do

Values = NDArray[np.float64]


@dataclass(frozen=True)
class GenuineLooks:
    """Simple figures of genuine pictures and of drawn counterexamples.

    Attributes:
        plain: `(n, figures)`.
        augmented: `(CHANGES, n, figures)`, of copies changed as training changes them.
        changed: a gently changed copy of every picture, `(n, 1, h, w)` uint8, as another scanner might show it.
        gentle: `(n, figures)`, of those.
        others: `(m, figures)`.
    """

    plain: Values
    augmented: Values
    changed: Tensor
    gentle: Values
    others: Values

    def distance(self, rows: NDArray[np.bool_] | None = None) -> Distance:
        """The distance learnt from the chosen pictures."""
        return Distance.fit(self._genuine(rows))

    def boundary(self, rows: NDArray[np.bool_] | None = None) -> KindBoundary:
        """The boundary learnt from the chosen pictures."""
        return KindBoundary.fit(self._genuine(rows), self.others)

    def _genuine(self, rows: NDArray[np.bool_] | None) -> Values:
        chosen = np.ones(len(self.plain), dtype=np.bool_) if rows is None else rows
        return np.concatenate([self.plain[chosen], *self.augmented[:, chosen]])


def genuine_looks(canvases: Tensor, changes: AugmentationSettings, *, others: int, seed: int) -> GenuineLooks:
    """Figures of detailed canvases `(n, 1, h, w)` uint8, of changed copies and of `others` counterexamples."""
    uncovered = replace(changes, erase_share=0.0, speckle=min(changes.speckle, 0.12))
    augment = Augmentation(uncovered, SIDE)
    copies = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(CHANGES):
            copy, _ = augment(canvases, torch.zeros_like(canvases))
            coarse = torch.rand(len(copy)) < 0.1
            if coarse.any():
                small = functional.interpolate(copy[coarse], size=(COARSE_SIDE, COARSE_SIDE), mode="area")
                copy[coarse] = functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear")
            copies.append((copy * 255.0).round().to(torch.uint8))
        gentle, _ = Augmentation(GENTLE, SIDE)(canvases, torch.zeros_like(canvases))
        changed = (gentle * 255.0).round().to(torch.uint8)
    drawn = counterexamples(others, SIDE, seed)
    return GenuineLooks(
        plain=texture_rows(canvases),
        augmented=np.stack([texture_rows(copy) for copy in copies]),
        changed=changed,
        gentle=texture_rows(changed),
        others=np.stack([texture_figures(picture) for picture in drawn]),
    )


def texture_rows(canvases: Tensor) -> Values:
    """The simple figures `(n, figures)` of detailed canvases `(n, 1, h, w)` uint8."""
    return np.stack([texture_figures(picture) for picture in canvases[:, 0].numpy()])
