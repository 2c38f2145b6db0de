"""What the generators' tests share beside their fixtures."""

from dataclasses import replace

from ml.gan.judging import Draw
from ml.gan.plan import TrainingPlan
from ml.training.device import Device

CPU = Device("cpu", half=False, compiled=False)
PLAIN = ("dcgan", "cgan", "optimized-dcgan", "optimized-cgan")


def small_plan(architecture: str = "dcgan", **changes: object) -> TrainingPlan:
    """Twelve steps on 16 × 16 pixels."""
    small = TrainingPlan(architecture, steps=12, batch=8, size=16, seed=3, record_every=3, grid_every=6, judge_every=4)
    return replace(small, **changes)  # type: ignore[arg-type]


def brightness(draw: Draw) -> dict[str, float]:
    """A judge that takes no time: the darker the samples, the better."""
    return {"frechet": float(draw(12, 0).float().mean())}
