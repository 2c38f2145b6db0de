"""A measurement's distribution in a synthetic table, drawn by the server: bars for each class over each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.fna.schema import FEATURES_BY_NAME
from synthesis.digits import significant

HEIGHT = 100.0


@dataclass(frozen=True)
class Bar:
    """In per cent of the drawing's width, and of its height from above."""

    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class Distribution:
    """How one measurement is spread in each class."""

    label: str
    low: str
    high: str
    classes: list[tuple[str, list[Bar]]]


def distribution_of(summary: Mapping[str, Any] | None) -> Distribution | None:
    """The first measurement of a table's summary; None where there is none."""
    if not summary:
        return None
    name, counted = next(iter(summary.items()))
    edges = counted["edges"]
    classes = {key: counts for key, counts in counted.items() if key != "edges"}
    highest = max((max(counts, default=0) for counts in classes.values()), default=0) or 1
    feature = FEATURES_BY_NAME.get(name)
    unit = f" {feature.unit}" if feature and feature.unit else ""
    return Distribution(
        label=f"{feature.label if feature else name}{f' ({unit.strip()})' if unit else ''}",
        low=significant(edges[0], 3),
        high=significant(edges[-1], 3),
        classes=[(key, _bars(edges, counts, highest)) for key, counts in classes.items()],
    )


def _bars(edges: Sequence[float], counts: Sequence[int], highest: int) -> list[Bar]:
    span = edges[-1] - edges[0] or 1.0
    return [
        Bar(
            x=round(100 * (low - edges[0]) / span, 2),
            width=round(100 * (high - low) / span, 2),
            y=round(HEIGHT * (1 - count / highest), 2),
            height=round(HEIGHT * count / highest, 2),
        )
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
