"""A passport as people read it: sections of figures with their intervals, bounds and plain words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml.release.bounds import BOUNDS
from synthesis.digits import significant

# A figure's name in the passport: what people call it.
LABELS = {
    "frechet_distance": "Fréchet distance",
    "frechet_ratio": "Fréchet ratio, real to real over real to synthetic",
    "kid": "Kernel distance (KID)",
    "precision": "Precision",
    "recall": "Recall",
    "density": "Density",
    "coverage": "Coverage",
    "ks_complement": "Distribution of each measurement (KS complement)",
    "correlation_difference": "Difference of correlations",
    "correlation_difference_within_class": "Difference of correlations within a class",
    "c2st_auc": "Told apart from real rows (C2ST)",
    "tstr_auc": "Trained on synthetic, tested on real (TSTR): AUC",
    "tstr_accuracy": "The same: accuracy",
    "tstr_forest_auc": "The same with a random forest: AUC",
    "tstr_forest_accuracy": "The same with a random forest: accuracy",
    "augmentation_gain": "Gain when added to few real pictures",
    "exact_copies": "Exact copies",
    "near_copies": "Near copies",
    "interpolations": "Blends of two real records",
    "closest_correlation": "Closest pair",
    "closest_distance": "Distance to the nearest training row",
    "dcr_share": "Share nearer to training than to held-out records (DCR)",
    "nndr": "Nearest-neighbour distance ratio (NNDR)",
    "attack_distance_auc": "Membership attack by distance",
    "attack_pixels_auc": "Membership attack by pixels",
    "attack_density_auc": "Membership attack by density",
    "attack_shadow_auc": "Membership attack by shadow models",
    "membership_auc": "Strongest membership attack",
    "membership_tpr": "Records that the surest attack names",
}
SECTIONS = (
    ("quality", "Quality", "How much the synthetic records look like real ones that the generator never saw."),
    (
        "utility",
        "Usefulness",
        "How well a classifier does that learns from the synthetic records and is tested on real ones.",
    ),
    (
        "privacy",
        "Privacy",
        "What the set gives away of the records that it was made from. The gate holds these against its bounds.",
    ),
)
BETTER = {"higher": "higher is better", "lower": "lower is better", "half": "0.5 is ideal"}


@dataclass(frozen=True)
class Line:
    """One figure of one passport, in words and digits."""

    name: str
    label: str
    value: str
    interval: str
    better: str
    words: str
    bound: str
    exceeds: bool


@dataclass(frozen=True)
class Section:
    """A part of the passport."""

    key: str
    title: str
    text: str
    lines: list[Line]


@dataclass(frozen=True)
class Cell:
    """A figure in a comparison; empty text where this passport lacks it."""

    text: str
    interval: str
    is_best: bool


@dataclass(frozen=True)
class ComparedLine:
    """A figure of several passports side by side."""

    label: str
    better: str
    cells: list[Cell]
    differs: bool


def label_of(name: str) -> str:
    """What people call a figure."""
    return LABELS.get(name, name.replace("_", " ").capitalize())


def sections_of(passport: Mapping[str, Any]) -> list[Section]:
    """Quality, usefulness and privacy with their figures."""
    return [
        Section(key, title, text, [_line(name, figure) for name, figure in passport.get(key, {}).items()])
        for key, title, text in SECTIONS
    ]


def compared(passports: Sequence[Mapping[str, Any] | None]) -> list[tuple[str, list[ComparedLine]]]:
    """The same parts with a column for each passport; figures that differ are marked, and the best of them."""
    return [
        (
            title,
            [
                _compared(name, [(passport or {}).get(key, {}).get(name) for passport in passports])
                for name in _all_names(passports, key)
            ],
        )
        for key, title, _ in SECTIONS
        if _all_names(passports, key)
    ]


def held_against(reason: Mapping[str, Any]) -> str:
    """A gate's reason in figures: "Near copies: 29, none allowed"; empty where it is not about a bound's figure."""
    bound = next((one for one in BOUNDS if one.code == reason["code"]), None)
    if bound is None or reason["figure"] is None:
        return ""
    measured = significant(reason["figure"], 3)
    if bound.reads == "low":
        measured = f"interval begins at {measured}"
    return f"{label_of(bound.figure)}: {measured}, {_bound_in_words(bound.most, bound.reads)}"


def _all_names(passports: Sequence[Mapping[str, Any] | None], key: str) -> list[str]:
    return list(dict.fromkeys(name for passport in passports if passport for name in passport.get(key, {})))


def _line(name: str, figure: Mapping[str, Any]) -> Line:
    bound = next((one for one in BOUNDS if one.figure == name), None)
    held = figure["value"] if bound is None or bound.reads == "value" or figure["low"] is None else figure["low"]
    words = figure["words"]
    if figure.get("compared_with"):
        words = f"{words}. Compare with {figure['compared_with']}"
    return Line(
        name=name,
        label=label_of(name),
        value=significant(figure["value"], 3),
        interval=_interval(figure),
        better=BETTER[figure["better"]],
        words=as_written_here(words[:1].upper() + words[1:]),
        bound="" if bound is None else _bound_in_words(bound.most, bound.reads),
        exceeds=bound is not None and held > bound.most,
    )


def as_written_here(words: str) -> str:
    """With the site's own per cent, minus and apostrophe, and no number in exponent form."""
    plain = re.sub(r"\d+(\.\d+)?e[+-]?\d+", lambda number: f"{Decimal(number.group()):,f}", words)
    return re.sub(r"(?<![\w.])-(?=\d)", "−", plain.replace(" %", "%").replace("'", "’"))


def _bound_in_words(most: float, reads: str) -> str:
    if most == 0:
        return "none allowed"
    return f"interval may not begin above {significant(most)}" if reads == "low" else f"at most {significant(most)}"


def _interval(figure: Mapping[str, Any]) -> str:
    if figure.get("low") is None or figure.get("high") is None:
        return ""
    return f"{significant(figure['low'], 3)} to {significant(figure['high'], 3)}"


def _compared(name: str, figures: list[Mapping[str, Any] | None]) -> ComparedLine:
    there = [figure for figure in figures if figure]
    texts = {significant(figure["value"], 3) for figure in there}
    better = there[0]["better"]
    best = min((_distance_from_ideal(figure["value"], better) for figure in there), default=0.0)
    differs = len(texts) > 1
    return ComparedLine(
        label=label_of(name),
        better=BETTER[better],
        cells=[
            Cell(
                text=significant(figure["value"], 3),
                interval=_interval(figure),
                is_best=differs and _distance_from_ideal(figure["value"], better) == best,
            )
            if figure
            else Cell("", "", is_best=False)
            for figure in figures
        ],
        differs=differs,
    )


def _distance_from_ideal(value: float, better: str) -> float:
    if better == "half":
        return abs(value - 0.5)
    return value if better == "lower" else -value
