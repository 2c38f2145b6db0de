"""What the model pages draw, and the notice that a change of model waits."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from django import template

from accounts.models import User
from diagnosis import model_card
from diagnosis.model_overview import pending
from diagnosis.models import InstalledModel

register = template.Library()

FAR = 0.1


@register.simple_tag
def headline_of(model: InstalledModel) -> list[model_card.Figure]:
    """The few results by which people know a model."""
    return model_card.headline(model.card)


@register.inclusion_tag("diagnosis/models/pending_list.html", takes_context=True)
def pending_changes(context: dict[str, Any]) -> dict[str, Any]:
    """Notices of the proposals that wait at the signed-in person's institution; nothing where none does."""
    request = context.get("request")
    user = getattr(request, "user", None)
    return {"request": request, "activations": pending(user.institution) if isinstance(user, User) else []}


@register.inclusion_tag("diagnosis/models/agreement_plot.html")
def agreement_plot(
    points: Sequence[tuple[float, float, bool]], before: float | None = None, after: float | None = None
) -> dict[str, Any]:
    """A scatter of the candidate's probabilities over those on file, with both decision thresholds.

    Args:
        points: probability on file, the candidate's, and whether the answer flips.
        before: the threshold of the model that answered.
        after: the candidate's.
    """
    moves = [abs(new - old) for old, new, _ in points]
    far = sum(move > FAR for move in moves)
    summary = (
        f"{len(points):,} cases have a probability from both. Half of them differ by at most {_points(median(moves))}; "
        f"{far:,} by more than {_points(FAR)}."
    )
    return {"points": points, "before": before or "", "after": after or "", "summary": summary}


def _points(difference: float) -> str:
    """A difference of probabilities in percentage points."""
    number = 100 * difference
    return f"{number:.2g} percentage points" if number >= 0.1 or number == 0 else "0.1 percentage points"
