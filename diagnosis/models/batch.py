"""A batch: FNA samples that arrived together."""

import uuid
from typing import Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models

from accounts.models import Institution
from diagnosis.models.restriction import Records
from diagnosis.models.visibility import CollectionQuerySet, belonging_to
from jobs.models import Job


class FnaBatchQuerySet(CollectionQuerySet["FnaBatch"]):
    """Batches; one whose samples are all hidden is hidden."""

    def parts(self) -> models.QuerySet[Any]:
        """The batch's samples."""
        return belonging_to(apps.get_model("diagnosis", "FnaSample"), "batch")

    def is_hidden(self, hidden: Records) -> models.Q:
        """Those whose case is hidden."""
        return models.Q(case__in=hidden.cases)


class FnaBatch(models.Model):
    """One upload, form or API call: its samples are scored by one job."""

    class Source(models.TextChoices):
        FILE = "file", "File"
        FORM = "form", "Form"
        API = "api", "API"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=4, choices=Source.choices)
    file_name = models.CharField(max_length=255, blank=True, help_text="As the person's computer called it.")
    file_sha256 = models.CharField(max_length=64, blank=True)
    file_key = models.CharField(max_length=200, blank=True, help_text="Object in the phi storage.")
    table_format = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=list, blank=True, help_text="How each column was understood.")
    warnings = models.JSONField(default=list, blank=True, help_text="What the import remarked on.")
    row_count = models.PositiveIntegerField()
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")

    objects = FnaBatchQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(row_count__gt=0), name="batch_has_rows"),
            models.CheckConstraint(
                condition=~models.Q(source="file") | ~models.Q(file_key=""), name="batch_file_is_kept"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name or f"{self.get_source_display()}, {self.created_at:%d %b %Y, %H:%M}"
