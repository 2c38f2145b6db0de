"""Emergency access: beginning it, ending it, judging it (ACC-19)."""

from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.audit.emergencies import PURPOSE
from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, EmergencyAccess, Institution, Outcome, Role, User
from accounts.models.emergency_access import SHORTEST_EXPLANATION
from accounts.people import letters
from accounts.people.restricted_records import RestrictedRecord, hidden_with_number

MINUTES = (15, 30, 60)
WRONG_NUMBERS_AN_HOUR = 10
AN_HOUR = timedelta(hours=1)

LinkTo = Callable[[EmergencyAccess], str]


class NoSuchRecord(DomainError):
    """Nothing restricted has this number, or it is not hidden: both sound the same."""

    code = "no_restricted_record"


class TooManyWrongNumbers(DomainError):
    """Whoever tries numbers is stopped. `retry_after` is in seconds."""

    status = 429
    code = "too_many_wrong_numbers"

    def __init__(self, retry_after: int) -> None:
        super().__init__(
            f"{WRONG_NUMBERS_AN_HOUR} numbers in an hour led to no restricted record, so no more are taken for now. "
            "If a patient is in danger, ask whoever treats them."
        )
        self.retry_after = retry_after


def begin_access(
    *, user: User, number: str, reason: str, explanation: str, minutes: int, link_to: LinkTo
) -> list[EmergencyAccess]:
    """Opens what is restricted under a hospital number, for so many minutes, and tells the auditors.

    Raises:
        NoSuchRecord: nothing that is hidden from this person has the number. That is recorded and counted.
        TooManyWrongNumbers: that happened too often within the hour.
        DomainError: the explanation is too short, or the reason or the time is none of those offered.
        AuditUnavailable: it could not be recorded, so nothing was opened.
    """
    explanation = explanation.strip()
    if len(explanation) < SHORTEST_EXPLANATION:
        raise DomainError(f"Explain in at least {SHORTEST_EXPLANATION} characters why you must see the record.")
    if reason not in EmergencyAccess.Reason.values or minutes not in MINUTES:
        raise DomainError("Choose one of the reasons and one of the times offered.")
    with transaction.atomic():
        # One attempt of a person after the other, or many at once would pass the limit together.
        User.objects.select_for_update().get(pk=user.pk)
        _refuse_guessing(user)
        records = hidden_with_number(user, number.strip()) if number.strip() else []
        opened = [_open(user, record, reason, explanation, minutes) for record in records]
        if not opened:
            audit.record(
                Action.EMERGENCY_ACCESS, object_type="restricted-record", outcome=Outcome.FAILURE, purpose=PURPOSE
            )
    if not opened:
        raise NoSuchRecord("No restricted record has this number.")
    for access in opened:
        _tell_auditors(access, link_to(access))
    return opened


def running_for(user: User) -> QuerySet[EmergencyAccess]:
    """What this person has open now."""
    return EmergencyAccess.objects.running().filter(user=user).order_by("ends_at", "pk")


@transaction.atomic
def end_access(*, access: EmergencyAccess, reason: str = "ended") -> bool:
    """Ends an access before its time; False where it was over."""
    if not EmergencyAccess.objects.running().filter(pk=access.pk).update(ended_at=Now()):
        return False
    audit.record(
        Action.END_EMERGENCY_ACCESS,
        object_type="emergency-access",
        object_id=access.public_id,
        patient_pseudonym=access.patient_pseudonym,
        purpose=PURPOSE,
        detail={"emergency_access": str(access.public_id), "reason": reason},
    )
    return True


def end_accesses_of(user: User, *, reason: str) -> None:
    """Ends whatever the person has open, as when they leave or change their role."""
    for access in running_for(user):
        end_access(access=access, reason=reason)


@transaction.atomic
def judge_access(*, access: EmergencyAccess, auditor: User, verdict: str, note: str) -> None:
    """Keeps an auditor's judgement, which stays.

    Raises:
        DomainError: there is no such verdict, or no note.
        Conflict: it was judged before, or the auditor would judge their own access.
    """
    if verdict not in EmergencyAccess.Verdict.values or not note.strip():
        raise DomainError("Say whether the access was justified, and why.")
    if access.user_id == auditor.pk:
        raise Conflict("Nobody judges their own access: another auditor must.")
    judged = EmergencyAccess.objects.filter(pk=access.pk, verdict="").update(
        verdict=verdict, verdict_note=note.strip(), reviewed_by=auditor, reviewed_at=Now()
    )
    if not judged:
        raise Conflict("This access was judged already; a judgement is not changed.")
    audit.record(
        Action.REVIEW,
        object_type="emergency-access",
        object_id=access.public_id,
        patient_pseudonym=access.patient_pseudonym,
        purpose="audit",
        detail={"verdict": verdict, "of": str(access.user.public_id)},
    )


def unreviewed(institution: Institution) -> QuerySet[EmergencyAccess]:
    """The institution's accesses that wait for an auditor's judgement, newest first."""
    return EmergencyAccess.objects.unreviewed().filter(institution=institution).select_related("user")


def events_under(access: EmergencyAccess) -> QuerySet[AuditEvent]:
    """What was done under the access, oldest first."""
    until = access.ended_at or access.ends_at
    return AuditEvent.objects.filter(
        institution_id_text=str(access.institution.public_id),
        actor_id_text=str(access.user.public_id),
        at__range=(access.started_at - timedelta(seconds=1), until + timedelta(minutes=1)),
        detail__emergency_access=str(access.public_id),
    ).order_by("at", "pk")


def _refuse_guessing(user: User) -> None:
    wrong = AuditEvent.objects.filter(
        actor_id_text=str(user.public_id),
        action=Action.EMERGENCY_ACCESS,
        outcome=Outcome.FAILURE,
        at__gt=timezone.now() - AN_HOUR,
    )
    times = list(wrong.order_by("-at").values_list("at", flat=True)[:WRONG_NUMBERS_AN_HOUR])
    if len(times) == WRONG_NUMBERS_AN_HOUR:
        wait = times[-1] + AN_HOUR - timezone.now()
        raise TooManyWrongNumbers(retry_after=max(1, int(wait.total_seconds()) + 1))


def _open(user: User, record: RestrictedRecord, reason: str, explanation: str, minutes: int) -> EmergencyAccess:
    access = EmergencyAccess.objects.create(
        institution=user.institution,
        user=user,
        patient_pseudonym=record.pseudonym,
        record_kind=record.kind,
        reason=reason,
        explanation=explanation,
        ends_at=Now() + timedelta(minutes=minutes),
    )
    access.refresh_from_db()
    audit.record(
        Action.EMERGENCY_ACCESS,
        object_type="restricted-record",
        object_id=record.pseudonym,
        patient_pseudonym=record.pseudonym,
        purpose=PURPOSE,
        detail={"emergency_access": str(access.public_id), "reason": reason, "minutes": minutes},
    )
    return access


def _tell_auditors(access: EmergencyAccess, link: str) -> None:
    """An e-mail to each auditor, or to the administrators where there is none; it names no patient.

    The access waits on the auditors' page whether or not the message leaves, so a failing mail server opens or closes
    nothing.
    """
    people = User.objects.filter(institution=access.institution, is_active=True)
    addressed = people.filter(role=Role.AUDITOR) or people.filter(role=Role.ADMIN)
    text = (
        f"{access.user.full_name} used emergency access to a restricted record at {access.institution}, "
        f"on {access.started_at:%d %B %Y} at {access.started_at:%H:%M} UTC, "
        f"until {access.ends_at:%H:%M} at the latest.\n\n"
        f"Reason: {access.get_reason_display()}.\n\n"
        f"Look at what was read, and judge whether it was justified:\n{link}\n"
    )
    if letters.send("Emergency access to a restricted record", text, to=[auditor.email for auditor in addressed]):
        EmergencyAccess.objects.filter(pk=access.pk).update(notified_at=Now())
