"""Limits of the thirty coordinates that are known without looking at any table: the schema's.

From the hard limits of the measurements and the limits of the rules between them. A private generator may use them
freely. (The rules' limits were set with wide margins when the schema was written, with WDBC at hand: for WDBC itself
they are public because the schema is, not because they are independent of it.)
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.fna.features import FEATURES, MEASURES
from ml.fna.schema import RULES

_RULES: Final = {rule.code: rule for rule in RULES}
_LEAST: Final = 1e-3  # a mean of 0 (no indentations) counts as this
_SPAN_OF_ERRORS: Final = 50.0  # largest standard error ÷ smallest


def coordinate_limits() -> NDArray[np.float64]:
    """Lowest and highest value of each coordinate (2, 30); values beyond are cut off."""
    mean = [(max(feature.minimum, _LEAST), feature.maximum) for feature in FEATURES[: len(MEASURES)]]
    names = [measure.name for measure in MEASURES]
    largest = {name: _limits(f"se_large:{name}")[1] if f"se_large:{name}" in _RULES else 1.0 for name in names}
    error = [(largest[name] / _SPAN_OF_ERRORS, largest[name]) for name in names]
    # the mean of a rule's "worst ≤ mean + 25 standard errors", at the largest standard error
    reach = {name: _RULES[f"worst_far_from_mean:{name}"].high or 0.0 for name in names}
    worst = [(1.0, 1.0 + reach[name] * largest[name]) for name in names]
    perimeter, area = names.index("perimeter"), names.index("area")
    mean[perimeter], mean[area] = _limits("compactness_for_outline:mean"), _limits("area_for_radius:mean")
    error[perimeter], error[area] = _limits("perimeter_se_for_radius_se"), _limits("area_se_for_radius_se")
    worst[perimeter], worst[area] = _limits("compactness_for_outline:worst"), _limits("area_for_radius:worst")
    return np.asarray(np.log(np.array([*mean, *error, *worst])).T)


def _limits(code: str) -> tuple[float, float]:
    rule = _RULES[code]
    return rule.low or 0.0, rule.high or 0.0
