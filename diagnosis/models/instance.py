"""Instances: the single files of a study, and what is drawn on them."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Institution
from diagnosis.models.study import Series
from diagnosis.models.visibility import ClinicalQuerySet
from ml.dicom.frames import FrameSet


class InstanceQuerySet(ClinicalQuerySet["Instance"]):
    """Files, seen by whoever sees their patient."""

    patient_path = "series__study__patient"


class Instance(models.Model):
    """One file of a series. The bytes lie in the phi storage under a name of our own, the decoded frames beside them.

    Where a second file claims the same SOP Instance UID with other bytes, both are kept: the later one `differs_from`
    the first, is shown as such and is never scored.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", "Image"
        DERIVED = "derived", "Derived object"
        DOCUMENT = "document", "Not an image"

    class State(models.TextChoices):
        READY = "ready", "Ready"
        QUARANTINED = "quarantined", "Waiting for review"
        REJECTED = "rejected", "Rejected"

    class Reading(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READ = "read", "Read"
        NOT_READ = "not-read", "Not read"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="instances")
    uid = models.CharField("SOP Instance UID", max_length=64)
    differs_from = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="conflicts")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    kept_as = models.CharField(max_length=40, blank=True, help_text="What it is, where it is no image.")
    state = models.CharField(max_length=11, choices=State.choices, default=State.READY)
    state_reason = models.TextField(blank=True, help_text="Why it waits for review, or was rejected.")
    number = models.IntegerField(null=True)
    laterality = models.CharField(max_length=1, blank=True)
    view_position = models.CharField(max_length=16, blank=True)
    header = models.JSONField(default=dict, help_text="What the file says about itself (instance level).")
    frame_set = models.JSONField(null=True, help_text="How the decoded frames are to be shown.")
    format = models.CharField(max_length=8)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the bytes that are kept.")
    source_sha256 = models.CharField(max_length=64, help_text="Of the bytes that came in.")
    warnings = models.JSONField(default=list, blank=True)
    reading = models.CharField(max_length=8, choices=Reading.choices)
    reading_reason = models.TextField(blank=True, help_text="Why no model reads it, in plain words.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InstanceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["number", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution", "uid"],
                condition=Q(differs_from__isnull=True),
                name="instance_once_per_institution",
            ),
            models.UniqueConstraint(
                fields=["institution", "uid", "source_sha256"], name="instance_bytes_once_per_institution"
            ),
            models.CheckConstraint(
                condition=~Q(reading="not-read") | ~Q(reading_reason=""), name="instance_unread_says_why"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["institution", "state"], name="instance_institution_state")]

    def __str__(self) -> str:
        return f"Instance {str(self.public_id)[:8]}"

    @property
    def object_key(self) -> str:
        """Where the file itself lies in the phi storage."""
        return f"images/{self.public_id}"

    def frame_key(self, name: str) -> str:
        """Where one of the decoded frames, the thumbnail or the overlay lies in the phi storage."""
        return f"frames/{self.public_id}/{name}"

    @property
    def frames(self) -> FrameSet | None:
        """How the decoded frames are to be shown; None where there is nothing to see."""
        return FrameSet.from_dict(self.frame_set) if self.frame_set else None


class AnnotationQuerySet(ClinicalQuerySet["Annotation"]):
    """Annotations, seen by whoever sees their image."""

    institution_path = "instance__institution"
    patient_path = "instance__series__study__patient"


class Annotation(models.Model):
    """A measurement or mark that somebody drew in the viewer. Removing it hides it; undo brings it back."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="annotations")
    frame = models.PositiveIntegerField(default=1, help_text="Frame number, from 1.")
    tool = models.CharField(max_length=40, help_text="The viewer's tool that draws it.")
    data = models.JSONField(help_text="Points in pixels of the image, text, and what was measured.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    removed_at = models.DateTimeField(null=True)

    objects = AnnotationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.tool} on {self.instance}"
