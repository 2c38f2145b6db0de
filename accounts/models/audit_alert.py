"""Alerts about the audit trail itself."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from accounts.models.user import Role


class AuditAlertQuerySet(models.QuerySet["AuditAlert"]):
    """Alerts."""

    def visible_to(self, user: Any) -> Self:
        """Auditors and administrators see their institution's alerts and those that concern every institution."""
        if not user.is_authenticated or user.role not in {Role.AUDITOR, Role.ADMIN}:
            return self.none()
        return self.filter(institution_id_text__in=["", str(user.institution.public_id)])

    def open(self) -> Self:
        """Those not settled yet."""
        return self.filter(settled_at__isnull=True)


class AuditAlert(models.Model):
    """Something is wrong with the trail; raised once, settled when it is mended or a person has dealt with it."""

    class Kind(models.TextChoices):
        """What is wrong."""

        DIGEST_MISSING = "digest-missing", "A signed digest is missing"
        DIGEST_LATE = "digest-late", "No digest was signed in time"
        DIGEST_UNVERIFIABLE = "digest-unverifiable", "A signed digest cannot be verified"
        CHAIN_BROKEN = "chain-broken", "The chain of seals is broken"
        SEALING_LATE = "sealing-late", "Events wait too long for their seal"
        DATABASE_MOVED = "database-moved", "The database was restored or moved"

    kind = models.CharField(max_length=30, choices=Kind.choices)
    subject = models.CharField(max_length=60, blank=True, help_text="What it is about; one open alert each.")
    detail = models.TextField(blank=True)
    institution_id_text = models.CharField(max_length=36, blank=True, help_text="Blank: concerns every institution.")
    raised_at = models.DateTimeField(db_default=Now(), editable=False)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.CharField(max_length=254, blank=True, help_text="E-mail address, or 'system' when mended.")

    objects = AuditAlertQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=models.Q(settled_at__isnull=True), name="audit_alert_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.detail}"
