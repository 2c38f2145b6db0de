"""The daily review of an institution's audit trail."""

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from accounts.models.institution import Institution
from accounts.models.user import Role


class DailyReviewQuerySet(models.QuerySet["DailyReview"]):
    """Days, seen by whoever sees the trail."""

    def visible_to(self, user: Any) -> Self:
        """Auditors and administrators see their own institution's days; nobody else sees any."""
        if not user.is_authenticated or user.role not in {Role.AUDITOR, Role.ADMIN}:
            return self.none()
        return self.filter(institution=user.institution_id)


class DailyReview(models.Model):
    """One day of an institution on which something was recorded: how much, and who signed that it was reviewed."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(help_text="In the institution's time zone.")
    ends_at = models.DateTimeField(help_text="When the day is over there.")
    event_count = models.PositiveIntegerField(default=0)
    patient_count = models.PositiveIntegerField(default=0)
    person_count = models.PositiveIntegerField(default=0)
    computed_at = models.DateTimeField(auto_now=True)
    signed_by = models.CharField(max_length=254, blank=True)
    signed_by_id_text = models.CharField(max_length=36, blank=True)
    signed_at = models.DateTimeField(null=True)
    note = models.TextField(max_length=2000, blank=True)

    objects = DailyReviewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-day"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "day"], name="daily_review_once"),
            models.CheckConstraint(
                condition=Q(signed_by="", signed_at__isnull=True) | (~Q(signed_by="") & Q(signed_at__isnull=False)),
                name="daily_review_signed_by_whom",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution} {self.day}"
