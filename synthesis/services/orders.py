"""Ordering a synthetic set."""

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Role, User
from jobs import services as jobs
from ml.release.bounds import FEWEST
from synthesis.architectures import ARCHITECTURES, architectures_for
from synthesis.job_kinds import MAKE
from synthesis.models import Effort, Kind, SourceDataset, Stage, SyntheticSet

# Of fewer, what they give away cannot be told from chance: the release gate blocks them.
LEAST_RECORDS, MOST_RECORDS = FEWEST["synthetic"], 50_000
# By size: what pictures give away is examined in one go, 12 ms a picture of 64 pixels on one processor core.
MOST_PICTURES = {64: 20_000, 128: 10_000}
SIZES = tuple(MOST_PICTURES)
OTHERS = ("benign", "normal")
LICENCE = "CC-BY-4.0"
DELTA = 1e-5  # the usual choice, far below one over the number of patients of any source here
EPSILONS = (1.0, 3.0, 8.0)
PER_CENT = 100
NEVER_PUBLISHED = (Stage.BLOCKED, Stage.REJECTED, Stage.WITHDRAWN)  # unless they were before they were withdrawn
_LINE_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Order:
    """What is ordered.

    Attributes:
        counts: how many records of each class, e.g. {"benign": 500, "malignant": 500}.
        size: edge of the pictures in pixels; None for tables.
        epsilon: the differential-privacy budget, None without a guarantee.
        seed: of training and sampling; drawn when None.
        replaces: the set whose newer version this becomes.
    """

    title: str
    architecture: str
    counts: Mapping[str, int]
    size: int | None = None
    effort: str = Effort.STANDARD
    epsilon: float | None = None
    delta: float = DELTA
    seed: int | None = None
    visible_mark: bool = False
    licence: str = LICENCE
    citation: str = ""
    replaces: SyntheticSet | None = None


def place_order(*, user: User, source: SourceDataset, order: Order) -> SyntheticSet:
    """Orders a set; a worker starts on it once the caller's transaction commits.

    Raises:
        PermissionDenied: the person is no researcher, or the source is another institution's.
        Conflict: the source is not released, or the set to replace has a newer version already.
        DomainError: the order cannot be made; `problems` names each field at fault.
    """
    if user.role != Role.RESEARCHER or source.institution_id != user.institution_id:
        raise PermissionDenied
    check_order(source=source, order=order)
    return _create(user, source, order)


def check_order(*, source: SourceDataset, order: Order) -> None:
    """Whether the order can be made.

    Raises:
        Conflict: the source is not released, or the set to replace has a newer version already.
        DomainError: `problems` names each field at fault: {"field": …, "message": …}.
    """
    if not source.may_be_ordered_from:
        raise Conflict(
            f"“{source}” is not released for synthesis. Choose another source, or ask an administrator.",
            code="source_not_released",
        )
    problems = [
        {"field": field, "message": message}
        for field, message in (
            ("title", _wrong_title(order)),
            ("architecture", _wrong_architecture(source, order)),
            ("counts", _wrong_counts(source, order)),
            ("size", _wrong_size(source, order)),
            ("effort", "" if order.effort in Effort.values else "Choose quick, standard or thorough."),
            ("epsilon", _wrong_budget(order)),
            ("seed", "" if order.seed is None or 0 <= order.seed < 2**31 else "The seed is from 0 to 2,147,483,647."),
            ("licence", "" if order.licence.strip() else "Name the licence under which the set may be used."),
            ("replaces", _wrong_predecessor(source, order)),
        )
        if message
    ]
    if problems:
        raise DomainError(" ".join(problem["message"] for problem in problems), code="bad_order", problems=problems)


@transaction.atomic
def _create(user: User, source: SourceDataset, order: Order) -> SyntheticSet:
    # Locked, so that a withdrawal at the same moment either sees this order or prevents it.
    source = SourceDataset.objects.select_for_update().get(pk=source.pk)
    if not source.may_be_ordered_from:
        raise Conflict(f"“{source}” was withdrawn a moment ago.", code="source_not_released")
    if order.replaces is not None:
        _succeed(order.replaces)
    new = SyntheticSet(
        public_id=uuid.uuid4(),
        institution=source.institution,
        source=source,
        ordered_by=user,
        title=_one_line(order.title),
        kind=source.kind,
        architecture=order.architecture,
        counts={name: number for name, number in order.counts.items() if number},
        size=order.size,
        effort=order.effort,
        epsilon=order.epsilon,
        delta=None if order.epsilon is None else order.delta,
        seed=secrets.randbelow(2**31) if order.seed is None else order.seed,
        visible_mark=order.visible_mark,
        licence=order.licence.strip(),
        citation=order.citation.strip(),
        replaces=order.replaces,
        version=order.replaces.version + 1 if order.replaces else 1,
    )
    new.job = jobs.enqueue(
        kind=MAKE,
        subject_id=str(new.public_id),
        requested_by=user,
        institution=source.institution,
        total=PER_CENT,
        queue=settings.SYNTHESIS_QUEUE,
    )
    new.full_clean()
    new.save()
    audit.record(
        Action.ORDER_SET,
        object_type="synthetic-set",
        object_id=new.public_id,
        purpose="research",
        detail={
            "source": str(source.public_id),
            "architecture": new.architecture,
            "counts": new.counts,
            "size": new.size,
            "effort": str(new.effort),
            "epsilon": new.epsilon,
        },
    )
    return new


def _succeed(replaced: SyntheticSet) -> None:
    """Makes room for the next version of a set: one that was never published, and never will be, gives up its place."""
    # Locked, so that of two orders at the same moment one is told of the other.
    locked = SyntheticSet.objects.select_for_update().get(pk=replaced.pk)
    if message := _wrong_successor(locked):
        raise Conflict(message, code="newer_version")
    SyntheticSet.objects.filter(replaces=locked).update(replaces=None)


def _one_line(text: str) -> str:
    return _LINE_BREAKS.sub(" ", text).strip()


def _wrong_title(order: Order) -> str:
    title = _one_line(order.title)
    if not title:
        return "Give the set a title."
    return "The title has at most 120 characters." if len(title) > 120 else ""


def _wrong_architecture(source: SourceDataset, order: Order) -> str:
    known = ARCHITECTURES.get(order.architecture)
    if known is None or known.kind != source.kind:
        names = ", ".join(one.name for one in architectures_for(source.kind))
        return f"No generator named “{order.architecture}” makes {source.get_kind_display()}: choose one of {names}."
    return ""


def _wrong_counts(source: SourceDataset, order: Order) -> str:
    for name, number in order.counts.items():
        if name not in source.classes:
            return f"The source has no records of the class “{name}”: it has {', '.join(source.classes)}."
        if number < 0:
            return f"{name}: a count is not negative."
    total = sum(order.counts.values())
    most = MOST_RECORDS if order.size is None else MOST_PICTURES.get(order.size, MOST_RECORDS)
    if not LEAST_RECORDS <= total <= most:
        return f"Order from {LEAST_RECORDS} to {most:,} records in all; this order has {total:,}."
    if not order.counts.get("malignant") or not any(number for name, number in order.counts.items() if name in OTHERS):
        return "Order malignant records and others: whether a set is of use is measured by telling the two apart."
    return ""


def _wrong_size(source: SourceDataset, order: Order) -> str:
    if source.kind == Kind.FNA:
        return "" if order.size is None else "FNA measurements have no picture size: leave it out."
    return "" if order.size in SIZES else f"Pictures are {' or '.join(map(str, SIZES))} pixels wide."


def _wrong_budget(order: Order) -> str:
    if order.epsilon is None:
        return ""
    known = ARCHITECTURES.get(order.architecture)
    if known is not None and not known.can_be_private:
        able = ", ".join(one.name for one in architectures_for(known.kind) if one.can_be_private)
        return f"{order.architecture} cannot be trained with a privacy guarantee: choose {able}, or leave ε out."
    if order.epsilon not in EPSILONS:
        return f"ε is one of {', '.join(f'{one:g}' for one in EPSILONS)}: the smaller, the more private."
    return "" if 0 < order.delta <= 1e-3 else "δ is above 0 and at most 0.001."


def _wrong_predecessor(source: SourceDataset, order: Order) -> str:
    if order.replaces is None:
        return ""
    if order.replaces.institution_id != source.institution_id or order.replaces.kind != source.kind:
        return "A new version replaces a set of the same kind and institution."
    return _wrong_successor(order.replaces)


def _wrong_successor(replaced: SyntheticSet) -> str:
    newer = SyntheticSet.objects.filter(replaces=replaced).exclude(stage__in=NEVER_PUBLISHED, published_at=None)
    if not newer.exists():
        return ""
    return (
        f"“{replaced}” has a newer version already. Order a new version of that one; if it is not published, withdraw "
        "it first."
    )
