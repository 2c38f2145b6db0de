"""Studies and their series, as DICOM means them."""

import uuid
from typing import ClassVar

from django.db import models

from accounts.models import Institution
from diagnosis.models.patient import Patient
from diagnosis.models.visibility import ClinicalQuerySet


class StudyQuerySet(ClinicalQuerySet["Study"]):
    """Studies, seen by whoever sees their patient."""

    patient_path = "patient"


class Study(models.Model):
    """What was examined in one visit: series of images, and what was written about them."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="studies")
    uid = models.CharField("Study Instance UID", max_length=64)
    date = models.CharField(max_length=8, blank=True, help_text="YYYYMMDD.")
    time = models.CharField(max_length=16, blank=True, help_text="HHMMSS.")
    description = models.CharField(max_length=400, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)
    is_deidentified = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "uid"], name="study_once_per_institution"),
        ]
        indexes: ClassVar = [models.Index(fields=["institution", "-created_at"], name="study_institution_newest")]

    def __str__(self) -> str:
        return f"Study {str(self.public_id)[:8]}"


class SeriesQuerySet(ClinicalQuerySet["Series"]):
    """Series, seen by whoever sees their study."""

    institution_path = "study__institution"
    patient_path = "study__patient"


class Series(models.Model):
    """Images of one kind, made in one go."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="series")
    uid = models.CharField("Series Instance UID", max_length=64)
    number = models.IntegerField(null=True)
    modality = models.CharField(max_length=16, blank=True)
    description = models.CharField(max_length=400, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    laterality = models.CharField(max_length=1, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        ordering: ClassVar = ["number", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "uid"], name="series_once_per_study"),
        ]

    def __str__(self) -> str:
        return f"Series {self.number if self.number is not None else str(self.public_id)[:8]}"
