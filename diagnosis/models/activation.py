"""Which model answers at an institution: proposed by one person, decided by another."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Institution
from diagnosis.models.installed_model import InstalledModel
from diagnosis.models.prediction import Prediction
from jobs.models import Job


class OwnInstitutionQuerySet(models.QuerySet[Any]):
    """Rows about an institution's models: no patient's data, so every role of the institution may see them."""

    def visible_to(self, user: Any) -> Self:
        """The rows of the person's institution."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(institution=user.institution_id)


class Rehearsal(models.Model):
    """A candidate model run over an institution's past cases, to see which answers would flip."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    candidate = models.ForeignKey(InstalledModel, on_delete=models.PROTECT, related_name="+")
    current = models.ForeignKey(InstalledModel, null=True, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")

    objects = OwnInstitutionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"Rehearsal of {self.candidate}"


class RehearsedAnswer(models.Model):
    """What the candidate would have answered where the current model gave `prediction`."""

    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.CASCADE, related_name="answers")
    prediction = models.ForeignKey(Prediction, on_delete=models.CASCADE, related_name="+")
    status = models.CharField(max_length=9, choices=Prediction.Status.choices)
    finding = models.CharField(max_length=9, blank=True, choices=Prediction.Finding.choices)
    probability = models.FloatField(null=True)
    flips = models.BooleanField(help_text="Status or finding would differ.")

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rehearsal", "prediction"], name="rehearsed_once_per_prediction"),
        ]

    def __str__(self) -> str:
        return f"Rehearsed answer {self.pk}"


class ModelActivation(models.Model):
    """A proposal to have a model answer at an institution, and what a second person decided.

    The newest approved one for a modality is in force; without any, the site's default model answers.
    """

    class Decision(models.TextChoices):
        PENDING = "pending", "Waiting for a second person"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    model = models.ForeignKey(InstalledModel, on_delete=models.PROTECT, related_name="activations")
    modality = models.CharField(max_length=16)
    reason = models.TextField(help_text="Why the model should answer here.")
    rehearsal = models.ForeignKey(Rehearsal, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decision = models.CharField(max_length=9, choices=Decision.choices, default=Decision.PENDING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)

    objects = OwnInstitutionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-proposed_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution", "modality"],
                condition=Q(decision="pending"),
                name="one_pending_activation_per_modality",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["approved", "rejected"])
                | Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by")),
                name="activation_decided_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} at {self.institution}: {self.get_decision_display()}"
