"""The FNA schema: thirty features with units and ranges, the rules between them, and the checks both give.

A finding of severity "error" means that no answer can rest on the row: a value is missing, outside its hard
limits, or at odds with another by definition. A "warning" means that the row is unlike every training case in
that respect.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.fna.consistency import RULES, Rule, RuleKind, Severity, broken_rules
from ml.fna.features import (
    FEATURE_NAMES,
    FEATURES,
    FEATURES_BY_NAME,
    LABELS,
    MEASURES,
    STATISTIC_DESCRIPTIONS,
    STATISTIC_LABELS,
    STATISTICS,
    Feature,
    Measure,
    Statistic,
)

__all__ = [
    "CHECKS",
    "FEATURES",
    "FEATURES_BY_NAME",
    "FEATURE_NAMES",
    "LABELS",
    "MEASURES",
    "RULES",
    "STATISTICS",
    "STATISTIC_LABELS",
    "Feature",
    "Finding",
    "Measure",
    "Rule",
    "RuleKind",
    "Severity",
    "Statistic",
    "as_json",
    "check_matrix",
    "check_row",
    "failed_checks",
]


@dataclass(frozen=True)
class Finding:
    """Something wrong or unusual about one row: `code` is stable, `message` is for people."""

    code: str
    severity: Severity
    features: tuple[str, ...]
    message: str

    @property
    def is_no_measurement(self) -> bool:
        """Whether the value is missing or outside its hard limits, so that the row can't be stored at all.

        Any other finding is for a person to look at and for the model to refuse.
        """
        return self.code.partition(":")[0] in {"missing", "out_of_range"}


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()


def _missing(feature: Feature) -> Finding:
    return Finding(f"missing:{feature.name}", "error", (feature.name,), f"{feature.label}: no value. Enter a number.")


def _outside_limits(feature: Feature) -> Finding:
    return Finding(
        f"out_of_range:{feature.name}",
        "error",
        (feature.name,),
        f"{feature.label}: the value can't be this measurement, which lies between {feature.minimum:g} and "
        f"{_with_unit(feature.maximum, feature.unit)}. Check the unit and the decimal places.",
    )


def _beyond_training(feature: Feature) -> Finding:
    return Finding(
        f"beyond_training:{feature.name}",
        "warning",
        (feature.name,),
        f"{feature.label}: the value is beyond every training case, {feature.observed_low:g} to "
        f"{_with_unit(feature.observed_high, feature.unit)}.",
    )


CHECKS: Final[tuple[Finding, ...]] = (
    *(_missing(feature) for feature in FEATURES),
    *(_outside_limits(feature) for feature in FEATURES),
    *(_beyond_training(feature) for feature in FEATURES),
    *(Finding(rule.code, rule.severity, rule.features, rule.message) for rule in RULES),
)
"""Every finding there is, in the order of `failed_checks`' columns."""

_HARD = np.array([(feature.minimum, feature.maximum) for feature in FEATURES]).T
_OBSERVED = np.array([(feature.observed_low, feature.observed_high) for feature in FEATURES]).T


def failed_checks(X: ArrayLike) -> NDArray[np.bool_]:
    """Which rows of `X` (n, 30; columns as FEATURE_NAMES, in their units) fail which of CHECKS: (n,
    len(CHECKS)).

    NaN and infinite values count as missing. Raises ValueError where `X` is not (n, 30).
    """
    matrix = np.asarray(X, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != len(FEATURES):
        raise ValueError(f"expected an array of shape (n, {len(FEATURES)}), got {matrix.shape}")
    missing = ~np.isfinite(matrix)
    outside = ~missing & ((matrix < _HARD[0]) | (matrix > _HARD[1]))
    beyond = ~missing & ~outside & ((matrix < _OBSERVED[0]) | (matrix > _OBSERVED[1]))
    return np.hstack([missing, outside, beyond, broken_rules(matrix)])


def check_matrix(X: ArrayLike) -> list[list[Finding]]:
    """The findings of each row of `X` (n, 30), errors and warnings alike; see `failed_checks`."""
    failed = failed_checks(X)
    findings: list[list[Finding]] = [[] for _ in range(failed.shape[0])]
    for row, check in zip(*(indices.tolist() for indices in np.nonzero(failed)), strict=True):
        findings[row].append(CHECKS[check])
    return findings


def check_row(values: Mapping[str, float]) -> list[Finding]:
    """The findings of one sample, given by feature name; names that are absent count as missing.

    Raises KeyError for a name that is not a feature.
    """
    unknown = sorted(set(values) - set(FEATURE_NAMES))
    if unknown:
        raise KeyError(f"not FNA features: {', '.join(unknown)}")
    return check_matrix([[values.get(name, np.nan) for name in FEATURE_NAMES]])[0]


def as_json() -> dict[str, Any]:
    """Features, groups and rules as plain JSON values, for a form that gives the same hints as the server."""
    return {
        "features": [asdict(feature) for feature in FEATURES],
        "measures": [asdict(measure) for measure in MEASURES],
        "statistics": [
            {"name": name, "label": STATISTIC_LABELS[name], "description": STATISTIC_DESCRIPTIONS[name]}
            for name in STATISTICS
        ],
        "rules": [{**asdict(rule), "features": list(rule.features)} for rule in RULES],
        "labels": list(LABELS),
    }
