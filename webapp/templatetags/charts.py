"""Geometry of the charts that the server draws.

Every x and width is a percentage of the drawing's width, so that a chart fills a telephone or a desk screen
while its text keeps its size. SVG presentation attributes carry it: the content security policy refuses style
attributes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import template

from ml.fna.schema import FEATURES
from webapp.templatetags.formats import percent, significant

register = template.Library()


@dataclass(frozen=True)
class Label:
    """Text at `x` per cent; `anchor` is start, middle or end, so that it stays inside the drawing."""

    x: float
    anchor: str
    text: str


@dataclass(frozen=True)
class ProbabilityScale:
    """A 0–100% scale with a decision threshold, an interval and a marker; positions in per cent."""

    marker: Label
    threshold: Label
    above_threshold: float
    interval_x: float | None
    interval_width: float | None
    description: str


@dataclass(frozen=True)
class ContributionBar:
    """One feature's pull on the answer: a bar left (benign) or right (malignant) of the middle."""

    label: str
    measured: str
    value: float
    text: str
    x: float
    width: float
    direction: str


def probability_scale(
    probability: float, threshold: float, low: float | None = None, high: float | None = None
) -> ProbabilityScale:
    """Lays out a calibrated probability in [0, 1] beside its threshold and interval.

    Raises ValueError when a number lies outside [0, 1], or the interval's ends are exchanged.
    """
    given = [value for value in (probability, threshold, low, high) if value is not None]
    if not all(0 <= value <= 1 for value in given):
        raise ValueError(f"probability, threshold and interval must lie in [0, 1], got {given}")
    words = f"Estimated probability of malignancy {percent(probability)}"
    interval_x = interval_width = None
    if low is not None and high is not None:
        if low > high:
            raise ValueError(f"the interval ends before it starts: {low} to {high}")
        interval_x, interval_width = round(100 * low, 2), round(100 * (high - low), 2)
        words += f", interval {percent(low)} to {percent(high)}"
    return ProbabilityScale(
        marker=_label(probability, percent(probability), margin=0.12),
        threshold=_label(threshold, f"Decision threshold {percent(threshold)}", margin=0.35),
        above_threshold=round(100 * (1 - threshold), 2),
        interval_x=interval_x,
        interval_width=interval_width,
        description=f"{words}. Decision threshold {percent(threshold)}.",
    )


def _label(position: float, text: str, margin: float) -> Label:
    anchor = "start" if position < margin else "end" if position > 1 - margin else "middle"
    return Label(round(100 * position, 2), anchor, text)


def contribution_bars(
    contributions: Mapping[str, float], measurements: Sequence[float] | None = None
) -> list[ContributionBar]:
    """Bars for contributions in log-odds by feature name, the strongest first.

    The longest bar fills its half. `measurements` are the 30 values in the schema's order, shown beside the
    labels.
    """
    strongest = max((abs(value) for value in contributions.values()), default=0.0)
    bars = [
        _bar(
            feature,
            contributions[feature.name],
            strongest,
            None if measurements is None else measurements[index],
        )
        for index, feature in enumerate(FEATURES)
        if feature.name in contributions
    ]
    return sorted(bars, key=lambda bar: -abs(bar.value))


def _bar(feature: Any, value: float, strongest: float, measured: float | None) -> ContributionBar:
    width = round(50 * abs(value) / strongest, 2) if strongest else 0.0
    unit = f" {feature.unit}" if feature.unit else ""
    return ContributionBar(
        label=feature.label,
        measured="" if measured is None else f"{significant(measured)}{unit}",
        value=value,
        text=f"{value:+.2f}".replace("-", "−"),
        x=50.0 if value >= 0 else round(50 - width, 2),
        width=width,
        direction="malignant" if value > 0 else "benign" if value < 0 else "neither",
    )


@dataclass(frozen=True)
class CalibrationPoint:
    """One bin of predicted probabilities: its place in the plot, and its radius by how many cases it holds."""

    x: float
    y: float
    radius: float


PLOT_SIZE = 320.0
LARGEST_RADIUS = 14.0
SMALLEST_RADIUS = 3.0


def calibration_points(bins: Sequence[Mapping[str, Any]]) -> list[CalibrationPoint]:
    """Lays out bins (`predicted` and `observed` in [0, 1], `cases`) in a square of PLOT_SIZE, zero at the bottom left.

    A circle's area grows with its bin's cases, but never below what can be seen.
    """
    most = max((entry["cases"] for entry in bins), default=1)
    return [
        CalibrationPoint(
            x=round(PLOT_SIZE * entry["predicted"], 2),
            y=round(PLOT_SIZE * (1 - entry["observed"]), 2),
            radius=round(max(SMALLEST_RADIUS, LARGEST_RADIUS * (entry["cases"] / most) ** 0.5), 2),
        )
        for entry in bins
    ]


@register.inclusion_tag("components/calibration_plot.html")
def calibration_plot(bins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Draws observed against predicted shares of malignant cases; the numbers stand in a table beside it."""
    return {"points": calibration_points(bins), "bins": bins}


@register.inclusion_tag("components/probability_scale.html", name="probability_scale")
def probability_scale_tag(
    probability: float, threshold: float, low: float | None = None, high: float | None = None
) -> dict[str, Any]:
    """Draws a calibrated probability on a 0–100% scale."""
    return {"scale": probability_scale(probability, threshold, low, high)}


@register.inclusion_tag("components/contributions_chart.html")
def contributions_chart(
    contributions: Mapping[str, float], measurements: Sequence[float] | None = None, shown: int = 8
) -> dict[str, Any]:
    """Draws the strongest `shown` contributions; all of them stand in a table behind a disclosure."""
    bars = contribution_bars(contributions, measurements)
    return {"strongest": bars[:shown], "bars": bars}
