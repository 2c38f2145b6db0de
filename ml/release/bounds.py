"""What the release gate holds a passport against, with the reasoning (see also docs/release-gate.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from ml.release.passport import Figure


@dataclass(frozen=True)
class Bound:
    """A privacy figure that may not exceed `most`.

    Attributes:
        figure: its name in the passport's privacy part.
        reads: "value" for counts; "low" for estimates, so that only a proven excess blocks.
        most: the highest permitted.
        code: of the reason it gives.
        message: of the reason it gives.
    """

    figure: str
    reads: Literal["value", "low"]
    most: float
    code: str
    message: str

    def read(self, figure: Figure) -> float:
        """What of the figure is held against the bound; the value where it has no interval."""
        return figure.value if self.reads == "value" or figure.low is None else figure.low


_TRAIN_LESS = (
    "Train with fewer steps, more regularisation or differential privacy, or on more records, and examine again."
)

BOUNDS: Final = (
    Bound(
        "exact_copies",
        "value",
        0.0,
        "exact_copies",
        "Records of the set are copies of real records. Make it anew with a generator that draws new records.",
    ),
    Bound(
        "near_copies",
        "value",
        0.0,
        "near_copies",
        "Records of the set lie closer to a real record than records of different patients ever do, so close that "
        f"chance is ruled out. {_TRAIN_LESS}",
    ),
    Bound(
        "interpolations",
        "value",
        0.0,
        "interpolations",
        "Records of the set are blends of two real records, closer to the line between them than records of other "
        "patients ever are. Make it anew with a generator that draws new records (not SMOTE, mixup or averaging).",
    ),
    Bound(
        "dcr_share",
        "low",
        0.55,
        "close_to_training",
        f"The set as a whole lies nearer to the training records than to held-out ones. {_TRAIN_LESS}",
    ),
    Bound(
        "membership_auc",
        "low",
        0.55,
        "membership_attack",
        f"An attacker can tell from the set who was in the training records. {_TRAIN_LESS}",
    ),
    Bound(
        "membership_tpr",
        "low",
        0.05,
        "membership_attack_few",
        f"An attacker can name some of the training records with hardly an error. {_TRAIN_LESS}",
    ),
)

FEWEST: Final = {"train": 30, "holdout": 30, "synthetic": 30}
"""Records of each part without which the tests have no power."""

_PRIVACY: Final = tuple(bound.figure for bound in BOUNDS)
REQUIRED: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "fna": {
        "quality": ("ks_complement", "correlation_difference", "c2st_auc"),
        "utility": ("tstr_auc",),
        "privacy": _PRIVACY,
    },
    "image": {"quality": ("frechet_distance", "kid"), "utility": ("tstr_auc",), "privacy": _PRIVACY},
}
"""Figures that every passport must have, by kind and part."""
