"""Measurements and marks that people draw on images: made, changed, removed and brought back."""

import math
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, User
from diagnosis.models import Annotation, Instance
from diagnosis.viewer_selectors import refuse_unless_ready

# tool: how many points draw it
TOOLS = {"length": 2, "angle": 3, "rectangle": 4, "ellipse": 4, "probe": 1, "arrow": 2}
LABEL_LENGTH = 200
MARKS_PER_IMAGE = 500
# Points may lie beside the image, not out of all proportion to it.
FARTHEST = 10.0


class UnusableMark(DomainError):
    """The mark that was sent cannot be kept as it is."""

    code = "unusable_mark"


class NotTheAuthor(DomainError):
    """Only the person who drew a mark may change it."""

    status = 403
    code = "not_the_author"


@transaction.atomic
def create_annotation(*, user: User, instance: Instance, frame: Any, tool: Any, points: Any, label: Any) -> Annotation:
    """Keeps a new mark; points are (column, row) in pixels of the image, with the first pixel's centre at (0, 0).

    Raises:
        WaitsForReview, WasRejected: the image must not be shown, so nothing is drawn on it.
        UnusableMark: frame, tool, points or label are not what a mark has.
    """
    refuse_unless_ready(instance)
    frames = instance.frames
    if frames is None or instance.kind == Instance.Kind.DOCUMENT:
        raise UnusableMark("This file has no picture to draw on.")
    if type(frame) is not int or not 1 <= frame <= frames.frames:
        raise UnusableMark(f"Frames of this image are numbered 1 to {frames.frames}.")
    if not isinstance(tool, str) or tool not in TOOLS:
        raise UnusableMark(f"A mark is one of: {', '.join(TOOLS)}.")
    if instance.annotations.filter(removed_at__isnull=True).count() >= MARKS_PER_IMAGE:
        raise UnusableMark(f"An image holds at most {MARKS_PER_IMAGE} marks. Delete some first.")
    data = {"points": _checked_points(instance, tool, points), "label": _checked_label(label)}
    mark = Annotation(instance=instance, frame=frame, tool=tool, data=data, created_by=user)
    mark.save()
    _record(mark, "drawn")
    return mark


@transaction.atomic
def change_annotation(*, user: User, public_id: UUID, changes: dict[str, Any]) -> Annotation:
    """Moves a mark's points or renames it.

    Raises:
        Annotation.DoesNotExist: there is no such mark for this person.
        NotTheAuthor, UnusableMark: as the names say.
    """
    mark = _own_mark(user, public_id)
    refuse_unless_ready(mark.instance)
    data = dict(mark.data)
    if "points" in changes:
        data["points"] = _checked_points(mark.instance, mark.tool, changes["points"])
    if "label" in changes:
        data["label"] = _checked_label(changes["label"])
    if data != mark.data:
        mark.data = data
        mark.save(update_fields=["data", "updated_at"])
        _record(mark, "changed")
    return mark


@transaction.atomic
def remove_annotation(*, user: User, public_id: UUID) -> None:
    """Hides a mark; `restore_annotation` brings it back. Removing twice is removing once.

    Raises:
        Annotation.DoesNotExist: there is no such mark for this person.
        NotTheAuthor: somebody else drew it.
    """
    mark = _own_mark(user, public_id)
    if mark.removed_at is None:
        mark.removed_at = timezone.now()
        mark.save(update_fields=["removed_at", "updated_at"])
        _record(mark, "removed")


@transaction.atomic
def restore_annotation(*, user: User, public_id: UUID) -> Annotation:
    """Brings a removed mark back.

    Raises:
        Annotation.DoesNotExist: there is no such mark for this person.
        NotTheAuthor: somebody else drew it.
    """
    mark = _own_mark(user, public_id)
    if mark.removed_at is not None:
        mark.removed_at = None
        mark.save(update_fields=["removed_at", "updated_at"])
        _record(mark, "restored")
    return mark


def _own_mark(user: User, public_id: UUID) -> Annotation:
    marks = Annotation.objects.visible_to(user).select_related("instance__series__study__patient", "created_by")
    mark = marks.select_for_update(of=("self",)).get(public_id=public_id)
    if mark.created_by_id != user.pk:
        raise NotTheAuthor(f"{mark.created_by} drew this. Only its author may change it.")
    return mark


def _checked_points(instance: Instance, tool: str, points: Any) -> list[list[float]]:
    expected = TOOLS[tool]
    if not isinstance(points, list) or len(points) != expected:
        raise UnusableMark(f"A mark of the kind {tool} has {expected} points.")
    frames = instance.frames
    assert frames is not None
    reach = FARTHEST * max(frames.rows, frames.columns)
    return [_checked_point(point, reach) for point in points]


def _checked_point(point: Any, reach: float) -> list[float]:
    numbers = isinstance(point, list) and len(point) == 2 and all(type(value) in {int, float} for value in point)
    if not numbers or not all(math.isfinite(value) and abs(value) <= reach for value in point):
        raise UnusableMark("A point is a column and a row of the image, in pixels.")
    return [round(float(value), 3) for value in point]


def _checked_label(label: Any) -> str:
    if not isinstance(label, str) or len(label) > LABEL_LENGTH:
        raise UnusableMark(f"A name has at most {LABEL_LENGTH} characters.")
    return label.replace("\0", "").strip()


def _record(mark: Annotation, what: str) -> None:
    audit.record(
        Action.ANNOTATE,
        object_type="annotation",
        object_id=mark.public_id,
        patient_pseudonym=str(mark.instance.series.study.patient.public_id),
        detail={"what": what, "tool": mark.tool, "image": str(mark.instance.public_id), "frame": mark.frame},
    )
