"""Whether evidence maps point at lesions: their peak against outlines that a reader drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.imaging.duplicates import thumbnails
from ml.imaging.evaluation.material import Material
from ml.imaging.evaluation.out_of_fold import OutOfFold
from ml.imaging.evidence import peak, spread_over
from ml.imaging.preprocessing import canvases, content_box, grey

MASK = "_mask"
SAME = 0.99  # likeness from which an outlined picture is one of the set


@dataclass(frozen=True)
class Outlined:
    """A picture with its lesion's outline, and its row in the set."""

    name: str
    picture: NDArray[np.uint8]
    inside: NDArray[np.bool_]  # (h, w)
    row: int


def outlined_pictures(folder: Path, ready: Material) -> list[Outlined]:
    """Pictures of a folder with a `…_mask.png` beside them that belong to the set; empty outlines are left out."""
    found = []
    for mask_path in sorted(folder.rglob(f"*{MASK}.png")):
        path = mask_path.with_name(mask_path.name.replace(MASK, ""))
        if not path.exists():
            continue
        picture = np.asarray(Image.open(path).convert("RGB"))
        inside = np.asarray(Image.open(mask_path).convert("L")) > 127
        if inside.any() and inside.shape == picture.shape[:2]:
            found.append((f"{path.parent.name}/{path.name}", picture, inside))
    if not found:
        return []
    side = ready.views.whole.shape[-1]
    small = thumbnails(canvases([picture for _, picture, _ in found], side)).reshape(len(found), -1)
    known = thumbnails(ready.views.whole).reshape(len(ready.groups), -1)
    likeness = small @ known.T / small.shape[1]
    rows = likeness.argmax(axis=1)
    return [
        Outlined(name, picture, inside, int(row))
        for (name, picture, inside), row, like in zip(found, rows, likeness.max(axis=1), strict=True)
        if like >= SAME
    ]


def localisation_figures(out: OutOfFold, pictures: Sequence[Outlined]) -> dict[str, float | int]:
    """Share of lesions that hold the map's strongest point, beside two baselines and chance.

    The strongest point is where the map is furthest from 0: what moved the answer most, either way.
    """
    hits, centre, darkest, area = [], [], [], []
    for picture in pictures:
        luma = grey(picture.picture)
        evidence = spread_over(out.evidence[picture.row], content_box(luma), luma.shape, 1e9)
        hits.append(_holds(picture.inside, peak(np.abs(evidence))))
        centre.append(_holds(picture.inside, (0.5, 0.5)))
        darkest.append(_holds(picture.inside, _darkest(luma)))
        area.append(float(picture.inside.mean()))
    return {
        "lesions": len(hits),
        "peak_inside": float(np.mean(hits)),
        "centre_of_the_picture_inside": float(np.mean(centre)),
        "darkest_spot_inside": float(np.mean(darkest)),
        "share_of_the_picture_that_is_lesion": float(np.mean(area)),
    }


def _darkest(luma: NDArray[np.uint8]) -> tuple[float, float]:
    small = np.asarray(Image.fromarray(luma).resize((12, 12), Image.Resampling.BOX))
    row, column = np.unravel_index(int(np.argmin(small)), small.shape)
    return (float(row) + 0.5) / 12, (float(column) + 0.5) / 12


def _holds(inside: NDArray[np.bool_], place: tuple[float, float]) -> bool:
    row = min(int(place[0] * inside.shape[0]), inside.shape[0] - 1)
    column = min(int(place[1] * inside.shape[1]), inside.shape[1] - 1)
    return bool(inside[row, column])
