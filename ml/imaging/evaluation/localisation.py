"""Whether evidence maps point at lesions: their peak against outlines that a reader drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.imaging.duplicates import thumbnails
from ml.imaging.evaluation.material import Material
from ml.imaging.evaluation.out_of_fold import OutOfFold
from ml.imaging.evidence import peak, spread_over
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.preprocessing import canvases, content_box, grey
from ml.imaging.views import make_views

MASK = "_mask"
SPOT = 0.1  # of the sides: radius of the spot that is blurred, one standard deviation
BLUR = 0.08  # of the shorter side: how far it is blurred
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


def localisation_figures(
    out: OutOfFold, pictures: Sequence[Outlined], ensembles: Sequence[FittedEnsemble]
) -> dict[str, float | int]:
    """Where the maps of pictures not seen point, and how much the answer moves when that place is blurred.

    The strongest point is where the map supports the given answer most. Beside it stand the point furthest from 0
    whichever way, two simple guesses, and chance.
    """
    rows: list[dict[str, float]] = []
    rng = np.random.default_rng(0)
    for picture in pictures:
        luma = grey(picture.picture)
        evidence = spread_over(out.evidence[picture.row], content_box(luma), luma.shape, 1e9)
        towards = peak(evidence if out.raw[picture.row] >= 0.5 else -evidence)
        chance = (float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.1, 0.9)))
        moved = _moved(ensembles[out.fold[picture.row]], luma, (towards, (0.5, 0.5), chance))
        rows.append(
            {
                "peak_inside": _holds(picture.inside, towards),
                "furthest_from_nothing_inside": _holds(picture.inside, peak(np.abs(evidence))),
                "centre_of_the_picture_inside": _holds(picture.inside, (0.5, 0.5)),
                "darkest_spot_inside": _holds(picture.inside, _darkest(luma)),
                "share_of_the_picture_that_is_lesion": float(picture.inside.mean()),
                "log_odds_moved_by_blurring_the_peak": moved[0],
                "log_odds_moved_by_blurring_the_centre": moved[1],
                "log_odds_moved_by_blurring_anywhere": moved[2],
            }
        )
    means = {name: float(np.mean([row[name] for row in rows])) for name in (rows[0] if rows else {})}
    return {"lesions": len(rows), **means}


def _moved(ensemble: FittedEnsemble, luma: NDArray[np.uint8], places: Sequence[tuple[float, float]]) -> list[float]:
    """How far the ensemble's log-odds move, either way, when the picture is blurred about each place."""
    soft = ndimage.gaussian_filter(luma.astype(np.float64), BLUR * min(luma.shape), mode="nearest")
    down, across = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]].astype(np.float64)
    changed = [luma]
    for row, column in places:
        away = ((down / luma.shape[0] - row) ** 2 + (across / luma.shape[1] - column) ** 2) / (2 * SPOT**2)
        share = np.exp(-away)
        changed.append((luma * (1.0 - share) + soft * share).astype(np.uint8))
    odds = ensemble.read(make_views(changed, ensemble.canvas_side, ensemble.finder)).log_odds.mean(axis=0)
    return [float(value) for value in np.abs(odds[1:] - odds[0])]


def _darkest(luma: NDArray[np.uint8]) -> tuple[float, float]:
    small = np.asarray(Image.fromarray(luma).resize((12, 12), Image.Resampling.BOX))
    row, column = np.unravel_index(int(np.argmin(small)), small.shape)
    return (float(row) + 0.5) / 12, (float(column) + 0.5) / 12


def _holds(inside: NDArray[np.bool_], place: tuple[float, float]) -> bool:
    row = min(int(place[0] * inside.shape[0]), inside.shape[0] - 1)
    column = min(int(place[1] * inside.shape[1]), inside.shape[1] - 1)
    return bool(inside[row, column])
