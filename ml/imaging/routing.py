"""Which modality's model an image belongs to: by what its tags say, and by what its pixels look like.

Tags are not enough. Digitised mammograms come as radiographs (RG) or secondary captures, and an ultrasound of the heart
is an ultrasound. Routing decides only who is asked: the model that is asked still refuses what is unlike its training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# Radiographs that may hold a mammogram, and tags that say nothing about how a picture was made.
RADIOGRAPHS: Final = frozenset({"RG", "CR", "DX"})
UNTELLING: Final = frozenset({"", "OT", "SC", "XC", "DOC"})
BREAST: Final = frozenset({"BREAST", "BREASTS", "MAMMA", "CHEST WALL"})

_SIDE = 96  # pixels to which an image's longer side is reduced before it is looked at
_SMALLEST_MAMMOGRAM = 1000  # pixels on the longer side


@dataclass(frozen=True)
class Route:
    """The modality whose model is to be asked, or why no model can be."""

    modality: str
    reason: str = ""


def route(modality: str, body_part: str, pixels: NDArray[np.uint8], *, stated: str = "") -> Route:
    """Where an image belongs.

    Args:
        modality: DICOM's code in the file's tags, or empty.
        body_part: as the file states it, or empty.
        pixels: as displayed, (rows, columns) or (rows, columns, 3).
        stated: what the sender says; it decides where the tags say nothing of how the picture was made.

    Returns:
        A route whose `modality` is a DICOM code; where `reason` is not empty, nothing is to be asked.
    """
    tag, part = modality.strip().upper(), body_part.strip().upper()
    if tag in UNTELLING and stated.strip():
        tag = stated.strip().upper()
    may_be_breast = part in BREAST or (tag in UNTELLING and not part)
    if tag in RADIOGRAPHS | UNTELLING and may_be_breast and looks_like_mammogram(pixels):
        return Route("MG")
    if tag in UNTELLING:
        return Route(
            tag,
            "The file does not say how the picture was made. Send it again with its modality (US, MG, …) stated.",
        )
    if tag == "US" and part and part not in BREAST:
        return Route(
            tag, f"It is tagged as an ultrasound of another part of the body ({part.lower()}), not of the breast."
        )
    return Route(tag)


def looks_like_mammogram(pixels: NDArray[np.uint8]) -> bool:
    """One bright shape that stands on one side of a large, even, dark background.

    Args:
        pixels: as displayed, (rows, columns) or (rows, columns, 3).
    """
    if max(pixels.shape[:2]) < _SMALLEST_MAMMOGRAM or (pixels.ndim == 3 and _is_coloured(pixels)):
        return False
    small = _reduced(pixels if pixels.ndim == 2 else pixels[..., 1])
    shape = _largest(small > _threshold(small))
    at_left, at_right = shape[:, :2].any(axis=1).mean(), shape[:, -2:].any(axis=1).mean()
    return bool(
        0.12 < shape.mean() < 0.8
        and max(at_left, at_right) > 0.3
        and min(at_left, at_right) < 0.1
        and _is_compact(shape)
    )


def _is_coloured(pixels: NDArray[np.uint8]) -> bool:
    sample = pixels[::8, ::8].astype(np.int16)
    return bool((sample.max(axis=2) - sample.min(axis=2)).mean() > 4)


def _reduced(grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Block means, without the outermost part, where film has edges, labels and holes."""
    step = max(1, round(max(grey.shape) / _SIDE))
    rows, columns = (size // step * step for size in grey.shape)
    blocks = grey[:rows, :columns].reshape(rows // step, step, columns // step, step)
    reduced: NDArray[np.float64] = blocks.mean(axis=(1, 3), dtype=np.float64)
    rim = max(1, round(0.04 * min(reduced.shape)))
    return reduced[rim:-rim, rim:-rim]


def _threshold(small: NDArray[np.float64]) -> float:
    """Otsu's: the level that parts background from tissue with the largest variance between the two."""
    counts, edges = np.histogram(small, bins=64)
    levels = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * levels)
    means_apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][np.argmax(below * above * means_apart**2)])


def _largest(mask: NDArray[np.bool_]) -> NDArray[Any]:
    labels, count = ndimage.label(mask)
    if not count:
        return mask
    sizes = ndimage.sum_labels(mask, labels, np.arange(1, count + 1))
    largest: NDArray[Any] = labels == 1 + int(np.argmax(sizes))
    return largest


def _is_compact(shape: NDArray[Any]) -> bool:
    """Filled without large holes, as tissue is and a picture of separate things is not."""
    filled = ndimage.binary_fill_holes(shape)
    return bool(shape.sum() > 0.9 * filled.sum())
