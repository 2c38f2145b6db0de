"""What the API takes and gives about studies."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from diagnosis.api.uploads_serializers import StatedSerializer, UploadedFileSerializer
from diagnosis.models import Instance, Patient, Prediction, Series, Study, UploadedFile


class PatientSerializer(serializers.ModelSerializer[Patient]):
    """A patient as the institution's files name them."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        model = Patient
        fields: ClassVar = ["id", "patient_id", "issuer", "name", "birth_date", "sex"]


class AnswerSerializer(serializers.ModelSerializer[Prediction]):
    """A model's answer in short."""

    prediction = serializers.UUIDField(source="public_id")
    probability_malignant = serializers.FloatField(source="probability", allow_null=True)

    class Meta:
        model = Prediction
        fields: ClassVar = [
            "prediction",
            "status",
            "finding",
            "probability_malignant",
            "interval_low",
            "interval_high",
            "reason",
        ]


class StudySerializer(serializers.ModelSerializer[Study]):
    """A study in short."""

    id = serializers.UUIDField(source="public_id")
    study_instance_uid = serializers.CharField(source="uid")
    patient = PatientSerializer()
    modalities = serializers.SerializerMethodField()
    images = serializers.IntegerField(source="image_count")
    case = serializers.UUIDField(source="case.public_id", allow_null=True, default=None)
    answer = AnswerSerializer(source="case.answer", allow_null=True, default=None)
    unread_reason = serializers.CharField(source="case.unread_reason", default="")

    class Meta:
        model = Study
        fields: ClassVar = [
            "id",
            "study_instance_uid",
            "patient",
            "date",
            "time",
            "description",
            "accession_number",
            "is_deidentified",
            "modalities",
            "images",
            "case",
            "answer",
            "unread_reason",
            "created_at",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_modalities(self, study: Study) -> list[str]:
        return sorted({series.modality for series in study.series.all() if series.modality})


class InstanceSerializer(serializers.ModelSerializer[Instance]):
    """One file of a series: an image with what a model answered or why none did, or a document."""

    id = serializers.UUIDField(source="public_id")
    sop_instance_uid = serializers.CharField(source="uid")
    differs_from = serializers.UUIDField(
        source="differs_from.public_id",
        allow_null=True,
        default=None,
        help_text="The earlier file of the same SOP Instance UID with other content.",
    )
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Instance
        fields: ClassVar = [
            "id",
            "sop_instance_uid",
            "number",
            "kind",
            "kept_as",
            "state",
            "state_reason",
            "differs_from",
            "laterality",
            "view_position",
            "format",
            "bytes",
            "sha256",
            "header",
            "warnings",
            "reading",
            "reading_reason",
            "answer",
        ]

    @extend_schema_field(AnswerSerializer(allow_null=True))
    def get_answer(self, instance: Instance) -> Any:
        newest = next(iter(instance.predictions.all()), None)
        return AnswerSerializer(newest).data if newest else None


class SeriesSerializer(serializers.ModelSerializer[Series]):
    """A series with its files."""

    id = serializers.UUIDField(source="public_id")
    series_instance_uid = serializers.CharField(source="uid")
    instances = InstanceSerializer(many=True)

    class Meta:
        model = Series
        fields: ClassVar = [
            "id",
            "series_instance_uid",
            "number",
            "modality",
            "description",
            "body_part",
            "laterality",
            "instances",
        ]


class StudyDetailSerializer(StudySerializer):
    """A study with its series and their files."""

    images = serializers.SerializerMethodField()  # type: ignore[assignment]
    series = SeriesSerializer(many=True)

    class Meta(StudySerializer.Meta):
        fields: ClassVar = [*StudySerializer.Meta.fields, "series"]

    def get_images(self, study: Study) -> int:
        return sum(
            instance.kind == Instance.Kind.IMAGE for series in study.series.all() for instance in series.instances.all()
        )


class StudySearchSerializer(serializers.Serializer[Any]):
    """A search by patient, in the body because it identifies one."""

    patient = serializers.CharField(
        max_length=200, help_text="Words of the patient's name, number or accession number."
    )


class StudyFilesSerializer(StatedSerializer):
    """Files to be stored: DICOM, pictures (state their modality), zip archives; the field `file` may be repeated."""

    file = serializers.ListField(child=serializers.FileField())


class StoredFileSerializer(UploadedFileSerializer):
    """One file's own result."""

    http_status = serializers.SerializerMethodField(help_text="What the file alone would have been answered with.")

    class Meta(UploadedFileSerializer.Meta):
        fields: ClassVar = [*UploadedFileSerializer.Meta.fields, "http_status"]

    def get_http_status(self, file: UploadedFile) -> int:
        return int(self.context["http_status"])


class StoredSerializer(serializers.Serializer[Any]):
    """What became of each file that was sent."""

    upload = serializers.UUIDField()
    upload_url = serializers.CharField()
    files = StoredFileSerializer(many=True)
