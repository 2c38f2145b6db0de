"""Secrets that the site must be able to read again, encrypted at rest (ACC-6)."""

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypt(text: str) -> str:
    """The text as only this site can read it: AES-128-CBC with an HMAC under `MFA_ENCRYPTION_KEY`."""
    return _keys().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """The text again, also when it was encrypted with one of `MFA_FORMER_ENCRYPTION_KEYS`.

    Raises:
        cryptography.fernet.InvalidToken: it was encrypted with none of the keys, or changed.
    """
    return _keys().decrypt(token.encode()).decode()


def encrypt_anew(token: str) -> str:
    """The token encrypted with today's key.

    Raises:
        cryptography.fernet.InvalidToken: as `decrypt`.
    """
    return _keys().rotate(token.encode()).decode()


def _keys() -> MultiFernet:
    return MultiFernet(Fernet(key) for key in (settings.MFA_ENCRYPTION_KEY, *settings.MFA_FORMER_ENCRYPTION_KEYS))
