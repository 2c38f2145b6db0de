"""What a training run shall do: everything that, with the pictures, settles its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ml.gan.architectures import architecture as architecture_named

Unit = Literal["patient", "picture", "row"]
Effort = Literal["quick", "standard", "thorough"]
EFFORTS: tuple[Effort, ...] = ("quick", "standard", "thorough")
SIZES = (16, 32, 64, 128)
GRIDS_A_RUN = 12
JUDGEMENTS_A_RUN = 30
RECORDS_A_RUN = 100
SELDOM = 20  # steps at least between grids and between judgements, which take as long as several steps


@dataclass(frozen=True)
class PrivacyBudget:
    """A differential-privacy guarantee: (ε, δ) for adding or removing all of one unit's records."""

    epsilon: float
    delta: float
    unit: Unit

    def __post_init__(self) -> None:
        if self.epsilon <= 0.0:
            raise ValueError(f"ε must be above 0; got {self.epsilon}")
        if not 0.0 < self.delta < 1.0:
            raise ValueError(f"δ must lie between 0 and 1; got {self.delta}")


@dataclass(frozen=True)
class TrainingPlan:
    """A run's settings.

    Attributes:
        architecture: a name in `ml.gan.architectures.ARCHITECTURES`.
        steps: training steps; one updates the discriminator and the generator.
        batch: real pictures in a step.
        size: the pictures' side, one of `SIZES`.
        seed: of the weights, the order, the noise and the augmentation.
        privacy: the guarantee to keep, or None.
        record_every: steps between lines of stats.jsonl.
        grid_every: steps between sample grids.
        judge_every: steps between judgements of quality.
        patience: judgements without a better one after which training ends; None never ends it.
        checkpoint_seconds: between checkpoints.
    """

    architecture: str
    steps: int
    batch: int = 32
    size: int = 64
    seed: int = 0
    privacy: PrivacyBudget | None = None
    record_every: int = 25
    grid_every: int = 500
    judge_every: int = 250
    patience: int | None = None
    checkpoint_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ValueError(f"pictures are made with {', '.join(map(str, SIZES))} pixels a side; got {self.size}")
        for name in ("steps", "batch", "record_every", "grid_every", "judge_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; got {getattr(self, name)}")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def with_steps(self, steps: int) -> TrainingPlan:
        """The same with another number of steps, grids and judgements spread over them."""
        return replace(
            self,
            steps=steps,
            record_every=max(min(steps // RECORDS_A_RUN, 25), 1),
            grid_every=max(steps // GRIDS_A_RUN, SELDOM),
            judge_every=max(steps // JUDGEMENTS_A_RUN, SELDOM),
        )

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> TrainingPlan:
        """What `as_dict` gave."""
        privacy = told.get("privacy")
        return cls(**{**told, "privacy": None if privacy is None else PrivacyBudget(**privacy)})


def default_plan(
    architecture: str, size: int, effort: Effort, *, seed: int = 0, privacy: PrivacyBudget | None = None
) -> TrainingPlan:
    """The plan for an order: about 2 (quick), 10 (standard) or 20 minutes (thorough) on one CPU thread at 64².

    Raises:
        ValueError: for an unknown architecture, or one that can't be trained under a privacy budget where one is given.
    """
    known = architecture_named(architecture, private=privacy is not None)
    plan = TrainingPlan(
        architecture=architecture,
        steps=known.steps[effort],
        batch=known.batch,
        size=size,
        seed=seed,
        privacy=privacy,
        patience=None if privacy is not None else known.patience,
    )
    return plan.with_steps(plan.steps)
