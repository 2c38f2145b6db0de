"""Data sets of real records that synthetic ones may be made from."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Institution, Role
from synthesis.models.choices import Kind


class SourceDatasetQuerySet(models.QuerySet["SourceDataset"]):
    """Sources; real patients' records, of which researchers learn only what was released."""

    def visible_to(self, user: Any) -> Self:
        """Administrators see their institution's sources, researchers those of them that are released."""
        if not user.is_authenticated or user.role not in {Role.ADMIN, Role.RESEARCHER}:
            return self.none()
        rows = self.filter(institution=user.institution_id)
        return rows if user.role == Role.ADMIN else rows.filter(status=SourceDataset.Status.RELEASED)


class SourceDataset(models.Model):
    """Real records with their diagnosis, kept in the phi storage, which an administrator may release for synthesis.

    Of what was uploaded only the known measurements or pixels are kept, never a name, a date of birth or a file's own
    name. `problems` says what was left out and why.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", "Not released"
        RELEASED = "released", "Released for synthesis"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Consent(models.TextChoices):
        RESEARCH_CONSENT = "research_consent", "The patients consented to research"
        ETHICS_WAIVER = "ethics_waiver", "An ethics committee waived consent"
        PUBLIC = "public", "The data set is public"
        SIMULATED = "simulated", "Simulated: no patient stands behind it"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    description = models.TextField(blank=True, max_length=4000)
    modality = models.CharField(max_length=16, help_text="FNA, or a DICOM modality: US, MG.")
    licence = models.CharField(max_length=100, help_text="SPDX identifier or address of the licence.")
    consent_basis = models.CharField("consent", max_length=16, choices=Consent.choices)
    consent_reference = models.CharField(
        max_length=200, help_text="Number of the vote or the study, or the public data set's citation."
    )
    object_name = models.CharField(max_length=200, help_text="Object in the phi storage.")
    sha256 = models.CharField(max_length=64, help_text="Of that object.")
    records = models.PositiveIntegerField()
    patients = models.PositiveIntegerField(null=True, help_text="Null where the upload does not say.")
    counts = models.JSONField(help_text="Records of each class.")
    problems = models.JSONField(default=list, blank=True, help_text="What was left out, and why.")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.DRAFT)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_reason = models.TextField(blank=True, max_length=2000)

    objects = SourceDatasetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-added_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="source_kind_known"),
            models.CheckConstraint(condition=Q(records__gt=0), name="source_has_records"),
            models.CheckConstraint(condition=~Q(consent_reference=""), name="source_names_its_consent"),
            models.CheckConstraint(
                condition=~Q(status="released") | Q(released_by__isnull=False, released_at__isnull=False),
                name="source_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(status="withdrawn", withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                | ~Q(status="withdrawn") & Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True),
                name="source_withdrawn_by_somebody",
            ),
            models.UniqueConstraint(fields=["institution", "name"], name="source_name_once_per_institution"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that it has records of, benign before malignant before normal."""
        return tuple(name for name in ("benign", "malignant", "normal") if self.counts.get(name))

    @property
    def may_be_ordered_from(self) -> bool:
        """Whether new sets may be made from it."""
        return self.status == self.Status.RELEASED
