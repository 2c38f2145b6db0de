"""Setting up an institution's sign-in service."""

from django.db import transaction

from accounts import audit
from accounts.models import Action, SingleSignOn, User
from accounts.sign_in.encryption import encrypt
from accounts.sso.discovery import discover, keys_of


def check(issuer: str) -> None:
    """Asks the service for its configuration and keys.

    Raises:
        NotAnIssuer: it does not answer as a service of this name.
        requests.RequestException: it cannot be reached.
    """
    keys_of(discover(issuer))


@transaction.atomic
def configure(*, user: User, issuer: str, client_id: str, client_secret: str, is_enabled: bool) -> SingleSignOn:
    """Sets the service of the person's institution; an empty secret keeps the one that is stored."""
    row = SingleSignOn.objects.select_for_update().filter(institution=user.institution).first()
    if row is None:
        row = SingleSignOn(institution=user.institution)
    row.issuer, row.client_id, row.is_enabled, row.changed_by = issuer, client_id, is_enabled, user
    if client_secret:
        row.client_secret = encrypt(client_secret)
    row.full_clean()
    row.save()
    audit.record(
        Action.CHANGE_SETTINGS,
        object_type="single-sign-on",
        object_id=user.institution.public_id,
        purpose="administration",
        detail={"issuer": issuer, "on": is_enabled},
    )
    return row


@transaction.atomic
def remove(*, user: User) -> None:
    """Forgets the service: its people sign in with their passwords again."""
    deleted, _ = SingleSignOn.objects.filter(institution=user.institution).delete()
    if deleted:
        audit.record(
            Action.CHANGE_SETTINGS,
            object_type="single-sign-on",
            object_id=user.institution.public_id,
            purpose="administration",
            detail={"removed": True},
        )
