"""What a model answered about a case, with everything that replays it."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from diagnosis.models.case import Case
from diagnosis.models.installed_model import InstalledModel
from diagnosis.models.instance import Instance
from diagnosis.models.visibility import ClinicalQuerySet
from jobs.models import Job


class PredictionQuerySet(ClinicalQuerySet["Prediction"]):
    """Predictions, seen by whoever sees their case."""

    institution_path = "case__institution"
    patient_path = "case__study__patient"
    case_path = "case"


class Prediction(models.Model):
    """One answer. Written once, by the job attempt that held the lease; never changed."""

    class Status(models.TextChoices):
        SCORED = "scored", "Scored"
        UNCERTAIN = "uncertain", "Uncertain"
        REFUSED = "refused", "Refused"

    class Finding(models.TextChoices):
        BENIGN = "benign", "Benign"
        MALIGNANT = "malignant", "Malignant"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="predictions")
    instance = models.ForeignKey(
        Instance, null=True, on_delete=models.CASCADE, related_name="predictions", help_text="The image it is about."
    )
    frame = models.PositiveIntegerField(null=True, help_text="The frame that was read, from 1.")
    model = models.ForeignKey(InstalledModel, on_delete=models.PROTECT, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="+")
    attempt = models.PositiveSmallIntegerField(help_text="Attempt of the job that wrote it.")
    created_at = models.DateTimeField(auto_now_add=True)

    status = models.CharField(max_length=9, choices=Status.choices)
    finding = models.CharField(
        max_length=9,
        blank=True,
        choices=Finding.choices,
        help_text="The one class left in the set; scored only.",
    )
    score = models.FloatField(help_text="The ensemble's raw probability of malignancy, before calibration.")
    probability = models.FloatField(null=True, help_text="Calibrated probability of malignancy; none when refused.")
    interval_low = models.FloatField(null=True)
    interval_high = models.FloatField(null=True)
    threshold = models.FloatField(help_text="At or above it the answer reads malignant.")
    prediction_set = models.JSONField(default=list, help_text="Conformal set at the card's coverage.")
    reason = models.TextField(blank=True, help_text="Why it is uncertain or refused, in plain words.")
    reasons = models.JSONField(default=list)
    novelty = models.JSONField(default=dict)
    contributions = models.JSONField(default=dict, help_text="Log-odds towards malignant, by feature.")
    neighbours = models.JSONField(default=list, help_text="Nearest training cases.")
    has_evidence_map = models.BooleanField(default=False)

    seen_in_training = models.BooleanField(help_text="The model was trained on this very sample.")

    weights_sha256 = models.CharField(max_length=64)
    preprocessing_version = models.CharField(max_length=40)
    input_sha256 = models.CharField(max_length=64)
    tile_slot = models.PositiveSmallIntegerField(help_text="Row of the matrix product that computed it.")
    provenance = models.JSONField(default=dict, help_text="Library versions and processor capability.")

    objects = PredictionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "model"],
                condition=Q(instance__isnull=True),
                name="one_prediction_per_sample_and_model",
            ),
            models.UniqueConstraint(
                fields=["instance", "model"],
                condition=Q(instance__isnull=False),
                name="one_prediction_per_image_and_model",
            ),
            models.CheckConstraint(
                condition=Q(probability__isnull=True) | Q(probability__gte=0, probability__lte=1),
                name="prediction_probability_in_range",
            ),
            models.CheckConstraint(
                condition=Q(status="refused", probability__isnull=True)
                | (~Q(status="refused") & Q(probability__isnull=False)),
                name="prediction_refused_without_probability",
            ),
            models.CheckConstraint(
                condition=Q(status="scored") & ~Q(finding="") | ~Q(status="scored") & Q(finding=""),
                name="prediction_finding_when_scored",
            ),
            models.CheckConstraint(
                condition=Q(interval_low__isnull=True) | Q(interval_low__lte=F("interval_high")),
                name="prediction_interval_ordered",
            ),
            models.CheckConstraint(condition=Q(status="scored") | ~Q(reason=""), name="prediction_unscored_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} prediction of {self.case}"

    @property
    def evidence_key(self) -> str:
        """Where the evidence map lies in the phi storage, as a picture to lay over the image."""
        return f"evidence/{self.public_id}.png"
