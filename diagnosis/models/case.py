"""A case on the worklist, and the FNA sample that it may be about."""

import uuid
from typing import Any, ClassVar

import numpy as np
from django.conf import settings
from django.db import models
from numpy.typing import NDArray

from accounts.models import Institution
from diagnosis.models.batch import FnaBatch
from diagnosis.models.study import Study
from diagnosis.models.visibility import ClinicalQuerySet


class CaseQuerySet(ClinicalQuerySet["Case"]):
    """Cases; one of imaging is seen by whoever sees its patient."""

    patient_path = "study__patient"
    case_path = "pk"


class Case(models.Model):
    """One question to the second reader."""

    class Kind(models.TextChoices):
        FNA = "fna", "FNA"
        IMAGING = "imaging", "Imaging"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.FNA)
    study = models.OneToOneField(Study, null=True, on_delete=models.CASCADE, related_name="case")
    reference = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="The hospital's own sample number, verbatim."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    answer = models.ForeignKey(
        "Prediction",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The newest prediction; of a study, that of its most suspicious image.",
    )
    unread_reason = models.TextField(blank=True, help_text="Why no model reads it, in plain words.")

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["institution", "-created_at"], name="case_institution_newest")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(kind="imaging", study__isnull=False) | models.Q(kind="fna", study__isnull=True),
                name="case_of_imaging_has_study",
            ),
        ]

    def __str__(self) -> str:
        return f"Case {str(self.public_id)[:8]}"

    @property
    def pseudonym(self) -> str:
        """The patient in the audit trail: a study's patient; of an aspirate, which names none, the case itself."""
        return str(self.study.patient.public_id if self.study else self.public_id)


class FnaSample(models.Model):
    """The 30 measurements of one fine-needle aspirate, exactly as given."""

    class KnownOutcome(models.IntegerChoices):
        BENIGN = 0, "Benign"
        MALIGNANT = 1, "Malignant"

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="fna_sample")
    batch = models.ForeignKey(FnaBatch, on_delete=models.PROTECT, related_name="samples")
    row_number = models.PositiveIntegerField(help_text="Row in the person's file, from 1.")
    measurements = models.JSONField(help_text="30 numbers in the schema's order; JSON keeps a double exactly.")
    known_outcome = models.SmallIntegerField(
        null=True,
        choices=KnownOutcome.choices,
        help_text="Diagnosis given with the sample; the model never sees it.",
    )

    class Meta:
        ordering: ClassVar = ["batch_id", "row_number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "row_number"], name="sample_row_once_per_batch"),
        ]

    def __str__(self) -> str:
        return f"FNA sample of {self.case}"

    def as_array(self) -> NDArray[Any]:
        """The measurements as float64, shape (30,)."""
        return np.asarray(self.measurements, dtype=np.float64)
