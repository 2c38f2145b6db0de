"""API tokens: making, using and revoking them (ACC-21)."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication

from accounts import audit
from accounts.errors import DomainError
from accounts.models import Action, ApiToken, User
from accounts.scopes import open_to

SHORTEST, USUAL, LONGEST = timedelta(hours=1), timedelta(hours=12), timedelta(days=90)
MOST_PER_PERSON = 50
# `last_used_at` may be so much behind: a program's every request need not write a row.
PRECISION = timedelta(minutes=1)


@transaction.atomic
def make_token(
    *, user: User, name: str, scopes: Sequence[str], lifetime: timedelta = USUAL, is_verified: bool
) -> tuple[ApiToken, str]:
    """Makes a token and gives it back with its text, which is kept nowhere.

    Args:
        scopes: what it may do: one or more of those that the person's role can give.
        lifetime: one hour to 90 days.
        is_verified: whether the person has shown a second factor.

    Raises:
        DomainError: no scope or one that the role cannot give, a lifetime out of bounds, or too many tokens.
    """
    allowed = {scope.name for scope in open_to(user.role)}
    if not scopes or not allowed.issuperset(scopes):
        beyond = ", ".join(sorted(set(scopes) - allowed)) or "none"
        raise DomainError(f"Choose at least one scope that your role can give (asked for: {beyond}).", code="bad_scope")
    if not SHORTEST <= lifetime <= LONGEST:
        raise DomainError("A token works for one hour to 90 days.", code="bad_lifetime")
    # The person's row is held: of two that are made at once, the second counts the first.
    User.objects.select_for_update().get(pk=user.pk)
    if ApiToken.objects.filter(user=user, expiry__gt=timezone.now()).count() >= MOST_PER_PERSON:
        raise DomainError(f"You have {MOST_PER_PERSON} tokens. Revoke one first.", code="too_many_tokens")
    token, text = ApiToken.objects.create(
        user, expiry=lifetime, name=name, scopes=sorted(set(scopes)), is_verified=is_verified
    )
    audit.record(
        Action.MAKE_TOKEN,
        object_type="api-token",
        object_id=token.public_id,
        purpose="",
        detail={"scopes": token.scopes, "until": token.expiry.isoformat(timespec="seconds")},
    )
    return token, text


@transaction.atomic
def revoke(token: ApiToken, *, reason: str) -> None:
    """From now on the token opens nothing."""
    ApiToken.objects.filter(pk=token.pk).delete()
    audit.record(
        Action.REVOKE_TOKEN,
        object_type="api-token",
        object_id=token.public_id,
        purpose="",
        detail={"of": str(token.user.public_id), "reason": reason},
    )


class TokenAuthentication(KnoxAuthentication):
    """Knox's, which compares hashes, refuses the expired and the disabled; notes when a token was last used."""

    def validate_user(self, auth_token: ApiToken) -> tuple[User, ApiToken]:
        """The person and the token.

        Raises:
            AuthenticationFailed: the person is disabled.
        """
        user, token = super().validate_user(auth_token)
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at >= PRECISION:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return user, token
