"""What several orders asked for, side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from synthesis.forms.words import EFFORT_WORDS, STAGE_WORDS, architecture_title
from synthesis.models import Stage, SyntheticSet
from synthesis.templatetags.synthetic import budget, mix


@dataclass(frozen=True)
class ComparedSetting:
    """One setting of several orders."""

    label: str
    values: list[str]

    @property
    def differs(self) -> bool:
        """Whether the orders are not alike in it."""
        return len(set(self.values)) > 1


SETTINGS: tuple[tuple[str, Callable[[SyntheticSet], str]], ...] = (
    ("State", lambda order: STAGE_WORDS[Stage(order.stage)]),
    ("Source", lambda order: order.source.name),
    ("Records", lambda order: mix(order.counts)),
    ("Size", lambda order: f"{order.size} × {order.size} pixels" if order.size else "–"),
    ("Generator", lambda order: architecture_title(order.architecture)),
    ("Effort", lambda order: EFFORT_WORDS[order.effort].title),
    ("Privacy", budget),
    ("Seed", lambda order: str(order.seed)),
)


def settings_compared(orders: Sequence[SyntheticSet]) -> list[ComparedSetting]:
    """Each setting with its value in each order."""
    return [ComparedSetting(label, [read(order) for order in orders]) for label, read in SETTINGS]
