"""Emergency access: a look at a restricted record for a reason, for an hour at most, judged afterwards."""

import uuid
from datetime import datetime, timedelta
from math import ceil
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from accounts.models.institution import Institution
from accounts.models.user import Role

LONGEST = timedelta(minutes=60)
SHORTEST_EXPLANATION = 20


class EmergencyAccessQuerySet(models.QuerySet["EmergencyAccess"]):
    """Emergency accesses, by who may look at them and whether they still open anything."""

    def visible_to(self, user: Any) -> Self:
        """Auditors see all of the own institution's; nobody else sees any here."""
        if not user.is_authenticated or user.role != Role.AUDITOR:
            return self.none()
        return self.filter(institution=user.institution_id)

    def running(self) -> Self:
        """Those that open a record now, by the database's clock."""
        return self.filter(ended_at__isnull=True, ends_at__gt=Now())

    def unreviewed(self) -> Self:
        """Those that no auditor has judged yet."""
        return self.filter(verdict="")


class EmergencyAccess(models.Model):
    """One person's access to one restricted record, named by its pseudonym as in the audit trail."""

    class Reason(models.TextChoices):
        EMERGENCY = "emergency", "The patient’s life or health is in danger now"
        COVER = "cover", "I stand in for the person who treats the patient"
        CONSULT = "consult", "I was asked for a second opinion"
        OTHER = "other", "Something else"

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified", "Justified"
        NOT_JUSTIFIED = "not-justified", "Not justified"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergency_accesses")
    patient_pseudonym = models.CharField(max_length=64)
    record_kind = models.CharField(max_length=40, help_text="What kind of record it is, in words.")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    explanation = models.TextField(help_text="Why, in the person's own words.")
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When it was ended early.")
    notified_at = models.DateTimeField(null=True, help_text="When the auditors' e-mail was handed over.")
    verdict = models.CharField(max_length=13, blank=True, choices=Verdict.choices)
    verdict_note = models.TextField(blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    objects = EmergencyAccessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "emergency accesses"
        ordering: ClassVar = ["-started_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["user", "ends_at"], name="emergency_user_end"),
            models.Index(fields=["institution", "-started_at"], name="emergency_institution_newest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at__lte=F("started_at") + LONGEST), name="emergency_an_hour_at_most"
            ),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length("explanation"), SHORTEST_EXPLANATION),
                name="emergency_is_explained",
            ),
            models.CheckConstraint(
                condition=Q(verdict="", reviewed_by__isnull=True, reviewed_at__isnull=True)
                | (~Q(verdict="") & Q(reviewed_by__isnull=False, reviewed_at__isnull=False)),
                name="emergency_verdict_has_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("user")),
                name="emergency_judged_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"Emergency access {str(self.public_id)[:8]}"

    @property
    def over_at(self) -> datetime:
        """When it opens nothing any more, or opened nothing from."""
        return self.ended_at or self.ends_at

    @property
    def seconds_left(self) -> int:
        """How long it still runs, 0 when it is over; for showing alone."""
        return max(0, ceil((self.over_at - timezone.now()).total_seconds()))

    @property
    def is_running(self) -> bool:
        """Whether it opens the record now, by this machine's clock: for showing alone, queries ask the database's."""
        return self.ended_at is None and self.ends_at > timezone.now()
