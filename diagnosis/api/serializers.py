"""What the API takes and gives."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from diagnosis.models import Case, FnaBatch, Prediction
from diagnosis.services.intake import SampleInput
from ml.fna.schema import FEATURE_NAMES, FEATURES, LABELS, check_row


class MeasurementsSerializer(serializers.Serializer[Any]):
    """The 30 measurements by name."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            feature.name: serializers.FloatField(
                help_text=f"{feature.description} Plausible: {feature.minimum:g} to {feature.maximum:g}"
                f"{' ' + feature.unit if feature.unit else ''}."
            )
            for feature in FEATURES
        }

    def to_internal_value(self, data: Any) -> dict[str, float]:
        """Refuses names that are no measurement: a misspelt name would otherwise be lost in silence."""
        values: dict[str, float] = super().to_internal_value(data)
        unknown = sorted(set(data) - set(FEATURE_NAMES))
        if unknown:
            raise serializers.ValidationError(dict.fromkeys(unknown, "This is not one of the 30 measurements."))
        return values

    def validate(self, attrs: dict[str, float]) -> dict[str, float]:
        """Refuses what cannot be true; what is merely unusual is for the model to judge."""
        problems: dict[str, list[str]] = {}
        for finding in check_row(attrs):
            if finding.is_no_measurement:
                (name,) = finding.features
                problems.setdefault(name, []).append(finding.message)
        if problems:
            raise serializers.ValidationError(problems)
        return attrs


class FnaSampleInputSerializer(serializers.Serializer[Any]):
    """One sample to be scored."""

    reference = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=200,
        help_text="Your own number for the sample.",
    )
    known_outcome = serializers.ChoiceField(
        choices=list(LABELS),
        required=False,
        allow_null=True,
        default=None,
        help_text="The diagnosis, where it is known. Kept for comparison; the model never sees it.",
    )
    measurements = MeasurementsSerializer()

    def to_sample(self, validated: dict[str, Any]) -> SampleInput:
        """The service's input for one validated sample."""
        outcome = validated["known_outcome"]
        return SampleInput(
            measurements=[validated["measurements"][name] for name in FEATURE_NAMES],
            reference=validated["reference"],
            known_outcome=None if outcome is None else LABELS.index(outcome),
        )


class FnaFileInputSerializer(serializers.Serializer[Any]):
    """A table of samples: CSV, TSV or Excel."""

    file = serializers.FileField()


class AcceptedSerializer(serializers.ModelSerializer[FnaBatch]):
    """Samples that are in and will be scored."""

    batch = serializers.UUIDField(source="public_id")
    job = serializers.UUIDField(source="job.public_id")
    job_url = serializers.SerializerMethodField()
    predictions_url = serializers.SerializerMethodField()
    samples = serializers.IntegerField(source="row_count")
    cases = serializers.SerializerMethodField(help_text="Public IDs in the order sent; at most the first 100.")
    warnings = serializers.JSONField(help_text="What the import remarked on.")

    class Meta:
        model = FnaBatch
        fields = ("batch", "job", "job_url", "predictions_url", "samples", "cases", "warnings")

    def get_job_url(self, batch: FnaBatch) -> str:
        return reverse("api-job-detail", args=[batch.job.public_id])

    def get_predictions_url(self, batch: FnaBatch) -> str:
        return f"{reverse('api-prediction-list')}?job={batch.job.public_id}"

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_cases(self, batch: FnaBatch) -> list[str]:
        ids = batch.samples.order_by("row_number").values_list("case__public_id", flat=True)[:100]
        return [str(public_id) for public_id in ids]


class PredictionSerializer(serializers.ModelSerializer[Prediction]):
    """An answer with its evidence and all that replays it."""

    id = serializers.UUIDField(source="public_id")
    case = serializers.UUIDField(source="case.public_id")
    job = serializers.UUIDField(source="job.public_id")
    model = serializers.UUIDField(source="model.public_id")
    image = serializers.UUIDField(source="instance.public_id", allow_null=True, default=None)
    trained_on = serializers.SerializerMethodField(help_text="The data behind the model, in one sentence.")
    probability_malignant = serializers.FloatField(source="probability", allow_null=True)

    class Meta:
        model = Prediction
        fields = (
            "id",
            "case",
            "job",
            "model",
            "image",
            "frame",
            "created_at",
            "status",
            "finding",
            "probability_malignant",
            "interval_low",
            "interval_high",
            "threshold",
            "prediction_set",
            "reason",
            "reasons",
            "novelty",
            "contributions",
            "neighbours",
            "seen_in_training",
            "trained_on",
            "score",
            "weights_sha256",
            "preprocessing_version",
            "input_sha256",
        )

    def get_trained_on(self, prediction: Prediction) -> str:
        return str(prediction.model.card["training_data"]["summary"])


class CaseSerializer(serializers.ModelSerializer[Case]):
    """A case on the worklist, with its answer in short."""

    id = serializers.UUIDField(source="public_id")
    study = serializers.UUIDField(source="study.public_id", allow_null=True, default=None)
    batch = serializers.UUIDField(source="fna_sample.batch.public_id", allow_null=True, default=None)
    row_number = serializers.IntegerField(source="fna_sample.row_number", allow_null=True, default=None)
    known_outcome = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField(help_text="waiting, not-read, scored, uncertain or refused")
    prediction = serializers.UUIDField(source="answer.public_id", allow_null=True, default=None)
    finding = serializers.CharField(source="answer.finding", default="")
    probability_malignant = serializers.FloatField(source="answer.probability", allow_null=True, default=None)
    reason = serializers.SerializerMethodField(help_text="Why it is uncertain, refused or not read.")

    class Meta:
        model = Case
        fields = (
            "id",
            "kind",
            "reference",
            "study",
            "batch",
            "row_number",
            "created_at",
            "known_outcome",
            "status",
            "finding",
            "probability_malignant",
            "reason",
            "prediction",
        )

    @extend_schema_field(serializers.ChoiceField(choices=list(LABELS), allow_null=True))
    def get_known_outcome(self, case: Case) -> str | None:
        sample = getattr(case, "fna_sample", None)
        return None if sample is None or sample.known_outcome is None else LABELS[sample.known_outcome]

    def get_status(self, case: Case) -> str:
        if case.answer is not None:
            return str(case.answer.status)
        return "not-read" if case.unread_reason else "waiting"

    def get_reason(self, case: Case) -> str:
        return str(case.answer.reason if case.answer else case.unread_reason)


class CaseSearchSerializer(serializers.Serializer[Any]):
    """A search by sample number, in the body because a sample number may identify a patient."""

    reference = serializers.CharField(max_length=200)


class FnaSampleSerializer(serializers.ModelSerializer[Case]):
    """A sample as it was given."""

    case = serializers.UUIDField(source="public_id")
    measurements = serializers.SerializerMethodField()

    class Meta:
        model = Case
        fields = ("case", "reference", "measurements")

    @extend_schema_field(MeasurementsSerializer)
    def get_measurements(self, case: Case) -> dict[str, float]:
        return dict(zip(FEATURE_NAMES, case.fna_sample.measurements, strict=True))
