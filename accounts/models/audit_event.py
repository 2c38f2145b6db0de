"""The audit trail's events."""

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Now

from accounts.models.transaction import CurrentTransaction
from accounts.models.user import Role


class Action(models.TextChoices):
    """What an audit event says was done."""

    SIGN_IN = "sign-in", "Signed in"
    SIGN_OUT = "sign-out", "Signed out"
    SIGN_IN_FAILED = "sign-in-failed", "Sign-in failed"
    SECOND_FACTOR_FAILED = "second-factor-failed", "Second factor failed"
    CONFIRM_IDENTITY = "confirm-identity", "Proved who they are again"
    ADD_SECOND_FACTOR = "add-second-factor", "Added a second factor"
    REMOVE_SECOND_FACTOR = "remove-second-factor", "Removed a second factor"
    MAKE_RECOVERY_CODES = "make-recovery-codes", "Made recovery codes"
    CHANGE_PASSWORD = "change-password", "Changed a password"
    CHANGE_EMAIL = "change-email", "Changed an e-mail address"
    END_SESSION = "end-session", "Ended a session"
    MAKE_TOKEN = "make-token", "Made an API token"
    REVOKE_TOKEN = "revoke-token", "Revoked an API token"
    VIEW = "view", "Viewed"
    SEARCH = "search", "Listed or searched"
    DOWNLOAD = "download", "Downloaded"
    LINK_ACCOUNT = "link-account", "Linked an account"
    UPLOAD = "upload", "Uploaded"
    PREDICT = "predict", "Predicted"
    EXPORT = "export", "Exported"
    CANCEL = "cancel", "Cancelled"
    RETRY = "retry", "Started again"
    ADD_USER = "add-user", "Added a user"
    INVITE = "invite", "Invited"
    WITHDRAW_INVITATION = "withdraw-invitation", "Withdrew an invitation"
    CHANGE_ROLE = "change-role", "Changed a role"
    DEACTIVATE_USER = "deactivate-user", "Deactivated a user"
    REACTIVATE_USER = "reactivate-user", "Reactivated a user"
    RESET_SECOND_FACTOR = "reset-second-factor", "Reset a second factor"
    EMERGENCY_ACCESS = "break-glass", "Emergency access"
    END_EMERGENCY_ACCESS = "end-break-glass", "Ended emergency access"
    RESTRICT = "restrict", "Restricted a record"
    LIFT_RESTRICTION = "lift-restriction", "Lifted a restriction"
    ANNOTATE = "annotate", "Measured or marked"
    REVIEW = "review", "Reviewed"
    CHANGE_SETTINGS = "change-settings", "Changed settings"
    PROPOSE_MODEL = "propose-model", "Proposed a model"
    DECIDE_MODEL = "decide-model", "Decided on a model"
    REHEARSE = "rehearse", "Rehearsed a model"
    RELEASE_SOURCE = "release-source", "Released data for synthesis"
    WITHDRAW_SOURCE = "withdraw-source", "Withdrew data from synthesis"
    ORDER_SET = "order-set", "Ordered a synthetic set"
    EXAMINE_SET = "examine-set", "Examined a synthetic set"
    DECIDE_SET = "decide-set", "Decided on a synthetic set"
    PUBLISH_SET = "publish-set", "Published a synthetic set"
    WITHDRAW_SET = "withdraw-set", "Withdrew a synthetic set"
    JUDGE_FINDING = "judge-finding", "Judged a finding"
    SIGN_REVIEW = "sign-review", "Signed a day’s review"
    PLACE_HOLD = "place-hold", "Placed a legal hold"
    LIFT_HOLD = "lift-hold", "Lifted a legal hold"
    PURGE_AUDIT = "purge-audit", "Purged old events"
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
    # Without choices, so that a new action needs no migration: `accounts.audit` records only an `Action`.
    action = models.CharField(max_length=30)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCESS)
    object_type = models.CharField(max_length=40, blank=True)
    object_id_text = models.CharField(max_length=64, blank=True)
    patient_pseudonym = models.CharField(max_length=64, blank=True)
    purpose = models.CharField(max_length=40, blank=True)
    ip = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, help_text="Request or job that caused it.")
    detail = models.JSONField(default=dict, blank=True)
    transaction_id = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        # Each question that is asked of millions of events has its index, which ends with the time they are sorted by.
        indexes: ClassVar = [
            models.Index(fields=["institution_id_text", "at", "id"], name="audit_institution_at"),
            models.Index(fields=["institution_id_text", "action", "at"], name="audit_action_at"),
            # With all that the list of a patient's visitors needs: 20,000 events then cost no 20,000 reads.
            models.Index(
                fields=[
                    "patient_pseudonym",
                    "at",
                    "id",
                    "institution_id_text",
                    "actor_id_text",
                    "actor",
                    "role",
                    "purpose",
                ],
                name="audit_patient_at",
            ),
            models.Index(fields=["actor_id_text", "at"], name="audit_actor_at"),
            models.Index(fields=["request_id"], name="audit_request"),
            models.Index(fields=["transaction_id"], name="audit_transaction"),
        ]

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

    @property
    def action_words(self) -> str:
        """What was done, in words; an action of another release stands as it is."""
        return str(Action(self.action).label) if self.action in Action.values else self.action
