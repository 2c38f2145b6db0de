"""Second factors: who must show one, who has shown one, and codes that count once (ACC-4, ACC-5)."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from accounts.models import User

KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def is_verified(request: HttpRequest) -> bool:
    """Whether the person of this session showed a second factor, or a passkey that stands for both."""
    records = get_authentication_records(request, request.user if request.user.is_authenticated else None)
    return any(record.get("method") == "mfa" for record in records)


def has_factor(user: User) -> bool:
    """Whether the person has an authenticator app or a passkey; recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=user, type__in=KINDS).exists())


def is_needed(user: User) -> bool:
    """Whether a password alone is not enough for this person: nobody's in production, nobody's who has a factor."""
    return settings.MFA_REQUIRED or has_factor(user)


def count_once(user: User, code: str) -> bool:
    """Whether this code of an authenticator app has not counted yet; from now on it has, for every web process.

    A code is good in its own half minute and in those before and after it, so it is remembered for all of them.
    """
    steps = 2 * app_settings.TOTP_TOLERANCE + 1
    key = f"totp-used:{user.pk}:{normalize_user_code(code)}"
    return bool(cache.add(key, True, timeout=steps * app_settings.TOTP_PERIOD))
