"""What the API of synthetic sets takes and gives."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from jobs.models import Job
from synthesis.architectures import ARCHITECTURES
from synthesis.models import Effort, PublishedFile, SourceDataset, SyntheticSet
from synthesis.services.orders import DELTA, EPSILONS, LICENCE, SIZES, Order


class SourceSerializer(serializers.ModelSerializer[SourceDataset]):
    """Real records that sets can be made from."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True, help_text="Records of each class.")
    sha256 = serializers.CharField(read_only=True, help_text="Of the records as they are kept.")

    class Meta:
        model = SourceDataset
        fields = (
            "id",
            "name",
            "kind",
            "description",
            "modality",
            "licence",
            "consent_basis",
            "consent_reference",
            "records",
            "patients",
            "counts",
            "sha256",
            "status",
            "added_at",
            "released_at",
            "withdrawn_at",
        )
        read_only_fields = fields


class BudgetField(serializers.ChoiceField):
    """One of the budgets that are offered, however the number is written: many programs write 3.0 as 3."""

    def to_internal_value(self, data: Any) -> float:  # type: ignore[override] # the choices are numbers
        """The budget ε."""
        try:
            epsilon = float(data)
        except (TypeError, ValueError, OverflowError):
            self.fail("invalid_choice", input=data)
        if isinstance(data, bool) or epsilon not in EPSILONS:
            self.fail("invalid_choice", input=data)
        return epsilon


class OrderSerializer(serializers.Serializer[Any]):
    """What to make."""

    source = serializers.UUIDField(  # type: ignore[assignment] # a field's own name, not the attribute of fields
        help_text="ID of a released source of your institution."
    )
    title = serializers.CharField(max_length=120)
    architecture = serializers.ChoiceField(choices=sorted(ARCHITECTURES))
    counts = serializers.DictField(
        child=serializers.IntegerField(min_value=0),
        help_text='Records of each class, such as {"benign": 500, "malignant": 500}.',
    )
    size = serializers.ChoiceField(
        choices=SIZES, allow_null=True, default=None, help_text="Edge of the pictures in pixels; none for tables."
    )
    effort = serializers.ChoiceField(choices=Effort.choices, default=Effort.STANDARD)
    epsilon = BudgetField(
        choices=EPSILONS,
        allow_null=True,
        default=None,
        help_text="Differential-privacy budget ε; none without a formal guarantee.",
    )
    delta = serializers.FloatField(default=DELTA, help_text="Its δ.")
    seed = serializers.IntegerField(
        allow_null=True,
        default=None,
        min_value=0,
        max_value=2**31 - 1,
        help_text="The same order with the same seed gives the same set; drawn where there is none.",
    )
    visible_mark = serializers.BooleanField(default=False, help_text="Write SYNTHETIC into each picture.")
    licence = serializers.CharField(max_length=100, default=LICENCE, help_text="SPDX identifier or address.")
    citation = serializers.CharField(max_length=2000, default="", allow_blank=True)
    replaces = serializers.UUIDField(
        allow_null=True, default=None, help_text="ID of the set whose newer version this becomes."
    )

    def to_order(self, user: User) -> tuple[SourceDataset, Order]:
        """The source and the order, with the rows that its IDs name for this person.

        Raises:
            ValidationError: an ID names nothing that this person may see.
        """
        asked = dict(self.validated_data)
        source = SourceDataset.objects.visible_to(user).filter(public_id=asked.pop("source")).first()
        if source is None:
            raise serializers.ValidationError({"source": "There is no such source for you."})
        if (replaced := asked.pop("replaces")) is not None:
            asked["replaces"] = SyntheticSet.objects.made_at(user).filter(public_id=replaced).first()
            if asked["replaces"] is None:
                raise serializers.ValidationError({"replaces": "There is no such set at your institution."})
        return source, Order(**asked)


class PublishedFileSerializer(serializers.ModelSerializer[PublishedFile]):
    """A file of a published set."""

    class Meta:
        model = PublishedFile
        fields = ("name", "kind", "media_type", "bytes", "sha256")
        read_only_fields = fields


class SyntheticSetSerializer(serializers.ModelSerializer[SyntheticSet]):
    """A synthetic set in short."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    institution = serializers.CharField(source="institution.name", read_only=True)
    source = serializers.CharField(  # type: ignore[assignment] # likewise
        source="source.name", read_only=True, help_text="Name of the source."
    )
    replaces = serializers.UUIDField(
        source="replaces.public_id", read_only=True, allow_null=True, help_text="ID of the version before."
    )
    counts = serializers.DictField(child=serializers.IntegerField(), read_only=True, help_text="Records of each class.")
    downloads = serializers.IntegerField(source="downloads_count", read_only=True)

    class Meta:
        model = SyntheticSet
        fields = (
            "id",
            "title",
            "version",
            "replaces",
            "institution",
            "source",
            "kind",
            "architecture",
            "counts",
            "size",
            "effort",
            "epsilon",
            "delta",
            "stage",
            "audience",
            "licence",
            "citation",
            "ordered_at",
            "published_at",
            "withdrawn_at",
            "bytes",
            "downloads",
        )
        read_only_fields = fields


class SyntheticSetDetailSerializer(SyntheticSetSerializer):
    """A synthetic set with its passport and files."""

    passport = serializers.DictField(
        read_only=True, allow_null=True, help_text="What the release gate found; null until it looked."
    )
    reasons = serializers.ListField(
        child=serializers.DictField(), read_only=True, help_text="Why the gate blocked it; empty where it did not."
    )
    files = serializers.SerializerMethodField(
        help_text="Empty unless it is published. Single pictures can be fetched too: checksums.sha256 names them all."
    )
    job = serializers.SerializerMethodField(
        help_text="The job that makes it, for those who may follow it: cancel it or start it again there."
    )

    class Meta(SyntheticSetSerializer.Meta):
        fields = (  # type: ignore[assignment] # more of them
            *SyntheticSetSerializer.Meta.fields,
            "seed",
            "visible_mark",
            "weights_sha256",
            "made_at",
            "decided_at",
            "withdrawal_reason",
            "passport",
            "reasons",
            "job",
            "files",
        )
        read_only_fields = fields  # type: ignore[assignment] # likewise

    @extend_schema_field(PublishedFileSerializer(many=True))
    def get_files(self, found: SyntheticSet) -> Any:
        """Those that this person can fetch, without single pictures: `checksums.sha256` lists them all by name."""
        files = PublishedFile.objects.visible_to(self.context["request"].user).filter(set=found)
        return PublishedFileSerializer(files.exclude(kind__in=_INSIDE), many=True).data

    @extend_schema_field({"type": "string", "format": "uri-reference", "nullable": True})
    def get_job(self, found: SyntheticSet) -> str | None:
        """The job's address on this site, for who ordered the set and the institution's administrators."""
        follows = Job.objects.visible_to(self.context["request"].user).contains(found.job)
        return reverse("api-job-detail", args=[found.job.public_id]) if follows else None


# Thousands of them: the archive holds them all, and `checksums.sha256` names each.
_INSIDE = (PublishedFile.Kind.PICTURE, PublishedFile.Kind.DICOM)
