"""Restricted records: a colleague, a public figure, or a patient who wishes it, seen by few."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import EmergencyAccess, Institution, Role


@dataclass(frozen=True)
class Records:
    """Restricted records by their keys: of imaging patients, and of FNA cases."""

    patients: Iterable[Any]
    cases: Iterable[Any]

    def looked_up(self) -> "Records":
        """The same, asked for now: where a query would nest too deep for SQLite."""
        return Records(*([key for (key,) in keys] for keys in (self.patients, self.cases)))


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    """Restrictions in force, and whom they keep out."""

    def in_force(self) -> Self:
        """Those that nobody has lifted."""
        return self.filter(lifted_at__isnull=True)

    def visible_to(self, user: Any) -> Self:
        """An administrator sees that records of the own institution are restricted; the records stay hidden."""
        if not user.is_authenticated or user.role != Role.ADMIN:
            return self.none()
        return self.filter(institution=user.institution_id)

    def liftable_by(self, user: Any) -> Self:
        """Those in force that an administrator, or one of the few, may lift."""
        rows = self.in_force().filter(institution=user.institution_id)
        return rows if user.role == Role.ADMIN else rows.filter(seen_by=user.pk)

    def hidden_from(self, user: Any) -> Self:
        """Those whose records this clinician must not see: neither of the few, nor under a running emergency access.

        A running access is looked for at each query, so it ends by itself.
        """
        opened = EmergencyAccess.objects.running().filter(user=user.pk).values("patient_pseudonym")
        among_the_few = self.model.seen_by.through.objects.filter(user=user.pk).values("restriction")
        in_force = self.in_force().filter(institution=user.institution_id)
        return in_force.exclude(pk__in=among_the_few).exclude(pseudonym__in=opened)

    def records(self) -> "Records":
        """What they are about, as parts of the query that asks for it."""
        return Records(
            patients=self.filter(patient__isnull=False).values_list("patient"),
            cases=self.filter(case__isnull=False).values_list("case"),
        )


class Restriction(models.Model):
    """An imaging patient, with all studies, or one FNA case, that only `seen_by` may see.

    Who these few are is settled when the record is restricted: a file sent later must not let its sender in.
    """

    class Reason(models.TextChoices):
        STAFF = "staff", "The patient works here, or is close to somebody who does"
        PUBLIC = "public", "The patient is known to the public"
        WISH = "wish", "The patient wishes it"
        OTHER = "other", "Something else"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("diagnosis.Patient", null=True, on_delete=models.CASCADE, related_name="restrictions")
    case = models.ForeignKey("diagnosis.Case", null=True, on_delete=models.CASCADE, related_name="restrictions")
    pseudonym = models.CharField(max_length=36, help_text="Of the patient or the case, as in the audit trail.")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    note = models.TextField(blank=True)
    seen_by = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    restricted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    restricted_at = models.DateTimeField(db_default=Now(), editable=False)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-restricted_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(patient__isnull=True, case__isnull=False) | Q(patient__isnull=False, case__isnull=True),
                name="restriction_of_one_record",
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(lifted_at__isnull=True), name="patient_restricted_once"
            ),
            models.UniqueConstraint(fields=["case"], condition=Q(lifted_at__isnull=True), name="case_restricted_once"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="restriction_lifted_by_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution"], condition=Q(lifted_at__isnull=True), name="restriction_in_force"),
        ]

    def __str__(self) -> str:
        return f"Restriction {str(self.public_id)[:8]}"
