"""What must stay in the audit trail however old it gets."""

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.user import Role


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    """Legal holds."""

    def visible_to(self, user: Any) -> Self:
        """Auditors and administrators see their institution's holds."""
        if not user.is_authenticated or user.role not in {Role.AUDITOR, Role.ADMIN}:
            return self.none()
        return self.filter(institution_id_text=str(user.institution.public_id))

    def in_force(self) -> Self:
        """Those not lifted."""
        return self.filter(lifted_at__isnull=True)


class LegalHold(models.Model):
    """An order to keep a part of the trail: of a patient, of a person's acts, of a period, or of all three together.

    What is left empty does not narrow it: a hold with nothing but a reason keeps everything of the institution.
    It is never changed or deleted; lifting it is a second entry on the same row.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution_id_text = models.CharField(max_length=36)
    patient_pseudonym = models.CharField(max_length=64, blank=True)
    person_id_text = models.CharField(max_length=36, blank=True, help_text="Public ID of the person who acted.")
    period_from = models.DateTimeField(null=True, blank=True)
    period_until = models.DateTimeField(null=True, blank=True)
    reason = models.TextField()
    placed_by = models.CharField(max_length=254, help_text="E-mail address.")
    placed_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_by = models.CharField(max_length=254, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="legal_hold_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by="", lift_reason="")
                | Q(lifted_at__isnull=False) & ~Q(lifted_by="") & ~Q(lift_reason=""),
                name="legal_hold_lifted_by_somebody_for_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(period_from__isnull=True)
                | Q(period_until__isnull=True)
                | Q(period_from__lte=models.F("period_until")),
                name="legal_hold_period_ordered",
            ),
        ]

    def __str__(self) -> str:
        return f"Legal hold {str(self.public_id)[:8]}"
