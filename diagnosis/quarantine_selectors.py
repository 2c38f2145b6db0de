"""What waits for review: each read and its audit event stand in one transaction, or nothing is shown."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.models import Action, User
from diagnosis.models import Instance


def waiting_for_review(user: User) -> QuerySet[Instance]:
    """The images of the person's institution that wait for review, the one that waits longest first."""
    waiting = Instance.objects.visible_to(user).filter(state=Instance.State.QUARANTINED)
    return waiting.select_related("series__study__patient").order_by("created_at", "id")


@transaction.atomic
def list_waiting(*, rows: Iterable[Instance]) -> list[Instance]:
    """One page of what waits, recorded as one search.

    Raises:
        AuditUnavailable: the read could not be recorded.
    """
    page = list(rows)
    audit.record(Action.SEARCH, object_type="image-to-review", detail={"shown": len(page)})
    return page


def find_waiting(*, user: User, public_id: UUID) -> Instance:
    """One image that waits for review, to decide on it; nothing of it is told.

    Raises:
        Http404: no such image waits at the person's institution.
    """
    return get_object_or_404(waiting_for_review(user), public_id=public_id)


@transaction.atomic
def read_waiting(*, user: User, public_id: UUID, frame: int | None = None) -> Instance:
    """One image that waits for review, and that a person looks at in order to decide.

    Raises:
        Http404: no such image waits at the person's institution.
        AuditUnavailable: the read could not be recorded.
    """
    instance = find_waiting(user=user, public_id=public_id)
    audit.record(
        Action.VIEW,
        object_type="image",
        object_id=instance.public_id,
        patient_pseudonym=str(instance.series.study.patient.public_id),
        detail={"with": "review"} | ({"frame": frame} if frame else {}),
    )
    return instance
