"""When a training had converged, read from its statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

NEAR = 1.05  # a Fréchet distance of so many times the best counts as converged


@dataclass(frozen=True)
class Convergence:
    """Of one figure, such as the Fréchet distance, where lower is better.

    Attributes:
        best: the lowest value.
        best_seconds: of training, until the lowest.
        seconds: of training, until within `NEAR` of the best.
        epochs: passes over the training pictures until then.
        judgements: how often quality was measured.
    """

    best: float
    best_seconds: float
    seconds: float
    epochs: float
    judgements: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def convergence(lines: Sequence[dict[str, Any]], figure: str, *, batch: int, pictures: int) -> Convergence:
    """Read a run's statistics (`ml.gan.stats`).

    Args:
        lines: of stats.jsonl; those without the figure are passed over.
        figure: its name.
        batch: real pictures in a step.
        pictures: trained on.

    Raises:
        ValueError: when the figure never was measured.
    """
    judged = [line for line in lines if line.get(figure) is not None]
    if not judged:
        raise ValueError(f"the training's statistics hold no {figure}")
    best = min(judged, key=lambda line: line[figure])
    near = next(line for line in judged if line[figure] <= NEAR * best[figure])
    return Convergence(
        best=best[figure],
        best_seconds=best["seconds"],
        seconds=near["seconds"],
        epochs=near["step"] * batch / pictures,
        judgements=len(judged),
    )


def seconds_to_reach(lines: Sequence[dict[str, Any]], figure: str, bar: float) -> float | None:
    """Seconds of training until the figure was at or below the bar; None where it never was."""
    reached = (line["seconds"] for line in lines if line.get(figure) is not None and line[figure] <= bar)
    return next(reached, None)
