"""How a program signs in for a person: with the password and, where one is needed, a code (ACC-4, ACC-8)."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from rest_framework import exceptions

from accounts.models import User
from accounts.sign_in import lock_out, second_factor
from accounts.sign_in.forms import AuthenticateForm


def prove(request: HttpRequest, *, email: str, password: str, code: str) -> tuple[User, bool]:
    """The person, and whether a second factor was shown.

    Args:
        code: six digits from the authenticator app, or a recovery code; empty where none is asked for.

    Raises:
        AuthenticationFailed: password or code is wrong, or a code is needed that was not sent; `code` says which.
        ImmediateHttpResponse: 429, as there were too many guesses at this name.
    """
    user = get_adapter(request).authenticate(request, email=email, password=password)
    if not isinstance(user, User) or not user.is_active:
        raise exceptions.AuthenticationFailed("E-mail address or password is not right.")
    is_verified = second_factor.is_needed(user)
    if is_verified:
        _check(user, code)
    lock_out.forget_failures(request, user)
    return user, is_verified


def _check(user: User, code: str) -> None:
    if not second_factor.has_factor(user):
        raise exceptions.AuthenticationFailed(
            "Set up a second factor first: sign in with a browser.", code="second_factor_missing"
        )
    if not code:
        raise exceptions.AuthenticationFailed(
            "Send the code of your authenticator app, or a recovery code, as `code`. A program cannot use a passkey: "
            "whoever has no app makes a token on their account’s page.",
            code="second_factor_required",
        )
    if not AuthenticateForm(user=user, data={"code": code}).is_valid():
        raise exceptions.AuthenticationFailed(
            "That code is not right, or it was used already.", code="second_factor_failed"
        )
