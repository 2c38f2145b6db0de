"""A model this site can score with."""

import uuid
from typing import ClassVar

from django.db import models


class InstalledModel(models.Model):
    """One set of weights, known by its SHA-256, with its model card. One per modality is active."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    modality = models.CharField(max_length=16, help_text="FNA, or a DICOM modality.")
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=40)
    weights_sha256 = models.CharField(max_length=64, unique=True)
    preprocessing_version = models.CharField(max_length=40)
    card = models.JSONField()
    is_active = models.BooleanField(default=False)
    installed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["modality", "-installed_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["modality"], condition=models.Q(is_active=True), name="one_active_model_per_modality"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
