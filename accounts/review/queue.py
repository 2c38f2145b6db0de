"""The daily review: each finding is judged, then the day is signed."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, DailyReview, EmergencyAccess, Role, Rule, UnusualAccess, User, Verdict

OVERDUE_AFTER_DAYS = 2


@dataclass(frozen=True)
class Waiting:
    """One day of the queue."""

    review: DailyReview
    found: int
    open: int
    breaches: int

    @property
    def is_over(self) -> bool:
        """Whether nothing can be added to the day any more."""
        return self.review.ends_at <= timezone.now()

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been signed by now."""
        waited = timezone.now() - self.review.ends_at
        return self.review.signed_at is None and waited.total_seconds() > OVERDUE_AFTER_DAYS * 86_400

    @property
    def may_be_signed(self) -> bool:
        """Whether the day is over, every finding judged, and nobody has signed yet."""
        return self.is_over and not self.open and self.review.signed_at is None


def findings_of(review: DailyReview) -> QuerySet[UnusualAccess]:
    """What was found on the day. Emergency accesses are judged on their own page, whose verdict counts here."""
    found = UnusualAccess.objects.filter(institution=review.institution_id, day=review.day)
    for finding in found.filter(rule=Rule.EMERGENCY, verdict=""):
        _take_over(finding)
    return found


def _take_over(finding: UnusualAccess) -> None:
    access = EmergencyAccess.objects.exclude(verdict="").select_related("reviewed_by").filter(public_id=finding.key)
    for judged in access:
        assert judged.reviewed_by is not None  # the database holds that a verdict has its reviewer
        justified = judged.verdict == EmergencyAccess.Verdict.JUSTIFIED
        UnusualAccess.objects.filter(pk=finding.pk, verdict="").update(
            verdict=Verdict.FINE if justified else Verdict.BREACH,
            note=judged.verdict_note,
            judged_by=judged.reviewed_by.email,
            judged_by_id_text=str(judged.reviewed_by.public_id),
            judged_at=judged.reviewed_at,
        )


def waiting(reviews: list[DailyReview]) -> list[Waiting]:
    """The days with the numbers of their findings, in the same order."""
    if not reviews:
        return []
    counted = (
        UnusualAccess.objects.filter(
            institution__in={review.institution_id for review in reviews}, day__in=[review.day for review in reviews]
        )
        .order_by()
        .values_list("institution", "day")
        .annotate(
            found=Count("id"),
            open=Count("id", filter=Q(verdict="")),
            breaches=Count("id", filter=Q(verdict=Verdict.BREACH)),
        )
    )
    numbers = {(institution, day): (found, left, breaches) for institution, day, found, left, breaches in counted}
    return [Waiting(review, *numbers.get((review.institution_id, review.day), (0, 0, 0))) for review in reviews]


def may_judge(user: User, finding: UnusualAccess) -> bool:
    """Auditors judge others; what an auditor did, another auditor or an administrator judges.

    An emergency access is judged on its own page.
    """
    if finding.actor_id_text == str(user.public_id) or finding.rule == Rule.EMERGENCY:
        return False
    return user.role == Role.AUDITOR or (user.role == Role.ADMIN and finding.role == Role.AUDITOR)


@transaction.atomic
def judge(*, user: User, finding: UnusualAccess, verdict: str, note: str) -> UnusualAccess:
    """Writes down what a person makes of a finding. What is followed up may be judged again, also on a signed day.

    Raises:
        PermissionDenied: it is about the person, or judging is not the person's work.
        Conflict: the day is signed and nothing was left to follow up.
    """
    if not may_judge(user, finding):
        raise PermissionDenied
    row = UnusualAccess.objects.select_for_update().get(pk=finding.pk)
    signed = DailyReview.objects.filter(institution=row.institution_id, day=row.day, signed_at__isnull=False).exists()
    if signed and row.verdict != Verdict.FOLLOW_UP:
        raise Conflict("The day is signed. Only what was left to follow up can still be judged.", code="day_signed")
    before = row.verdict
    row.verdict, row.note = verdict, note.strip()
    row.judged_by, row.judged_by_id_text, row.judged_at = user.email, str(user.public_id), timezone.now()
    row.full_clean(exclude=["institution", "events"], validate_unique=False)
    row.save()
    audit.record(
        Action.JUDGE_FINDING,
        object_type="unusual-access",
        object_id=row.public_id,
        purpose="audit",
        detail={"rule": row.rule, "day": row.day, "verdict": verdict, "before": before, "about": row.actor},
    )
    return row


@transaction.atomic
def sign(*, user: User, review: DailyReview, note: str) -> DailyReview:
    """Signs a day that is over and whose findings are all judged.

    Raises:
        PermissionDenied: the person is no auditor.
        DomainError: the day is not over, or something is not judged.
        Conflict: somebody has signed it.
    """
    if user.role != Role.AUDITOR:
        raise PermissionDenied
    row = DailyReview.objects.select_for_update().get(pk=review.pk)
    findings_of(row)
    state = waiting([row])[0]
    if row.signed_at is not None:
        raise Conflict(f"{row.signed_by} has signed this day already.", code="day_signed")
    if not state.is_over:
        raise DomainError("The day is not over. Sign it tomorrow.", code="day_not_over")
    if state.open:
        raise DomainError(f"{state.open:,} of the findings are not judged yet.", code="findings_open")
    DailyReview.objects.filter(pk=row.pk, signed_at__isnull=True).update(
        signed_by=user.email, signed_by_id_text=str(user.public_id), signed_at=Now(), note=note.strip()
    )
    audit.record(
        Action.SIGN_REVIEW,
        object_type="daily-review",
        object_id=row.public_id,
        purpose="audit",
        detail={"day": row.day, "findings": state.found, "breaches": state.breaches, "events": row.event_count},
    )
    row.refresh_from_db()
    return row
