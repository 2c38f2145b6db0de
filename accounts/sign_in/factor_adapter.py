"""How allauth's second factors behave here."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from accounts.models import User
from accounts.sign_in import encryption
from accounts.sign_in.second_factor import KINDS

SITE_NAME = "Lobule"


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets are encrypted at rest, and the last factor stays where one is required."""

    error_messages = {  # noqa: RUF012 allauth's own is no class variable either
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": (
            "This is your only second factor, and Lobule asks everybody for one. Add another first, then remove this."
        ),
        "cannot_generate_recovery_codes": "Set up an authenticator app or a passkey first.",
        "incorrect_code": "That code is not correct, or it was used already. Wait for the next one and try again.",
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.decrypt(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whether the person may do without it."""
        others = Authenticator.objects.filter(user=authenticator.user_id, type__in=KINDS).exclude(pk=authenticator.pk)
        return not settings.MFA_REQUIRED or others.exists()

    def get_totp_issuer(self) -> str:
        """The name above the code in the authenticator app."""
        return SITE_NAME

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """The site's host is what a passkey is bound to; the name is what the device shows."""
        return {**super().get_public_key_credential_rp_entity(), "name": SITE_NAME}

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 allauth's name for it
        """A name to begin with; the person changes it to what they call the device."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "My passkey" if number == 1 else f"My passkey {number}"
