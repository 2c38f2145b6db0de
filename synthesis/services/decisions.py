"""What is decided about a finished set: by a second person, an administrator who did not order it."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Role, User
from jobs import services as jobs
from synthesis.job_kinds import PUBLISH
from synthesis.models import SourceDataset, Stage, SyntheticSet
from synthesis.services.leftovers import discard

Audience = SyntheticSet.Audience
# Nothing works on a set at these stages, or somebody who could has stopped.
WITHDRAWABLE = (Stage.MAKING, Stage.BLOCKED, Stage.AWAITING_APPROVAL, Stage.PUBLISHING, Stage.PUBLISHED)


class NotForYou(DomainError):
    """Somebody else has to decide this."""

    status = 403
    code = "needs_a_second_person"


def may_decide(user: User, synthetic_set: SyntheticSet) -> bool:
    """Whether this person is the second one: an administrator of the institution who did not order the set."""
    return (
        user.role == Role.ADMIN
        and user.institution_id == synthetic_set.institution_id
        and user.pk != synthetic_set.ordered_by_id
    )


def may_withdraw(user: User, synthetic_set: SyntheticSet) -> bool:
    """Whether this person may take the set back: whoever ordered it, or an administrator of the institution."""
    if user.institution_id != synthetic_set.institution_id:
        return False
    return user.role == Role.ADMIN or (user.role == Role.RESEARCHER and user.pk == synthetic_set.ordered_by_id)


@transaction.atomic
def approve(*, user: User, synthetic_set: SyntheticSet, note: str, audience: str) -> SyntheticSet:
    """Releases a set that passed the gate; a worker packs and publishes it once this commits.

    Raises:
        NotForYou: the person ordered the set, or is no administrator of the institution.
        Conflict: the set does not wait for approval, or its source was withdrawn.
        DomainError: no note is given, or the audience is unknown.
    """
    if audience not in Audience.values:
        raise DomainError(f"The audience is one of {', '.join(Audience.values)}.", code="unknown_audience")
    return _decide(user, synthetic_set, Stage.PUBLISHING, note, audience=audience)


@transaction.atomic
def reject(*, user: User, synthetic_set: SyntheticSet, note: str) -> SyntheticSet:
    """Turns a set down that passed the gate; its records are never published.

    Raises:
        NotForYou: the person ordered the set, or is no administrator of the institution.
        Conflict: the set does not wait for approval.
        DomainError: no note is given.
    """
    rejected = _decide(user, synthetic_set, Stage.REJECTED, note)
    transaction.on_commit(lambda: discard(rejected), robust=True)
    return rejected


@transaction.atomic
def withdraw_set(*, user: User, synthetic_set: SyntheticSet, reason: str) -> SyntheticSet:
    """Takes a set back. Of a published one nobody gets a file any more; its page says that it was withdrawn and why.

    Raises:
        PermissionDenied: the person neither ordered the set nor is an administrator of the institution.
        Conflict: the set is being worked upon, or was rejected or withdrawn already.
        DomainError: no reason is given.
    """
    if not may_withdraw(user, synthetic_set):
        raise PermissionDenied
    reason = _said(reason, "Say why the set is withdrawn: those who used it will read it.", code="reason_required")
    locked = _locked(synthetic_set)
    if locked.stage not in WITHDRAWABLE:
        raise Conflict(f"The set is {locked.get_stage_display().lower()} already.", code="not_withdrawable")
    working = locked.publishing_job if locked.stage == Stage.PUBLISHING else locked.job
    if working is not None and not working.is_final:
        raise Conflict("The set is being worked upon. Cancel that first, or wait until it is done.", code="set_is_busy")
    _change(
        synthetic_set,
        stage=Stage.WITHDRAWN,
        withdrawn_by=user,
        withdrawn_at=timezone.now(),
        withdrawal_reason=reason,
    )
    _record(Action.WITHDRAW_SET, synthetic_set, {"stage_before": str(locked.stage)})
    transaction.on_commit(lambda: discard(synthetic_set), robust=True)
    return synthetic_set


def _decide(user: User, synthetic_set: SyntheticSet, stage: Stage, note: str, **changes: Any) -> SyntheticSet:
    note = _said(note, "Say in a note what your decision rests on.", code="note_required")
    if not may_decide(user, synthetic_set):
        raise NotForYou(
            "The release of a synthetic set takes two people: an administrator of the institution who did not order "
            "it decides."
        )
    locked = _locked(synthetic_set)
    if locked.stage != Stage.AWAITING_APPROVAL:
        raise Conflict(
            f"This set does not wait for approval: it is {locked.get_stage_display().lower()}.", code="not_awaiting"
        )
    if stage == Stage.PUBLISHING:
        _check_source(locked)
        changes["publishing_job"] = jobs.enqueue(
            kind=PUBLISH,
            subject_id=str(synthetic_set.public_id),
            requested_by=user,
            institution=synthetic_set.institution,
            total=synthetic_set.total,
            queue=settings.SYNTHESIS_QUEUE,
        )
    now: datetime = timezone.now()
    _change(synthetic_set, stage=stage, decided_by=user, decided_at=now, decision_note=note, **changes)
    _record(Action.DECIDE_SET, synthetic_set, {"decision": str(stage), "audience": str(synthetic_set.audience)})
    return synthetic_set


def _check_source(synthetic_set: SyntheticSet) -> None:
    # Locked, so that a withdrawal at the same moment comes before or after.
    source = SourceDataset.objects.select_for_update().get(pk=synthetic_set.source_id)
    if not source.may_be_ordered_from:
        raise Conflict(
            f"“{source}” was withdrawn, so nothing made from it is published any more. Reject or withdraw the set.",
            code="source_withdrawn",
        )


def _locked(synthetic_set: SyntheticSet) -> SyntheticSet:
    # The set alone: a job at its end locks its own row first and the set's afterwards.
    return SyntheticSet.objects.select_for_update(of=("self",)).select_related("job").get(pk=synthetic_set.pk)


def _change(synthetic_set: SyntheticSet, **changes: Any) -> None:
    SyntheticSet.objects.filter(pk=synthetic_set.pk).update(**changes)
    synthetic_set.refresh_from_db()


def _said(text: str, otherwise: str, *, code: str) -> str:
    if not text.strip():
        raise DomainError(otherwise, code=code)
    return text.strip()


def _record(action: Action, synthetic_set: SyntheticSet, detail: dict[str, Any]) -> None:
    audit.record(
        action,
        object_type="synthetic-set",
        object_id=synthetic_set.public_id,
        purpose="research",
        detail={**detail, "source": str(synthetic_set.source.public_id)},
    )
