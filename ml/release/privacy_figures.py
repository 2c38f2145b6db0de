"""Privacy measurements as a passport's figures, in words that need no statistician."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ml.metrics.privacy.intervals import Estimate
from ml.metrics.privacy.membership import Attack
from ml.release.passport import Better, Figure

INTERVAL = "interval at 99.8 %"
_ATTACKS = {
    "distance": "names as trained on whoever lies close to a synthetic record",
    "pixels": "names as trained on whoever's picture, reduced to 16 × 16 pixels, is close to a synthetic one",
    "density": "names as trained on whoever the synthetic records crowd around more than other real records do",
    "shadow": "learns from generators of the same recipe, trained on known records, what training leaves behind",
}


def count(mask: NDArray[np.bool_], words: str, compared_with: str = "") -> Figure:
    """A number of records, ideally none."""
    return Figure(float(mask.sum()), None, None, "lower", f"{words}, of {len(mask)}", compared_with)


def estimated(estimate: Estimate, better: Better, words: str, compared_with: str = "") -> Figure:
    """An estimate with its interval."""
    return Figure(estimate.value, estimate.low, estimate.high, better, f"{words} ({INTERVAL})", compared_with)


def plain(value: float, better: Better, words: str, compared_with: str = "") -> Figure:
    """A value without interval."""
    return Figure(float(value), None, None, better, words, compared_with)


def attacks(measured: Mapping[str, Attack]) -> dict[str, Figure]:
    """Each membership attack's figure, and those of the strongest: what an attacker would choose."""
    figures = {
        f"attack_{name}_auc": estimated(
            result.auc, "half", f"Chance that an attack that {_ATTACKS[name]} ranks a training record above a stranger"
        )
        for name, result in measured.items()
    }
    strongest = max(measured, key=lambda name: measured[name].auc.value)
    surest = max(measured, key=lambda name: (measured[name].tpr.low, measured[name].tpr.value))
    return figures | {
        "membership_auc": estimated(
            measured[strongest].auc,
            "half",
            "Chance that the strongest membership attack ranks a training record above a held-out one",
            f"0.5, pure guessing; strongest was the {strongest} attack of {len(measured)}",
        ),
        "membership_tpr": estimated(
            measured[surest].tpr,
            "lower",
            "Share of the training records that the surest membership attack names while one stranger in a hundred is "
            "falsely named; the lower limit leaves out what false alarms can explain",
            f"0.01, pure guessing; surest was the {surest} attack of {len(measured)}",
        ),
    }
