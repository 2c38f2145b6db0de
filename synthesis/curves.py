"""A training's figures as curves, and as a table for those who read rather than look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from synthesis.models import TrainingRecord

MOST_POINTS = 300
MOST_ROWS = 20
LOSSES, QUALITY = "losses", "quality"

# A figure's name in the statistics: what people call it. What is not named here stays out of the charts.
NAMES = {
    "loss_generator": "Generator",
    "loss_discriminator": "Discriminator",
    "generator": "Generator",
    "discriminator": "Discriminator",
    "frechet": "Fréchet distance",
    "distance": "Distance",
}
CHART_OF = {
    "loss_generator": LOSSES,
    "loss_discriminator": LOSSES,
    "generator": LOSSES,
    "discriminator": LOSSES,
    "frechet": QUALITY,
    "distance": QUALITY,
}
Y_LABELS = {LOSSES: "Loss", QUALITY: "Distance"}

Chart = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Curve:
    """One line of a chart; `ink` and `dash` count colours and dashes from 0."""

    name: str
    ink: int
    dash: int
    points: list[tuple[int, float]]


@dataclass(frozen=True)
class Row:
    """The figures of one step, in the columns' order; None where a step has none."""

    step: int
    seconds: float
    values: list[float | None]


@dataclass(frozen=True)
class Newest:
    """Where a training stands: the newest of each figure."""

    step: int
    seconds: float
    figures: list[tuple[str, float]]


def charts(records: Sequence[TrainingRecord]) -> dict[str, Chart]:
    """The losses' and the quality's chart, as the browser draws them."""
    parts: dict[str, list[Curve]] = {LOSSES: [], QUALITY: []}
    for name in _names(records):
        drawn = parts[CHART_OF[name]]
        drawn.append(Curve(NAMES[name], len(drawn), len(drawn), _points(records, name)))
    return {chart: _chart(Y_LABELS[chart], drawn) for chart, drawn in parts.items()}


def charts_of_several(runs: Iterable[tuple[str, Sequence[TrainingRecord]]]) -> dict[str, Chart]:
    """The same with a curve for each run and figure, laid over each other: a colour for each run."""
    parts: dict[str, list[Curve]] = {LOSSES: [], QUALITY: []}
    for place, (title, records) in enumerate(runs):
        for number, name in enumerate(_names(records)):
            if CHART_OF[name] == QUALITY:
                parts[QUALITY].append(Curve(title, place, place, _points(records, name)))
            else:
                label = f"{title}: {NAMES[name].lower()}"
                parts[LOSSES].append(Curve(label, place, number, _points(records, name)))
    return {chart: _chart(Y_LABELS[chart], drawn) for chart, drawn in parts.items()}


def table(records: Sequence[TrainingRecord]) -> tuple[list[str], list[Row]]:
    """The columns' names, and at most MOST_ROWS steps spread over the training, the last one among them."""
    names = _names(records)
    rows = [
        Row(record.step, record.seconds, [_number(record.values.get(name)) for name in names])
        for record in thinned(records, MOST_ROWS)
    ]
    return [_in_full(name) for name in names], rows


def newest(records: Sequence[TrainingRecord]) -> Newest | None:
    """The last step's number and time, with the newest value of each figure; None before the first."""
    if not records:
        return None
    figures = []
    for name in _names(records):
        points = _points(records, name)
        if points:
            figures.append((_in_full(name), points[-1][1]))
    return Newest(records[-1].step, records[-1].seconds, figures)


def thinned(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of the items, evenly spread, first and last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]


def _in_full(name: str) -> str:
    """A figure's name where no chart's title says that it is a loss."""
    return f"{NAMES[name]} loss" if CHART_OF[name] == LOSSES else NAMES[name]


def _names(records: Sequence[TrainingRecord]) -> list[str]:
    found = {name for record in records for name in record.values}
    return [name for name in NAMES if name in found]


def _points(records: Sequence[TrainingRecord], name: str) -> list[tuple[int, float]]:
    return [(record.step, number) for record in records if (number := _number(record.values.get(name))) is not None]


def _chart(y_label: str, curves: Iterable[Curve]) -> Chart:
    return {
        "x_label": "Step",
        "y_label": y_label,
        "series": [
            {
                "name": curve.name,
                "ink": curve.ink,
                "dash": curve.dash,
                "steps": [step for step, _ in points],
                "values": [value for _, value in points],
            }
            for curve in curves
            if (points := thinned(curve.points, MOST_POINTS))
        ],
    }


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
