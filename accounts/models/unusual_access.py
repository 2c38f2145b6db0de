"""What an institution holds to be unusual, and the accesses that were found to be."""

import uuid
import zoneinfo
from datetime import time
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from accounts.models.institution import Institution
from accounts.models.user import Role


class Rule(models.TextChoices):
    """Why an access is shown to the auditor."""

    EMERGENCY = "emergency", "Emergency access"
    OWN_NAME = "own-name", "Patient with a colleague’s name"
    MANY_PATIENTS = "many-patients", "Many patients"
    MASS_EXPORT = "mass-export", "Mass export"
    AFTER_HOURS = "after-hours", "Outside working hours"
    DENIALS = "denials", "Repeated denials"
    NEW_ADDRESS = "new-address", "Sign-in from a new address"
    AUDIT_ALERT = "audit-alert", "Alert of the audit trail"


class Verdict(models.TextChoices):
    """What an auditor made of it."""

    FINE = "fine", "In order"
    FOLLOW_UP = "follow-up", "Follow up"
    BREACH = "breach", "Breach"


def known_time_zone(name: str) -> None:
    """Raises ValidationError unless it is the name of a time zone, such as "Europe/London"."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError("Enter a time zone by its name, for example Europe/London.")


class AccessRules(models.Model):
    """An institution's working hours, and the numbers from which on an access is unusual."""

    institution = models.OneToOneField(Institution, on_delete=models.CASCADE, related_name="access_rules")
    time_zone = models.CharField(max_length=60, default="UTC", validators=[known_time_zone])
    starts_at = models.TimeField("working hours begin", default=time(7, 0))
    ends_at = models.TimeField("working hours end", default=time(20, 0))
    weekend_is_work = models.BooleanField("Saturday and Sunday are working days", default=False)
    patients_at_least = models.PositiveIntegerField(
        "many patients: at least",
        default=30,
        validators=[MinValueValidator(1)],
        help_text="different patients in a day",
    )
    patients_factor = models.FloatField(
        "many patients: more than",
        default=3.0,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="times what the person, and the role, usually sees in a day",
    )
    denials_at_least = models.PositiveIntegerField(
        "repeated denials: at least", default=5, validators=[MinValueValidator(1)], help_text="in a day"
    )
    exports_at_least = models.PositiveIntegerField(
        "mass export: at least",
        default=200,
        validators=[MinValueValidator(1)],
        help_text="cases, files or events exported in a day",
    )
    address_days = models.PositiveIntegerField(
        "an address is new after",
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text="days without a sign-in from it",
    )
    changed_by = models.CharField(max_length=254, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "access rules"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="working_hours_begin_first"),
        ]

    def __str__(self) -> str:
        return f"Access rules of {self.institution}"

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The institution's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


class UnusualAccessQuerySet(models.QuerySet["UnusualAccess"]):
    """Findings, seen by whoever sees the trail they were found in."""

    def visible_to(self, user: Any) -> Self:
        """Auditors and administrators see their own institution's findings; nobody else sees any."""
        if not user.is_authenticated or user.role not in {Role.AUDITOR, Role.ADMIN}:
            return self.none()
        return self.filter(institution=user.institution_id)


class UnusualAccess(models.Model):
    """One person's unusual access on one day, by one rule, with the events that show it, and what was made of it.

    Who it is about, and who judged it, stand here as text, as in the trail.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    day = models.DateField(help_text="In the institution's time zone.")
    rule = models.CharField(max_length=20)
    key = models.CharField(max_length=64, help_text="What makes it one finding: the person, an emergency access, …")
    actor = models.CharField(max_length=254, blank=True)
    actor_id_text = models.CharField(max_length=36, blank=True)
    role = models.CharField(max_length=20, blank=True)
    summary = models.CharField(max_length=300, help_text="What was found, in words without any patient's name.")
    events = models.JSONField(default=list, help_text="Public IDs of the events that show it, at most a thousand.")
    found_at = models.DateTimeField(auto_now_add=True)

    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    note = models.TextField(max_length=2000, blank=True)
    judged_by = models.CharField(max_length=254, blank=True)
    judged_by_id_text = models.CharField(max_length=36, blank=True)
    judged_at = models.DateTimeField(null=True)

    objects = UnusualAccessQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "unusual accesses"
        ordering: ClassVar = ["-day", "rule", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "day", "rule", "key"], name="unusual_access_found_once"),
            models.CheckConstraint(
                condition=Q(judged_by_id_text="") | ~Q(judged_by_id_text=F("actor_id_text")),
                name="unusual_access_judged_by_another",
            ),
            models.CheckConstraint(
                condition=Q(verdict="", judged_at__isnull=True) | (~Q(verdict="") & Q(judged_at__isnull=False)),
                name="unusual_access_judged_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.rule} {self.actor}"

    @property
    def rule_words(self) -> str:
        """The rule in words."""
        return str(Rule(self.rule).label) if self.rule in Rule.values else self.rule
