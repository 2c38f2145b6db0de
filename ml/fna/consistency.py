"""Rules that tie the thirty FNA measurements of one sample to each other, as data.

Every rule is one of four kinds, so that a browser can evaluate the very same rules from `schema.as_json()`:

- `order`: the first feature ≤ the second × (1 + `tolerance`).
- `ratio`: `low` ≤ `scale` × ∏ (featureᵢ + offsetᵢ) ** exponentᵢ ≤ `high`; a limit of None is not checked,
  and the rule says nothing where a feature with a negative exponent is 0.
- `spread`: features (mean, standard error, worst): worst ≤ (mean + `high` × standard error) × (1 +
  `tolerance`).
- `zero`: the features are either all 0 or all above 0.

A rule says nothing while one of its features is missing. Rules of severity "error" follow from the
definitions and hold for any image, within `tolerance` because tables are rounded. Rules of severity "warning"
are measured: their limits leave a margin around what the 569 rows of WDBC show. No WDBC row breaks a rule of
either severity.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURE_NAMES, MEASURES, Measure

Severity = Literal["error", "warning"]
RuleKind = Literal["order", "ratio", "spread", "zero"]

ROUNDING: Final = 0.002
"""Relative slack for comparing two values that were rounded to about four significant digits."""


@dataclass(frozen=True)
class Rule:
    """One consistency rule; the module's text defines each kind and which numbers it uses."""

    code: str
    kind: RuleKind
    severity: Severity
    features: tuple[str, ...]
    message: str
    tolerance: float = 0.0
    scale: float = 1.0
    exponents: tuple[int, ...] = ()
    offsets: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None


def _order_rules(measure: Measure) -> tuple[Rule, Rule]:
    name, label = measure.name, measure.label
    worst_below_mean = Rule(
        f"worst_below_mean:{name}",
        "order",
        "error",
        (f"{name}_mean", f"{name}_worst"),
        f"{label}: worst is below the mean. Worst is the mean of the three largest nuclei, so it can't be "
        "smaller than the mean of all. Check that the two columns aren't exchanged.",
        tolerance=ROUNDING,
    )
    # For values ≥ 0 the sample standard deviation is at most √n × mean: the standard error is at most the
    # mean.
    se_above_mean = Rule(
        f"se_above_mean:{name}",
        "order",
        "error",
        (f"{name}_se", f"{name}_mean"),
        f"{label}: the standard error is above the mean, which positive values can't give. Check that it is "
        "the standard error (not the standard deviation), and its decimal places.",
        tolerance=ROUNDING,
    )
    return worst_below_mean, se_above_mean


# Largest standard error ÷ mean accepted without a warning; in brackets the largest of the 569 WDBC rows.
# Concavity and concave points reach 1 in WDBC (one indented nucleus), the limit that `se_above_mean` already
# sets.
_SE_LIMITS: Final[dict[str, float]] = {
    "radius": 0.15,  # (0.102)
    "texture": 0.4,  # (0.268)
    "perimeter": 0.17,  # (0.117)
    "area": 0.3,  # (0.220)
    "smoothness": 0.45,  # (0.309)
    "compactness": 0.9,  # (0.747)
    "symmetry": 0.4,  # (0.290)
    "fractal_dimension": 0.45,  # (0.321)
}


def _spread_rules(measure: Measure) -> tuple[Rule, ...]:
    name, label = measure.name, measure.label
    spread = Rule(
        f"worst_far_from_mean:{name}",
        "spread",
        "warning",
        (f"{name}_mean", f"{name}_se", f"{name}_worst"),
        f"{label}: worst lies more than 25 standard errors above the mean; no training case passes 21. Check "
        "the decimal places of all three.",
        tolerance=ROUNDING,
        high=25.0,
    )
    if name not in _SE_LIMITS:
        return (spread,)
    limit = _SE_LIMITS[name]
    wide = Rule(
        f"se_large:{name}",
        "ratio",
        "warning",
        (f"{name}_se", f"{name}_mean"),
        f"{label}: the standard error is more than {limit:.0%} of the mean, beyond every training case. "
        "Check that it is the standard error, not the standard deviation.",
        exponents=(1, -1),
        offsets=(0.0, 0.0),
        high=limit,
    )
    return spread, wide


def _shape_rules(statistic: Literal["mean", "worst"]) -> tuple[Rule, ...]:
    """Geometry of a closed outline. Limits leave a margin around WDBC's ranges, which stand in brackets."""
    wider = statistic == "worst"  # the three largest radii and the three largest areas may be of different nuclei
    radius, perimeter, area, compactness = (
        f"{measure}_{statistic}" for measure in ("radius", "perimeter", "area", "compactness")
    )
    circle_area = Rule(
        f"area_for_radius:{statistic}",
        "ratio",
        "warning",
        (area, radius),
        f"Area, {statistic} does not fit radius, {statistic}: area should be close to π × radius². Check the "
        "unit and the decimal places of both.",
        scale=1 / math.pi,
        exponents=(1, -2),
        offsets=(0.0, 0.0),
        low=0.75 if wider else 0.85,  # (0.812 | 0.910)
        high=1.15,  # (1.058 | 1.064)
    )
    circle_perimeter = Rule(
        f"perimeter_for_radius:{statistic}",
        "ratio",
        "warning",
        (perimeter, radius),
        f"Perimeter, {statistic} does not fit radius, {statistic}: perimeter should be 2π × radius or a "
        "little more. Check the unit and the decimal places of both.",
        scale=1 / (2 * math.pi),
        exponents=(1, -1),
        offsets=(0.0, 0.0),
        low=0.94,  # (0.968 | 0.983)
        high=1.35 if wider else 1.25,  # (1.221 | 1.133)
    )
    # perimeter² ÷ area is convex in both, so its mean over nuclei is at least mean(perimeter)² ÷ mean(area).
    # The three worst of each may be of different nuclei, so for them it is only what WDBC shows.
    isoperimetric = Rule(
        f"compactness_for_outline:{statistic}",
        "ratio",
        "warning",
        (compactness, area, perimeter),
        f"Compactness, {statistic} does not fit the perimeter and area: it should be perimeter² ÷ (4π × "
        "area) − 1 or somewhat more. Check the decimal places of all three.",
        scale=4 * math.pi,
        exponents=(1, 1, -2),
        offsets=(1.0, 0.0, 0.0),
        low=0.98,  # (1.001 | 1.001)
        high=2.5 if wider else 1.2,  # (1.929 | 1.103)
    )
    return circle_area, circle_perimeter, isoperimetric


_SE_SHAPE: Final = (
    Rule(
        "perimeter_se_for_radius_se",
        "ratio",
        "warning",
        ("perimeter_se", "radius_se"),
        "The standard errors of perimeter and radius don't fit each other: perimeter's should be 4 to 25 "
        "times radius's. Check the decimal places of both.",
        exponents=(1, -1),
        offsets=(0.0, 0.0),
        low=3.5,  # (4.34)
        high=26.0,  # (21.2)
    ),
    Rule(
        "area_se_for_radius_se",
        "ratio",
        "warning",
        ("area_se", "radius_se", "radius_mean"),
        "The standard error of area does not fit the radius: it should be near 2π × radius × standard error "
        "of radius. Check the decimal places.",
        scale=1 / (2 * math.pi),
        exponents=(1, -1, -1),
        offsets=(0.0, 0.0, 0.0),
        low=0.4,  # (0.541)
        high=1.8,  # (1.361)
    ),
)


def _zero_rule(statistic: str) -> Rule:
    return Rule(
        f"concavity_without_points:{statistic}",
        "zero",
        "warning",
        (f"concavity_{statistic}", f"concave_points_{statistic}"),
        "One of concavity and concave points is 0 and the other is not: an outline has indentations or it "
        "has none. Check whether a 0 stands for a missing value.",
    )


RULES: Final[tuple[Rule, ...]] = (
    *(rule for measure in MEASURES for rule in _order_rules(measure)),
    *(rule for measure in MEASURES for rule in _spread_rules(measure)),
    *_shape_rules("mean"),
    *_shape_rules("worst"),
    *_SE_SHAPE,
    *(_zero_rule(statistic) for statistic in ("mean", "se", "worst")),
)

_COLUMN: Final = {name: index for index, name in enumerate(FEATURE_NAMES)}


def _breaks_order(rule: Rule, columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(columns[0] > columns[1] * (1.0 + rule.tolerance))


def _breaks_ratio(rule: Rule, columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    product = np.full(columns.shape[1], rule.scale)
    for values, exponent, offset in zip(columns, rule.exponents, rule.offsets, strict=True):
        base = values + offset
        # NaN compares false with every limit: the rule is silent where it would divide by zero.
        product *= np.where((base == 0) & (exponent < 0), np.nan, base) ** float(exponent)
    broken = np.zeros(product.shape, dtype=np.bool_)
    if rule.low is not None:
        broken |= product < rule.low
    if rule.high is not None:
        broken |= product > rule.high
    return broken


def _breaks_spread(rule: Rule, columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    assert rule.high is not None
    mean, standard_error, worst = columns
    return np.asarray(worst > (mean + rule.high * standard_error) * (1.0 + rule.tolerance))


def _breaks_zero(_rule: Rule, columns: NDArray[np.float64]) -> NDArray[np.bool_]:
    is_zero = columns == 0
    return np.asarray(is_zero.any(axis=0) & (columns > 0).any(axis=0))


_BREAKS: Final[dict[RuleKind, Callable[[Rule, NDArray[np.float64]], NDArray[np.bool_]]]] = {
    "order": _breaks_order,
    "ratio": _breaks_ratio,
    "spread": _breaks_spread,
    "zero": _breaks_zero,
}


def broken_rules(X: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows of `X` (n, 30) break which rule: (n, len(RULES)); NaN and infinity break none."""
    broken = np.zeros((X.shape[0], len(RULES)), dtype=np.bool_)
    for index, rule in enumerate(RULES):
        columns = X[:, [_COLUMN[name] for name in rule.features]].T
        with np.errstate(over="ignore", invalid="ignore"):
            broken[:, index] = _BREAKS[rule.kind](rule, columns) & np.isfinite(columns).all(axis=0)
    return broken
