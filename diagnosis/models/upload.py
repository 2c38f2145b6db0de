"""Uploads of image files: what arrived, how far, and what became of each file."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Institution
from diagnosis.models.instance import Instance
from diagnosis.models.restriction import Records
from diagnosis.models.visibility import ClinicalQuerySet, CollectionQuerySet, belonging_to


class UploadQuerySet(CollectionQuerySet["Upload"]):
    """Uploads; one that brought hidden patients' files alone is hidden, and what was refused in it too."""

    def parts(self) -> models.QuerySet[Any]:
        """The files of the upload that became part of a study."""
        return belonging_to(UploadedFile, "upload", instance__isnull=False)

    def is_hidden(self, hidden: Records) -> Q:
        """Those of a hidden patient."""
        return Q(instance__series__study__patient__in=hidden.patients)


class Upload(models.Model):
    """Files that a person sends together: a folder, some files, or one request of the API."""

    class Source(models.TextChoices):
        BROWSER = "browser", "Browser"
        API = "api", "API"
        DEMO = "demo", "Demo"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    source = models.CharField(max_length=7, choices=Source.choices)
    stated_modality = models.CharField(
        max_length=16, blank=True, help_text="For pictures, which do not say it themselves (PNG, JPEG, TIFF)."
    )
    stated_body_part = models.CharField(max_length=64, blank=True)
    reference = models.CharField(max_length=200, blank=True, help_text="The patient's number, for pictures.")

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"Upload of {self.created_at:%d %b %Y, %H:%M}"


class UploadedFileQuerySet(ClinicalQuerySet["UploadedFile"]):
    """Files, seen by whoever sees their upload and, once they are part of a study, their patient."""

    institution_path = "upload__institution"

    def without(self, hidden: Records, user: Any) -> Self:
        """The files that this person sent, and those of visible uploads that are no hidden patient's."""
        uploads = Upload.objects.filter(institution=user.institution_id).without(hidden, user)
        is_hidden = Q(instance__isnull=False, instance__series__study__patient__in=hidden.patients)
        return self.filter(Q(upload__created_by=user.pk) | Q(upload__in=uploads.values("pk")) & ~is_hidden)


class UploadedFile(models.Model):
    """One file of an upload, or one member of an archive that was uploaded (`archive` is then that file)."""

    class Status(models.TextChoices):
        RECEIVING = "receiving", "Arriving"
        RECEIVED = "received", "Being unpacked"
        STORED = "stored", "Stored"
        DUPLICATE = "duplicate", "Already here"
        CONFLICT = "conflict", "Stored, but contradicts an earlier file"
        KEPT = "kept", "Kept; not an image"
        QUARANTINED = "quarantined", "Waiting for review"
        UNPACKED = "unpacked", "Unpacked"
        REFUSED = "refused", "Refused"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    archive = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="members")
    name = models.CharField(max_length=1000, help_text="As the person's computer called it; only ever shown.")
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.RECEIVING)
    code = models.CharField(max_length=40, blank=True, help_text="Stable code of a refusal, or what was kept.")
    message = models.TextField(blank=True)
    warnings = models.JSONField(default=list, blank=True)
    instance = models.ForeignKey(Instance, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UploadedFileQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="upload_received_within_size"),
            models.CheckConstraint(condition=~Q(status="refused") | ~Q(code=""), name="upload_refused_has_code"),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "updated_at"], name="upload_status_age")]

    def __str__(self) -> str:
        return f"File {str(self.public_id)[:8]}"
