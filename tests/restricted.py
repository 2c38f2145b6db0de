"""Invitations, emergency accesses and restrictions of a person, for tests that only need one to be there."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import EmergencyAccess, Invitation, Role, User
from diagnosis.services.restriction import restrict
from tests.studies import store_study

EXPLANATION = "Bleeding after the biopsy, in the emergency room now"


def invitation_by(user: User) -> UUID:
    """An open invitation to the person's institution, by its public ID."""
    who = {"email": "new@example.org", "full_name": "New", "role": Role.AUDITOR}
    later = timezone.now() + timedelta(days=7)
    return Invitation.objects.create(**who, institution=user.institution, invited_by=user, expires_at=later).public_id


def opened_to(user: User, pseudonym: object = "nobody", *, minutes: int = 30) -> UUID:
    """A running emergency access of the person, by its public ID."""
    return EmergencyAccess.objects.create(
        institution=user.institution,
        user=user,
        patient_pseudonym=str(pseudonym),
        record_kind="imaging patient",
        reason=EmergencyAccess.Reason.EMERGENCY,
        explanation=EXPLANATION,
        ends_at=timezone.now() + timedelta(minutes=minutes),
    ).public_id


def restriction_by(user: User) -> UUID:
    """The restriction of a patient whose study the person sent, by its public ID."""
    return restrict(user=user, record=store_study(user).patient, reason="wish").public_id
