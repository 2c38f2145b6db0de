"""How good synthetic pictures are and what they are good for, as a passport's figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ml.metrics.images.extractor import Features
from ml.metrics.images.frechet import frechet_distance, ratio
from ml.metrics.images.kid import kid
from ml.metrics.images.prdc import prdc
from ml.metrics.images.utility import Labelled, augmentation_gain, trained_on
from ml.release import privacy_figures as words
from ml.release.passport import Figure


def picture_quality(known: Features, strangers: Features, made: Features, name: str, seed: int) -> dict[str, Figure]:
    """Nearness to the held-out pictures by features `(n, d)` of training, held-out and synthetic pictures.

    Args:
        known: of the training pictures, for comparison.
        strangers: of the held-out ones.
        made: of the synthetic ones.
        name: of the extractor.
        seed: of thinning.
    """
    nearness = ratio(known, strangers, made, seed=seed)
    distance, usual = kid(strangers, made, seed), kid(strangers, known, seed)
    figures = {
        "frechet_distance": words.plain(
            frechet_distance(strangers, made),
            "lower",
            f"Fréchet distance of the synthetic pictures from the held-out ones ({name})",
            f"{frechet_distance(strangers, known):.4g} of the training pictures; it grows as sets get smaller",
        ),
        "frechet_ratio": words.plain(
            nearness.ratio,
            "higher",
            f"Fréchet distance from real to real pictures over that from real to synthetic, {nearness.count} of each "
            f"({name})",
            "1, as near as other real pictures",
        ),
        "kid": Figure(
            distance.mean,
            distance.low,
            distance.high,
            "lower",
            f"Kernel distance of the synthetic pictures from the held-out ones ({name}; 95 % of the subsets)",
            f"{usual.low:.3g} to {usual.high:.3g} of the training pictures",
        ),
    }
    size = min(len(strangers), len(made), len(known))
    rng = np.random.default_rng(seed)
    thinned = [part[rng.choice(len(part), size, replace=False)] for part in (strangers, made, known)]
    overlap, control = prdc(thinned[0], thinned[1]), prdc(thinned[0], thinned[2])
    for measure, what in (
        ("precision", "Share of synthetic pictures that lie among held-out ones"),
        ("recall", "Share of held-out pictures that lie among synthetic ones"),
        ("density", "How densely synthetic pictures lie among held-out ones"),
        ("coverage", "Share of held-out pictures with a synthetic one among their nearest"),
    ):
        figures[measure] = words.plain(
            getattr(overlap, measure),
            "higher",
            f"{what}, {size} of each ({name})",
            f"{getattr(control, measure):.3f} of the training pictures",
        )
    return figures


def picture_utility(
    train: Labelled,
    holdout: Labelled,
    synthetic: Labelled,
    *,
    steps: int,
    seeds: Sequence[int],
    done: Callable[[], None],
) -> tuple[dict[str, Figure], list[str]]:
    """The figures, or a note in their place where the classes don't allow them."""
    made, real, alone, gained = [], [], [], []
    few = 0
    try:
        for one in seeds:
            made.append(trained_on([synthetic], holdout, seeds=(one,), steps=steps).auc.mean)
            done()
            real.append(trained_on([train], holdout, seeds=(one,), steps=steps).auc.mean)
            done()
            gain = augmentation_gain(train, holdout, synthetic, seeds=(one,), steps=steps)
            few = gain.real_pictures
            alone.append(gain.alone.auc.mean)
            gained.append(gain.gain.auc.mean)
            done()
    except ValueError as error:
        return {}, [f"Utility was not measured: {error}."]
    told = "a small network of its own, malignant against the rest"
    return {
        "tstr_auc": _over_seeds(
            made,
            f"Area under the ROC curve on held-out real pictures when trained on synthetic ones ({told})",
            f"{np.mean(real):.3f} when trained on the real training pictures",
        ),
        "augmentation_gain": _over_seeds(
            gained,
            f"What adding the synthetic pictures to {few} real ones gains in that area",
            f"{np.mean(alone):.3f} with the real pictures alone",
        ),
    }, []


def _over_seeds(values: Sequence[float], what: str, compared_with: str) -> Figure:
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
    said = what if spread is None else f"{what}; mean of {len(values)} seeds, two standard deviations either way"
    low, high = (None, None) if spread is None else (mean - 2.0 * spread, mean + 2.0 * spread)
    return Figure(mean, low, high, "higher", said, compared_with)
