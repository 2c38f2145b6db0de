"""Restricting a record to a few people, and lifting that again."""

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, Role, User
from accounts.people.emergency import running_for
from diagnosis.models import Case, Instance, Patient, Restriction


@transaction.atomic
def restrict(*, user: User, record: Patient | Case, reason: str, note: str = "") -> Restriction:
    """Hides an imaging patient, or an FNA case, from everybody but whoever sent it and the person who restricts it.

    Raises:
        DomainError: the reason is none of those offered, or "something else" without a note.
        Conflict: it is restricted already.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    note = note.strip()
    if reason not in Restriction.Reason.values:
        raise DomainError("Choose one of the reasons offered.")
    if reason == Restriction.Reason.OTHER and not note:
        raise DomainError("Say in a few words why this record is to be restricted.")
    try:
        with transaction.atomic():
            restriction = Restriction.objects.create(
                institution=record.institution,
                **({"patient": record} if isinstance(record, Patient) else {"case": record}),
                pseudonym=str(record.public_id),
                reason=reason,
                note=note,
                restricted_by=user,
            )
    except IntegrityError as error:
        raise Conflict("This record is restricted already.") from error
    few = User.objects.filter(pk__in=senders_of(record) | {user.pk})
    restriction.seen_by.set(few)
    audit.record(
        Action.RESTRICT,
        object_type="restriction",
        object_id=restriction.public_id,
        patient_pseudonym=restriction.pseudonym,
        detail={"reason": reason, "seen_by": sorted(str(person.public_id) for person in few)},
    )
    return restriction


@transaction.atomic
def lift_restriction(*, restriction: Restriction, user: User) -> None:
    """Shows the record to all clinicians of the institution again.

    Raises:
        DomainError: the person is neither one of the few nor an administrator; an emergency access is no reason.
        Conflict: it was lifted before.
        AuditUnavailable: it could not be recorded, so nothing was changed.
    """
    if restriction.lifted_at is None and not may_lift(restriction, user):
        raise DomainError(
            "Only those who see a restricted record every day, or an administrator, lift its restriction."
        )
    if not Restriction.objects.in_force().filter(pk=restriction.pk).update(lifted_at=Now(), lifted_by=user):
        raise Conflict("This restriction was lifted already.")
    audit.record(
        Action.LIFT_RESTRICTION,
        object_type="restriction",
        object_id=restriction.public_id,
        patient_pseudonym=restriction.pseudonym,
        purpose="treatment" if user.role == Role.CLINICIAN else "",
    )


def restriction_of(record: Patient | Case) -> Restriction | None:
    """The restriction in force, if any."""
    return (
        record.restrictions.filter(lifted_at=None).prefetch_related("seen_by").select_related("restricted_by").first()
    )


def may_lift(restriction: Restriction, user: User) -> bool:
    """Whether the person may show the record to everybody again."""
    if user.role not in {Role.CLINICIAN, Role.ADMIN}:
        return False
    return Restriction.objects.liftable_by(user).filter(pk=restriction.pk).exists()


def may_restrict(record: Patient | Case, user: User) -> bool:
    """Whether the person sees the record every day, not just under an emergency access."""
    return not running_for(user).filter(patient_pseudonym=str(record.public_id)).exists()


def senders_of(record: Patient | Case) -> set[int]:
    """The keys of the people who sent the record, or a part of it."""
    if isinstance(record, Case):
        return {record.created_by_id}
    images = Instance.objects.filter(series__study__patient=record)
    cases = Case.objects.filter(study__patient=record)
    return {sender for rows in (images, cases) for sender in rows.order_by().values_list("created_by", flat=True)}
