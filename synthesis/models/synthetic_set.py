"""Synthetic data sets: what was ordered, how it was made, what was found about it and what was decided."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.models import Institution, Role
from jobs.models import Job, JobStatus
from synthesis.models.choices import Effort, Kind
from synthesis.models.source_dataset import SourceDataset

MAKERS = frozenset({Role.RESEARCHER, Role.ADMIN})


class SyntheticSetQuerySet(models.QuerySet["SyntheticSet"]):
    """Orders and sets."""

    def visible_to(self, user: Any) -> Self:
        """Researchers and administrators see their institution's sets, everybody the published ones meant for them.

        A set that was published and then withdrawn stays visible to those it was meant for: whoever used it must be
        able to learn that it was withdrawn, and why.
        """
        if not user.is_authenticated:
            return self.none()
        seen = Q(published_at__isnull=False, stage__in=[Stage.PUBLISHED, Stage.WITHDRAWN]) & (
            Q(audience=SyntheticSet.Audience.EVERYONE) | Q(institution=user.institution_id)
        )
        if user.role in MAKERS:
            seen |= Q(institution=user.institution_id)
        return self.filter(seen)

    def made_at(self, user: Any) -> Self:
        """The sets whose making this person may follow: those of their institution, for researchers and admins."""
        if not user.is_authenticated or user.role not in MAKERS:
            return self.none()
        return self.filter(institution=user.institution_id)

    def published(self) -> Self:
        """Those that are there to be used."""
        return self.filter(stage=Stage.PUBLISHED)


class Stage(models.TextChoices):
    """Where a set stands. How its making gets on, and whether it failed or was cancelled, says its job."""

    MAKING = "making", "Being made"
    BLOCKED = "blocked", "Blocked by the release gate"
    AWAITING_APPROVAL = "awaiting_approval", "Waiting for a second person"
    PUBLISHING = "publishing", "Being published"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SyntheticSet(models.Model):
    """One order for synthetic data, and what came of it.

    Attributes:
        counts: how many records of each class were ordered, e.g. {"benign": 500, "malignant": 500}.
        size: edge of the pictures in pixels; null for tables.
        epsilon, delta: the differential-privacy budget, null without one.
        passport: what `ml.release` found about the set; null until it was examined.
        reasons: why the gate blocked it, each with `code`, `message`, `figure` and `bound`.
        gallery: of a set of pictures, the synthetic ones nearest to a real one, nearest first, each with `class`,
            `distance`, and the objects `synthetic` and `real` (PNG, phi storage).
        summary: of a table, {measurement: {"edges": […], class: counts between them}} for a few measurements.
        work: files that its making carries from one share of the work to the next: {name: object in the phi storage}.
        replaces: the set whose newer version this is.
        bytes: of all published files.
    """

    class Audience(models.TextChoices):
        INSTITUTION = "institution", "This institution"
        EVERYONE = "everyone", "Everybody with an account"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(SourceDataset, on_delete=models.PROTECT, related_name="synthetic_sets")
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(auto_now_add=True)
    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=5, choices=Kind.choices)
    architecture = models.SlugField(max_length=40)
    counts = models.JSONField()
    size = models.PositiveSmallIntegerField(null=True, blank=True)
    effort = models.CharField(max_length=8, choices=Effort.choices)
    epsilon = models.FloatField(null=True, blank=True)
    delta = models.FloatField(null=True, blank=True)
    seed = models.PositiveIntegerField()
    visible_mark = models.BooleanField("visible mark", default=False, help_text="SYNTHETIC stands on each picture.")
    licence = models.CharField(max_length=100, help_text="SPDX identifier or address of the licence.")
    citation = models.TextField(blank=True, max_length=2000, help_text="How to cite the set.")
    version = models.PositiveSmallIntegerField(default=1)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=17, choices=Stage.choices, default=Stage.MAKING)
    passport = models.JSONField(null=True, blank=True)
    reasons = models.JSONField(default=list, blank=True)
    gallery = models.JSONField(default=list, blank=True)
    summary = models.JSONField(default=dict, blank=True)
    work = models.JSONField(default=dict, blank=True, editable=False)
    weights_sha256 = models.CharField(max_length=64, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True, max_length=2000)
    audience = models.CharField(max_length=11, choices=Audience.choices, default=Audience.INSTITUTION)
    publishing_job = models.OneToOneField(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal_reason = models.TextField(blank=True, max_length=2000)

    objects = SyntheticSetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-ordered_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="set_kind_known"),
            models.CheckConstraint(condition=Q(stage__in=Stage.values), name="set_stage_known"),
            models.CheckConstraint(
                condition=Q(kind="fna", size__isnull=True) | Q(kind="image", size__isnull=False),
                name="set_of_images_has_a_size",
            ),
            models.CheckConstraint(
                condition=Q(epsilon__isnull=True, delta__isnull=True)
                | Q(epsilon__isnull=False, delta__isnull=False, epsilon__gt=0, delta__gt=0, delta__lt=1),
                name="set_has_a_whole_privacy_budget",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("ordered_by")),
                name="set_decided_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["publishing", "published", "rejected"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="set_released_or_rejected_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(stage__in=["awaiting_approval", "publishing", "published"])
                | Q(passport__isnull=False, reasons=[]),
                name="set_with_passport_before_release",
            ),
            models.CheckConstraint(condition=~Q(stage="blocked") | ~Q(reasons=[]), name="set_blocked_for_a_reason"),
            models.CheckConstraint(
                condition=~Q(stage="published") | Q(published_at__isnull=False), name="set_published_at_some_time"
            ),
            models.CheckConstraint(
                condition=Q(stage="withdrawn", withdrawn_by__isnull=False, withdrawn_at__isnull=False)
                | ~Q(stage="withdrawn") & Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True),
                name="set_withdrawn_by_somebody",
            ),
            models.CheckConstraint(condition=Q(version__gt=0), name="set_versions_count_from_one"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "-ordered_at"], name="set_institution_newest"),
            models.Index(fields=["stage", "-published_at"], name="set_stage_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.version}"

    @property
    def total(self) -> int:
        """How many records were ordered."""
        return sum(self.counts.values())

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes ordered, in the source's order."""
        return tuple(name for name in ("benign", "malignant", "normal") if self.counts.get(name))

    @property
    def is_stuck(self) -> bool:
        """Whether its making failed or was cancelled; the job can be started again and goes on where it stopped."""
        return self.stage == Stage.MAKING and self.job.status in {JobStatus.FAILED, JobStatus.CANCELLED}

    @property
    def folder(self) -> str:
        """Where its checkpoints, grids and, until it is published, its records lie in the phi storage."""
        return f"synthesis/sets/{self.public_id}"
