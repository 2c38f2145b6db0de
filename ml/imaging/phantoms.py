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
from torch import Tensor

from ml.imaging.lesions import set_lesion
from ml.imaging.networks import CLEAR, LESION, MALIGNANT
from ml.imaging.speckle import scan
from ml.imaging.tissue import draw_tissue


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
    return draw_labelled(rng.choice([LESION, MALIGNANT, CLEAR], size=count, p=[0.4, 0.4, 0.2]), side, rng)


def draw_labelled(labels: NDArray[np.int64], side: int, rng: np.random.Generator) -> Phantoms:
    """Draw a phantom for each of the labels `(n,)`, as `networks.CLASSES`."""
    count = len(labels)
    pictures = np.empty((count, 1, side, side), dtype=np.uint8)
    masks = np.zeros((count, 1, side, side), dtype=np.uint8)
    for row, label in enumerate(labels.tolist()):
        echo = draw_tissue(rng, side)
        if label != CLEAR:
            echo, inside = set_lesion(rng, echo, malignant=label == MALIGNANT)
            masks[row, 0] = (255 * inside).astype(np.uint8)
        pictures[row, 0] = scan(rng, echo)
    return Phantoms(torch.from_numpy(pictures), torch.from_numpy(labels), torch.from_numpy(masks))
