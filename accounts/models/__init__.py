"""Institutions, the people who work for them, and the audit trail."""

from accounts.models.api_token import ApiToken
from accounts.models.audit_alert import AuditAlert, AuditAlertQuerySet
from accounts.models.audit_digest import AuditDigest
from accounts.models.audit_event import Action, AuditEvent, AuditEventQuerySet, Outcome
from accounts.models.daily_review import DailyReview
from accounts.models.emergency_access import EmergencyAccess
from accounts.models.idempotency_key import IdempotencyKey
from accounts.models.institution import Institution
from accounts.models.invitation import Invitation
from accounts.models.legal_hold import LegalHold, LegalHoldQuerySet
from accounts.models.purge import AuditPurge
from accounts.models.row_change import RowChange
from accounts.models.seal import Seal, SealingPosition, SealLayout
from accounts.models.signed_in_session import SignedInSession, SignedInSessionQuerySet
from accounts.models.single_sign_on import SingleSignOn
from accounts.models.unusual_access import AccessRules, Rule, UnusualAccess, Verdict
from accounts.models.user import Role, User, UserManager

__all__ = [
    "AccessRules",
    "Action",
    "ApiToken",
    "AuditAlert",
    "AuditAlertQuerySet",
    "AuditDigest",
    "AuditEvent",
    "AuditEventQuerySet",
    "AuditPurge",
    "DailyReview",
    "EmergencyAccess",
    "IdempotencyKey",
    "Institution",
    "Invitation",
    "LegalHold",
    "LegalHoldQuerySet",
    "Outcome",
    "Role",
    "RowChange",
    "Rule",
    "Seal",
    "SealLayout",
    "SealingPosition",
    "SignedInSession",
    "SignedInSessionQuerySet",
    "SingleSignOn",
    "UnusualAccess",
    "User",
    "UserManager",
    "Verdict",
]
