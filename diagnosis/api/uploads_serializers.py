"""What the API takes and gives about uploads."""

import re
from typing import Any, ClassVar

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from diagnosis.models import Upload, UploadedFile
from diagnosis.services.uploads import ARCHIVE_INTAKE
from jobs.models import Job

MODALITY = re.compile(r"[A-Z]{2,16}")
BODY_PART = re.compile(r"[A-Z0-9_ ]{1,64}")


class StatedSerializer(serializers.Serializer[Any]):
    """What is stated about pictures (PNG, JPEG, TIFF); DICOM files speak for themselves."""

    modality = serializers.RegexField(
        MODALITY, required=False, allow_blank=True, default="", help_text="A DICOM modality: US, MG, MR …"
    )
    body_part = serializers.RegexField(
        BODY_PART, required=False, allow_blank=True, default="", help_text="In DICOM's words: BREAST …"
    )
    reference = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=64, help_text="The patient's number."
    )


class UploadedFileSerializer(serializers.ModelSerializer[UploadedFile]):
    """One file, and what became of it."""

    id = serializers.UUIDField(source="public_id")
    upload = serializers.UUIDField(source="upload.public_id")
    archive = serializers.UUIDField(
        source="archive.public_id", allow_null=True, default=None, help_text="The archive that it came in."
    )
    # DRF takes declared fields off the class, so its own attribute of this name stays what it is.
    instance = serializers.UUIDField(  # type: ignore[assignment]
        source="instance.public_id", allow_null=True, default=None
    )
    study = serializers.UUIDField(source="instance.series.study.public_id", allow_null=True, default=None)
    job = serializers.SerializerMethodField(help_text="What unpacks it, while an archive is being unpacked.")
    warnings = serializers.JSONField(help_text="Remarks on a file that was taken in: code and message.")

    class Meta:
        model = UploadedFile
        fields: ClassVar = [
            "id",
            "upload",
            "archive",
            "name",
            "size",
            "received",
            "status",
            "code",
            "message",
            "sha256",
            "instance",
            "study",
            "job",
            "warnings",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_job(self, file: UploadedFile) -> str | None:
        if file.status != UploadedFile.Status.RECEIVED:
            return None
        jobs = Job.objects.filter(kind=ARCHIVE_INTAKE, subject_id=str(file.public_id))
        job = jobs.values_list("public_id", flat=True).first()
        return str(job) if job else None


class UploadSerializer(serializers.ModelSerializer[Upload]):
    """An upload: where to send its files, and how many of them came to what."""

    id = serializers.UUIDField(source="public_id")
    files_url = serializers.SerializerMethodField(help_text="Where its files are announced, by the tus protocol.")
    page_url = serializers.SerializerMethodField(help_text="The page that shows it.")
    counts = serializers.SerializerMethodField(help_text="How many files came to what, by status.")
    studies = serializers.SerializerMethodField(help_text="The studies that its files belong to.")
    missing = serializers.SerializerMethodField(help_text="Files that a DICOMDIR lists and that did not come.")

    class Meta:
        model = Upload
        fields: ClassVar = ["id", "created_at", "source", "files_url", "page_url", "counts", "studies", "missing"]
        read_only_fields = fields

    def get_files_url(self, upload: Upload) -> str:
        return reverse("api-upload-file-list", args=[upload.public_id])

    def get_page_url(self, upload: Upload) -> str:
        return reverse("upload-detail", args=[upload.public_id])

    @extend_schema_field(serializers.DictField(child=serializers.IntegerField()))
    def get_counts(self, upload: Upload) -> dict[str, int]:
        return dict(self.context["counts"])

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_studies(self, upload: Upload) -> list[dict[str, Any]]:
        return [
            {
                "id": str(study.public_id),
                "patient": study.patient.display_name or study.patient.patient_id,
                "description": study.description,
                "date": study.date,
                "images": study.image_count,
                "url": reverse("study-detail", args=[study.public_id]),
            }
            for study in self.context["studies"]
        ]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_missing(self, upload: Upload) -> list[str]:
        return list(self.context["missing"])


class FilePageSerializer(serializers.Serializer[Any]):
    """One page of an upload's files."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = UploadedFileSerializer(many=True)


class UploadWithFilesSerializer(UploadSerializer):
    """An upload with one page of its files."""

    files = serializers.SerializerMethodField()

    class Meta(UploadSerializer.Meta):
        fields: ClassVar = [*UploadSerializer.Meta.fields, "files"]

    @extend_schema_field(FilePageSerializer)
    def get_files(self, upload: Upload) -> Any:
        return self.context["files"]
