"""How long the trail is kept: purging what is old enough, and holds that keep it longer.

On PostgreSQL the database decides (`sql/protection.sql`): its clock, its look at seals, digests and holds. On SQLite
this module does the same, and a trigger refuses what is too young.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from accounts.audit.context import acting, context_for, current
from accounts.audit.protection import RETENTION_YEARS
from accounts.audit.recording import record
from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditDigest, AuditEvent, AuditPurge, LegalHold, Seal, User

_BATCH = 500


@dataclass(frozen=True)
class Purged:
    """What went, or would go, of one source; `until` is the newest of it."""

    source: str
    rows: int
    until: datetime | None


def latest_cutoff() -> datetime:
    """The latest date before which rows may be purged today (UTC)."""
    now = timezone.now()
    try:
        return now.replace(year=now.year - RETENTION_YEARS)
    except ValueError:  # the 29th of February
        return now.replace(year=now.year - RETENTION_YEARS, day=28)


def purge(*, before: datetime, requested_by: User, reason: str, rehearse: bool) -> list[Purged]:
    """Deletes events and row changes older than `before` that are sealed, proven by a digest and under no hold.

    Seals and digests stay; a record of what went is added and sealed like everything else. `rehearse` only counts.

    Raises:
        DomainError: `before` is less than six years ago, or there is no reason.
    """
    if before > latest_cutoff():
        raise DomainError(
            f"Nothing younger than {RETENTION_YEARS} years is purged: choose {latest_cutoff():%d %B %Y} or earlier.",
            code="too_young",
        )
    if not reason.strip():
        raise DomainError("Say why: the reason is kept beside the record of what went.", code="reason_missing")
    who = requested_by.email
    with transaction.atomic(), acting(context_for(requested_by, request_id=current().request_id)):
        delete = _purge_on_postgresql if connection.vendor == "postgresql" else _purge_on_sqlite
        purged = delete(before, who, reason, rehearse)
        if not rehearse:
            detail: dict[str, Any] = {"before": f"{before:%Y-%m-%d}", "reason": reason}
            record(
                Action.PURGE_AUDIT,
                object_type="audit",
                purpose="retention",
                detail={**detail, **{one.source: one.rows for one in purged}},
            )
    return purged


def _purge_on_postgresql(before: datetime, who: str, reason: str, rehearse: bool) -> list[Purged]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM audit_purge(%s, %s, %s, %s)", [before, who, reason, rehearse])
        return [Purged(*row) for row in cursor.fetchall()]


def _purge_on_sqlite(before: datetime, who: str, reason: str, rehearse: bool) -> list[Purged]:
    """Events only: there is no history of rows."""
    proven = (
        AuditDigest.objects.filter(made_at__lte=latest_cutoff())
        .order_by("-last_seq")
        .values_list("last_seq", flat=True)
        .first()
    )
    seal = Seal.objects.filter(source="event", row_id=OuterRef("pk"))
    aged = (
        AuditEvent.objects.filter(at__lt=before)
        .annotate(seq=Subquery(seal.values("seq")), row_sha256=Subquery(seal.values("row_sha256")))
        .filter(seq__lte=proven or 0)
        .exclude(_held())
        .order_by("seq")
    )
    rows = list(aged.values_list("pk", "at", "seq", "row_sha256"))
    until = max((at for _, at, _, _ in rows), default=None)
    if rows and not rehearse:
        keys = [key for key, *_ in rows]
        AuditPurge.objects.create(
            source="event",
            first_row_id=min(keys),
            last_row_id=max(keys),
            first_seq=rows[0][2],
            last_seq=rows[-1][2],
            rows=len(rows),
            rows_sha256=hashlib.sha256("".join(digest for *_, digest in rows).encode()).hexdigest(),
            before=before,
            reason=reason,
            purged_by=who,
        )
        for start in range(0, len(keys), _BATCH):
            AuditEvent.objects.filter(pk__in=keys[start : start + _BATCH]).delete()
    return [Purged("event", len(rows), until)]


def _held() -> Q:
    """The events that a hold keeps. The same as `audit_is_held` in the database."""
    held = Q(pk__in=[])
    for hold in LegalHold.objects.in_force():
        one = Q(institution_id_text__in=[hold.institution_id_text, ""])
        if hold.patient_pseudonym:
            one &= Q(patient_pseudonym=hold.patient_pseudonym)
        if hold.person_id_text:
            one &= Q(actor_id_text=hold.person_id_text) | Q(object_id_text=hold.person_id_text)
        if hold.period_from:
            one &= Q(at__gte=hold.period_from)
        if hold.period_until:
            one &= Q(at__lte=hold.period_until)
        held |= one
    return held


def place_hold(
    *,
    user: User,
    reason: str,
    patient_pseudonym: str = "",
    person_id_text: str = "",
    period_from: datetime | None = None,
    period_until: datetime | None = None,
) -> LegalHold:
    """Keeps a part of the institution's trail until the hold is lifted.

    Raises:
        ValidationError: there is no reason, or the period ends before it begins.
    """
    hold = LegalHold(
        institution_id_text=str(user.institution.public_id),
        patient_pseudonym=patient_pseudonym,
        person_id_text=person_id_text,
        period_from=period_from,
        period_until=period_until,
        reason=reason.strip(),
        placed_by=user.email,
    )
    hold.full_clean()
    with transaction.atomic():
        hold.save()
        record(
            Action.PLACE_HOLD,
            object_type="legal-hold",
            object_id=hold.public_id,
            patient_pseudonym=patient_pseudonym,
            purpose="retention",
            detail={"person": person_id_text},
        )
    return hold


def lift_hold(*, user: User, hold: LegalHold, reason: str) -> None:
    """Ends a hold; its row stays.

    Raises:
        DomainError: there is no reason.
        Conflict: somebody has lifted it meanwhile.
    """
    if not reason.strip():
        raise DomainError("Say why the hold is lifted.", code="reason_missing")
    with transaction.atomic():
        lifted = LegalHold.objects.in_force().filter(pk=hold.pk)
        if lifted.update(lifted_at=datetime.now(UTC), lifted_by=user.email, lift_reason=reason.strip()) != 1:
            raise Conflict("The hold has been lifted already.")
        record(
            Action.LIFT_HOLD,
            object_type="legal-hold",
            object_id=hold.public_id,
            patient_pseudonym=hold.patient_pseudonym,
            purpose="retention",
        )
    hold.refresh_from_db()
