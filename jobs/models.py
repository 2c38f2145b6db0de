"""The job row: what is to be done, who does it, how far it is."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from accounts.models import Institution, Role
from jobs.concealment import concealed_from


class JobStatus(models.TextChoices):
    """Where a job stands. The last three are final, but a failed or cancelled job can be started again."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Finished"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE = (JobStatus.QUEUED, JobStatus.RUNNING)
FINAL = (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)
MAX_ATTEMPTS = 4


def from_now(seconds: float) -> CombinedExpression:
    """The moment `seconds` from now (negative: ago) by the database's clock, the only one leases know."""
    return Now() + timedelta(seconds=seconds)


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs, with the conditions under which they may be seen, claimed, settled or announced again."""

    def visible_to(self, user: Any) -> Self:
        """Clinicians and administrators see their institution's jobs, researchers their own, others none.

        Jobs about records that a clinician must not see are not among them.
        """
        if not user.is_authenticated:
            return self.none()
        if user.role in {Role.CLINICIAN, Role.ADMIN}:
            rows = self.filter(institution=user.institution_id)
            for concealed in concealed_from(user):
                rows = rows.exclude(pk__in=concealed)
            return rows
        if user.role == Role.RESEARCHER:
            return self.filter(requested_by=user)
        return self.none()

    def unheld(self) -> Self:
        """Active jobs that nobody works on: waiting, or left behind by a worker whose lease has run out."""
        return self.filter(Q(status=JobStatus.QUEUED) | Q(status=JobStatus.RUNNING, lease_expires_at__lt=Now()))

    def abandoned(self) -> Self:
        """Running jobs whose lease has run out."""
        return self.filter(status=JobStatus.RUNNING, lease_expires_at__lt=Now())

    def held_by(self, attempt: int) -> Self:
        """Running jobs that this attempt still holds: nobody else has claimed them since."""
        return self.filter(status=JobStatus.RUNNING, attempt=attempt)

    def overdue(self, seconds: float) -> Self:
        """Waiting jobs whose doorbell last rang longer than `seconds` ago."""
        return self.filter(status=JobStatus.QUEUED, last_sent_at__lt=from_now(-seconds))

    def end(self, status: JobStatus, *, error_code: str = "", error_message: str = "", **changes: Any) -> int:
        """Gives every job of the queryset a final status; returns how many there were."""
        return self.update(
            status=status,
            finished_at=Now(),
            lease_expires_at=None,
            error_code=error_code,
            error_message=error_message,
            **changes,
        )


class Job(models.Model):
    """One piece of long work.

    The row alone says whether the work is to be done; messages only wake a worker. A worker claims the row by
    compare-and-set, which raises `attempt` and starts a lease. Whatever the attempt writes, it writes in a
    transaction that first updates this row `WHERE attempt = its own`, so an attempt that was given up for
    dead and comes back can write nothing.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="jobs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    kind = models.SlugField(max_length=40, help_text="Names the handler that does the work.")
    subject_id = models.CharField(max_length=64, help_text="Public id of what is worked upon.")
    queue = models.SlugField(max_length=40)
    status = models.CharField(max_length=10, choices=JobStatus.choices, default=JobStatus.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0, help_text="Rises with every claim; fences writes.")
    max_attempts = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)
    lease_expires_at = models.DateTimeField(null=True, editable=False)
    worker = models.CharField(max_length=100, blank=True, help_text="Host and process of the last attempt.")
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField()
    progress_note = models.CharField(max_length=200, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, editable=False)
    error_code = models.SlugField(max_length=60, blank=True)
    error_message = models.CharField(max_length=500, blank=True, help_text="Shown to users; names no patient.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    last_sent_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["status", "last_sent_at"], name="job_status_sent"),
            models.Index(fields=["institution", "-id"], name="job_institution_newest"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=JobStatus.values), name="job_status_known"),
            models.CheckConstraint(condition=Q(attempt__lte=F("max_attempts")), name="job_attempt_within_max_attempts"),
            models.CheckConstraint(
                condition=Q(progress_done__lte=F("progress_total")), name="job_progress_within_total"
            ),
            models.CheckConstraint(
                condition=Q(status__in=FINAL, finished_at__isnull=False)
                | Q(status__in=ACTIVE, finished_at__isnull=True),
                name="job_finished_at_iff_final",
            ),
            models.CheckConstraint(
                condition=Q(status=JobStatus.RUNNING, lease_expires_at__isnull=False)
                | (~Q(status=JobStatus.RUNNING) & Q(lease_expires_at__isnull=True)),
                name="job_lease_iff_running",
            ),
            models.CheckConstraint(
                condition=(Q(status=JobStatus.FAILED) & ~Q(error_code=""))
                | (~Q(status=JobStatus.FAILED) & Q(error_code="", error_message="")),
                name="job_error_iff_failed",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=Q(status__in=ACTIVE),
                name="job_one_active_per_kind_and_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id} ({self.status})"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen unless a person starts the job again."""
        return self.status in FINAL

    @property
    def is_cancelling(self) -> bool:
        """Whether a running job has been asked to stop and has not stopped yet."""
        return self.status == JobStatus.RUNNING and self.cancel_requested_at is not None
