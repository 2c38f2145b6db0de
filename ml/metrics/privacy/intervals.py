"""Estimates with the intervals that the release gate reads.

They are two-sided at 99.8 %, so that each limit is a one-sided test at one in a thousand: a gate that makes some ten
such tests a set then stops an honest set about once in a hundred times, even at the bound itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import beta, norm

ONE_SIDED = 0.001
"""Chance that the true value lies below `low`, and again that it lies above `high`."""

QUANTILE = float(norm.ppf(1.0 - ONE_SIDED))


@dataclass(frozen=True)
class Estimate:
    """A value with its 99.8 % interval."""

    value: float
    low: float
    high: float


def normal_interval(value: float, deviation: float, lowest: float = 0.0, highest: float = 1.0) -> Estimate:
    """From a standard error, cut to the range the value can have."""
    half = QUANTILE * deviation
    return Estimate(value, max(lowest, value - half), min(highest, value + half))


def binomial_interval(hits: int, trials: int) -> Estimate:
    """A share with its exact interval (Clopper and Pearson, 1934).

    Raises:
        ValueError: without trials.
    """
    if trials < 1:
        raise ValueError("a share needs at least one trial")
    low = float(beta.ppf(ONE_SIDED, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1.0 - ONE_SIDED, hits + 1, trials - hits)) if hits < trials else 1.0
    return Estimate(hits / trials, low, high)
