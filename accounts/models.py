"""Institutions, the people who work for them, and the audit trail."""

import uuid
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now


class Institution(models.Model):
    """A hospital or laboratory. Patients' data never crosses from one institution to another."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What a person does here. Each role sees what its work needs and nothing else."""

    CLINICIAN = "clinician", "Clinician"
    RESEARCHER = "researcher", "Researcher"
    AUDITOR = "auditor", "Auditor"
    ADMIN = "admin", "Administrator"


class UserManager(BaseUserManager["User"]):
    """Makes users. There is no superuser: nobody stands above the roles."""

    def create_user(self, *, email: str, password: str, full_name: str, institution: Institution, role: str) -> "User":
        """A user with a hashed password."""
        user = self.model(email=self.normalize_email(email), full_name=full_name, institution=institution, role=role)
        user.set_password(password)
        user.full_clean()
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in by e-mail, works for one institution and has one role."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField("e-mail address", max_length=254, unique=True)
    full_name = models.CharField(max_length=200)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="users")
    role = models.CharField(max_length=20, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["full_name", "institution", "role"]

    class Meta:
        ordering: ClassVar = ["email"]
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_ignoring_case"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email


class Action(models.TextChoices):
    """What an audit event says was done."""

    SIGN_IN = "sign-in", "Signed in"
    SIGN_OUT = "sign-out", "Signed out"
    SIGN_IN_FAILED = "sign-in-failed", "Sign-in failed"
    VIEW = "view", "Viewed"
    SEARCH = "search", "Listed or searched"
    UPLOAD = "upload", "Uploaded"
    PREDICT = "predict", "Predicted"
    EXPORT = "export", "Exported"
    CANCEL = "cancel", "Cancelled"
    RETRY = "retry", "Started again"
    ADD_USER = "add-user", "Added a user"
    ANNOTATE = "annotate", "Measured or marked"
    REVIEW = "review", "Reviewed"
    CHANGE_SETTINGS = "change-settings", "Changed settings"
    PROPOSE_MODEL = "propose-model", "Proposed a model"
    DECIDE_MODEL = "decide-model", "Decided on a model"
    REHEARSE = "rehearse", "Rehearsed a model"
    DENIED = "denied", "Denied"


class Outcome(models.TextChoices):
    """How it ended."""

    SUCCESS = "success", "Done"
    FAILURE = "failure", "Failed"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Audit events; appended, never changed."""

    def visible_to(self, user: Any) -> Self:
        """Auditors and administrators see their own institution's events; nobody else sees any."""
        if not user.is_authenticated or user.role not in {Role.AUDITOR, Role.ADMIN}:
            return self.none()
        return self.filter(institution_id_text=str(user.institution.public_id))


class AuditEvent(models.Model):
    """Who did what to which object, when and from where.

    Actor, institution and object stand here as text, without foreign keys, so that an event outlives all of them.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)
    actor = models.CharField(max_length=254, help_text="E-mail address, or 'anonymous'.")
    actor_id_text = models.CharField(max_length=36, blank=True)
    role = models.CharField(max_length=20, blank=True)
    institution = models.CharField(max_length=200, blank=True)
    institution_id_text = models.CharField(max_length=36, blank=True)
    action = models.CharField(max_length=30, choices=Action.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCESS)
    object_type = models.CharField(max_length=40, blank=True)
    object_id_text = models.CharField(max_length=64, blank=True)
    patient_pseudonym = models.CharField(max_length=64, blank=True, db_index=True)
    purpose = models.CharField(max_length=40, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, help_text="Request or job that caused it.")
    detail = models.JSONField(default=dict, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["institution_id_text", "-id"], name="audit_institution_newest")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor} {self.action} {self.object_type} {self.object_id_text}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Appends; an event that exists already cannot be saved again."""
        if not self._state.adding:
            raise TypeError("An audit event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Always refuses."""
        raise TypeError("An audit event is never deleted.")


class IdempotencyKey(models.Model):
    """The answer given to a request that carried an Idempotency-Key, to give again when the request is repeated."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.key}"
