"""What the model registry's API takes and gives."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from diagnosis.models import InstalledModel, ModelActivation, Rehearsal, RehearsedAnswer
from diagnosis.rehearsal_selectors import findings


class InstalledModelSerializer(serializers.ModelSerializer[InstalledModel]):
    """An installed model with its card."""

    id = serializers.UUIDField(source="public_id")
    answers_here = serializers.SerializerMethodField(help_text="At your institution, for its modality.")
    is_active = serializers.BooleanField(
        help_text="The site's default: it answers wherever an institution has not chosen its own."
    )

    class Meta:
        model = InstalledModel
        fields = (
            "id",
            "modality",
            "name",
            "version",
            "answers_here",
            "is_active",
            "installed_at",
            "weights_sha256",
            "preprocessing_version",
            "card",
        )

    def get_answers_here(self, model: InstalledModel) -> bool:
        return model.pk in self.context.get("in_force", set())


class ProposalInputSerializer(serializers.Serializer[Any]):
    """Why a model should answer."""

    reason = serializers.CharField(max_length=4000, help_text="Whoever decides reads it. Name no patient.")


class DecisionInputSerializer(serializers.Serializer[Any]):
    """What a decision rests on."""

    note = serializers.CharField(max_length=4000, help_text="Kept with the decision. Name no patient.")


class WithdrawalInputSerializer(serializers.Serializer[Any]):
    """A withdrawal may say why."""

    note = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")


class ActivationSerializer(serializers.ModelSerializer[ModelActivation]):
    """A proposal to have a model answer at an institution, and what became of it."""

    id = serializers.UUIDField(source="public_id")
    model = serializers.UUIDField(source="model.public_id")
    rehearsal = serializers.UUIDField(source="rehearsal.public_id", allow_null=True, default=None)
    proposed_by = serializers.CharField(source="proposed_by.full_name")
    decided_by = serializers.CharField(source="decided_by.full_name", allow_null=True, default=None)

    class Meta:
        model = ModelActivation
        fields = (
            "id",
            "model",
            "modality",
            "reason",
            "rehearsal",
            "proposed_by",
            "proposed_at",
            "decision",
            "decided_by",
            "decided_at",
            "decision_note",
        )


class RehearsalInputSerializer(serializers.Serializer[Any]):
    """The model to rehearse."""

    model = serializers.SlugRelatedField(
        slug_field="public_id", queryset=InstalledModel.objects.all(), help_text="The candidate's ID."
    )


class RehearsalSerializer(serializers.ModelSerializer[Rehearsal]):
    """A rehearsal: how far it is, and its counts so far."""

    id = serializers.UUIDField(source="public_id")
    candidate = serializers.UUIDField(source="candidate.public_id")
    current = serializers.UUIDField(source="current.public_id", allow_null=True, default=None)
    job_url = serializers.SerializerMethodField()
    status = serializers.CharField(source="job.status")
    progress_done = serializers.IntegerField(source="job.progress_done")
    progress_total = serializers.IntegerField(source="job.progress_total")
    findings = serializers.SerializerMethodField(
        help_text="Counts: compared, flips, reversals (benign to malignant or back), and for each answer on file how "
        "often the candidate says what."
    )

    class Meta:
        model = Rehearsal
        fields = (
            "id",
            "candidate",
            "current",
            "created_at",
            "job_url",
            "status",
            "progress_done",
            "progress_total",
            "findings",
        )

    def get_job_url(self, rehearsal: Rehearsal) -> str:
        return reverse("api-job-detail", args=[rehearsal.job.public_id])

    @extend_schema_field(serializers.DictField())
    def get_findings(self, rehearsal: Rehearsal) -> dict[str, Any]:
        found = findings(rehearsal)
        return {
            "compared": found.compared,
            "flips": found.flips,
            "reversals": found.reversals,
            "table": {row.kind: dict(row.cells) for row in found.table},
        }


class RehearsedAnswerSerializer(serializers.ModelSerializer[RehearsedAnswer]):
    """One case whose answer would change."""

    case = serializers.UUIDField(source="prediction.case.public_id")
    reference = serializers.CharField(source="prediction.case.reference")
    prediction = serializers.UUIDField(source="prediction.public_id")
    on_file = serializers.SerializerMethodField(help_text="malignant, benign, uncertain or refused")
    on_file_probability_malignant = serializers.FloatField(source="prediction.probability", allow_null=True)
    candidate = serializers.SerializerMethodField(help_text="malignant, benign, uncertain or refused")
    candidate_probability_malignant = serializers.FloatField(source="probability", allow_null=True)

    class Meta:
        model = RehearsedAnswer
        fields = (
            "case",
            "reference",
            "prediction",
            "on_file",
            "on_file_probability_malignant",
            "candidate",
            "candidate_probability_malignant",
        )

    def get_on_file(self, answer: RehearsedAnswer) -> str:
        return str(answer.prediction.finding or answer.prediction.status)

    def get_candidate(self, answer: RehearsedAnswer) -> str:
        return str(answer.finding or answer.status)
