"""How the answers hold when pictures look as other scanners, settings and archives would make them look."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.imaging.evaluation.material import Material
from ml.imaging.fitted import FittedEnsemble
from ml.imaging.training import Progress
from ml.imaging.views import make_views
from ml.metrics.classification import area_under_roc

Picture = NDArray[np.uint8]


def _gamma(exponent: float) -> Callable[[Picture], Picture]:
    table = (255.0 * (np.arange(256) / 255.0) ** exponent).round().astype(np.uint8)
    return lambda picture: np.asarray(table[picture])


def _blurred(picture: Picture) -> Picture:
    return ndimage.gaussian_filter(picture, 1.5 * min(picture.shape) / 256)


def _speckled(picture: Picture) -> Picture:
    noise = np.random.default_rng(0).standard_normal(picture.shape)
    grain = 1.0 + 0.25 * ndimage.gaussian_filter(noise, 1.0) * 3.5
    return np.clip(picture * grain, 0, 255).astype(np.uint8)


def _cropped(picture: Picture) -> Picture:
    height, width = picture.shape
    return picture[round(0.06 * height) : round(0.94 * height), round(0.06 * width) : round(0.94 * width)]


def _stretched(picture: Picture) -> Picture:
    """Seen with a quarter more of depth: black below."""
    return np.pad(picture, ((0, picture.shape[0] // 4), (0, 0)), constant_values=12)


def _compressed(picture: Picture) -> Picture:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=25)
    return np.asarray(Image.open(data))


def _tiny(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.BOX))


SHIFTS: dict[str, Callable[[Picture], Picture]] = {
    "brighter (gamma 0.7)": _gamma(0.7),
    "darker (gamma 1.4)": _gamma(1.4),
    "blurred": _blurred,
    "with more speckle": _speckled,
    "borders cropped by 6 %": _cropped,
    "with an empty strip below": _stretched,
    "JPEG of quality 25": _compressed,
    "64 × 64 pixels": _tiny,
}


def shift_figures(
    ensembles: Sequence[FittedEnsemble], ready: Material, progress: Progress | None = None
) -> dict[str, dict[str, float]]:
    """Area under the curve and share refused, of pictures not seen, under every shift."""
    pictures = [np.asarray(Image.fromarray(picture).convert("L")) for picture in ready.pictures.pictures]
    y, found = ready.pictures.outcomes, {}
    for done, (name, change) in enumerate(SHIFTS.items(), start=1):
        views = make_views([change(picture) for picture in pictures], ready.views.whole.shape[-1], ensembles[0].finder)
        odds, refused = np.zeros(len(y)), np.zeros(len(y), dtype=np.bool_)
        for ensemble, (_, test) in zip(ensembles, ready.division, strict=True):
            chosen = views.select(torch.from_numpy(test))
            readings = ensemble.read(chosen)
            odds[test] = readings.log_odds.mean(axis=0)
            novelty = ensemble.novelty.score(ensemble.novelty_readings(readings, chosen))
            refused[test] = novelty > ensemble.novelty.threshold
        found[name] = {"auc": area_under_roc(y, odds), "refused": float(refused.mean())}
        if progress is not None:
            progress(done, len(SHIFTS))
    return found
