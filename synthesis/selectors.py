"""Reading sources, orders and published sets: each read and its audit event stand in one transaction."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.db import models, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts import audit
from accounts.models import Action, Role, User
from synthesis.models import Download, SampleGrid, SourceDataset, Stage, SyntheticSet

SOURCE, SET = "synthesis-source", "synthetic-set"
_OF_A_SET = ("source", "institution", "ordered_by", "decided_by", "withdrawn_by", "job", "publishing_job", "replaces")


def sources(user: User) -> QuerySet[SourceDataset]:
    """The sources this person may see, newest first."""
    return SourceDataset.objects.visible_to(user).select_related("added_by", "released_by", "withdrawn_by")


@transaction.atomic
def list_sources(*, rows: Iterable[SourceDataset]) -> list[SourceDataset]:
    """One page of sources, recorded as one search."""
    page = list(rows)
    audit.record(Action.SEARCH, object_type=SOURCE, purpose="research", detail={"shown": len(page)})
    return page


@transaction.atomic
def read_source(*, user: User, public_id: UUID) -> SourceDataset:
    """One source.

    Raises:
        Http404: there is no such source for this person.
        AuditUnavailable: the read could not be recorded.
    """
    source = get_object_or_404(sources(user), public_id=public_id)
    audit.record(Action.VIEW, object_type=SOURCE, object_id=source.public_id, purpose="research")
    return source


def synthetic_sets(user: User) -> QuerySet[SyntheticSet]:
    """All sets this person may see, ordered at their institution or published for them; `downloads_count` counts."""
    return _with_downloads(SyntheticSet.objects.visible_to(user))


def orders(user: User) -> QuerySet[SyntheticSet]:
    """The sets whose making this person may follow, newest first."""
    return _with_downloads(SyntheticSet.objects.made_at(user))


def catalogue(user: User) -> QuerySet[SyntheticSet]:
    """The sets published for this person, newest first."""
    return _with_downloads(SyntheticSet.objects.visible_to(user).published()).order_by("-published_at", "-pk")


@transaction.atomic
def list_sets(*, rows: Iterable[SyntheticSet], filters: dict[str, Any]) -> list[SyntheticSet]:
    """One page of orders or of the catalogue, recorded as one search that names its filters."""
    page = list(rows)
    audit.record(Action.SEARCH, object_type=SET, purpose="research", detail={"filters": filters, "shown": len(page)})
    return page


@transaction.atomic
def read_order(*, user: User, public_id: UUID) -> SyntheticSet:
    """One set whose making this person may follow.

    Raises:
        Http404: there is no such order for this person.
        AuditUnavailable: the read could not be recorded.
    """
    order = get_order(user=user, public_id=public_id)
    audit.record(Action.VIEW, object_type=SET, object_id=order.public_id, purpose="research")
    return order


def get_order(*, user: User, public_id: UUID) -> SyntheticSet:
    """The same for its progress, which a page asks for every other second: no event of its own.

    Raises:
        Http404: there is no such order for this person.
    """
    return get_object_or_404(orders(user), public_id=public_id)


@transaction.atomic
def read_set(*, user: User, public_id: UUID) -> SyntheticSet:
    """One set, ordered at this person's institution or published for them.

    Raises:
        Http404: there is no such set for this person.
        AuditUnavailable: the read could not be recorded.
    """
    found = get_object_or_404(synthetic_sets(user), public_id=public_id)
    audit.record(Action.VIEW, object_type=SET, object_id=found.public_id, purpose="research")
    return found


def grid(*, user: User, public_id: UUID, step: int) -> bytes:
    """A grid of samples of an order's training, as PNG. Part of the page that shows the order: no event of its own.

    Raises:
        Http404: there is no such grid for this person.
    """
    row = get_object_or_404(SampleGrid.objects.visible_to(user), set__public_id=public_id, step=step)
    return _stored(row.object_name)


@transaction.atomic
def read_gallery(*, user: User, public_id: UUID) -> SyntheticSet:
    """An order with its gallery: the synthetic pictures nearest to a real one, beside it. For those who decide.

    Raises:
        Http404: there is no such order for this person.
        PermissionDenied: the person is no administrator: the real pictures are patients'.
        AuditUnavailable: the read could not be recorded.
    """
    order = get_order(user=user, public_id=public_id)
    if user.role != Role.ADMIN:
        raise PermissionDenied
    audit.record(
        Action.VIEW,
        object_type=SET,
        object_id=order.public_id,
        purpose="research",
        detail={"gallery": len(order.gallery), "source": str(order.source.public_id)},
    )
    return order


@transaction.atomic
def gallery_picture(*, user: User, public_id: UUID, rank: int, real: bool) -> bytes:
    """One picture of a gallery, as PNG; `rank` from 0. A real one is a patient's, so each look at it is recorded.

    Raises:
        Http404: there is no such picture for this person.
        PermissionDenied: the person is no administrator.
        AuditUnavailable: the look at a real picture could not be recorded.
    """
    order = get_order(user=user, public_id=public_id)
    if user.role != Role.ADMIN:
        raise PermissionDenied
    if not 0 <= rank < len(order.gallery):
        raise Http404
    if real:
        audit.record(
            Action.VIEW,
            object_type=SET,
            object_id=order.public_id,
            purpose="research",
            detail={"gallery_rank": rank, "source": str(order.source.public_id)},
        )
    return _stored(order.gallery[rank]["real" if real else "synthetic"])


def made_from(source: SourceDataset) -> QuerySet[SyntheticSet]:
    """The sets that were made from a source and may still be in use, or become so."""
    gone = (Stage.REJECTED, Stage.WITHDRAWN, Stage.BLOCKED)
    return source.synthetic_sets.exclude(stage__in=gone).select_related("ordered_by", "job")


def _with_downloads(rows: QuerySet[SyntheticSet]) -> QuerySet[SyntheticSet]:
    counted = Download.objects.filter(set=OuterRef("pk")).order_by().values("set")
    number = Subquery(counted.annotate(number=models.Count("pk")).values("number"))
    return rows.select_related(*_OF_A_SET).annotate(
        downloads_count=Coalesce(number, 0, output_field=models.IntegerField())
    )


def _stored(name: str) -> bytes:
    try:
        with storages["phi"].open(name) as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise Http404 from error
