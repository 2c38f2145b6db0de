"""Patients as an institution's files name them, and the studies made of them."""

import uuid
from typing import ClassVar

from django.db import models

from accounts.models import Institution
from diagnosis.models.visibility import ClinicalQuerySet


class PatientQuerySet(ClinicalQuerySet["Patient"]):
    """Patients; a restricted one is hidden with everything that is known of it."""

    patient_path = "pk"


class Patient(models.Model):
    """One person at one institution: equal patient IDs at two hospitals are two people.

    A file without a patient ID belongs to a patient of its own study, whose `identity` names the study.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    identity = models.CharField(max_length=200, help_text="Patient ID and its issuer, or the study's UID.")
    patient_id = models.CharField(max_length=200, blank=True)
    issuer = models.CharField(max_length=200, blank=True, help_text="Who gave the patient ID.")
    name = models.CharField(max_length=400, blank=True, help_text="As in the file, components separated by ^.")
    birth_date = models.CharField(max_length=8, blank=True, help_text="YYYYMMDD.")
    sex = models.CharField(max_length=16, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "identity"], name="patient_once_per_institution"),
        ]

    def __str__(self) -> str:
        return f"Patient {str(self.public_id)[:8]}"

    @property
    def display_name(self) -> str:
        """The name as people write it: `DOE^JANE^^DR` reads `DOE, JANE`."""
        parts = [part.strip() for part in self.name.split("=")[0].split("^")]
        return ", ".join(part for part in parts[:2] if part)
