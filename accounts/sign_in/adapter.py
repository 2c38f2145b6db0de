"""How allauth's accounts behave here."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from accounts.models import User
from accounts.sign_in import lock_out, second_factor, step_up
from accounts.sign_in.client_address import client_address

logger = logging.getLogger(__name__)

GUESSES_WINDOW_SECONDS = 15 * 60


class SignInAdapter(DefaultAccountAdapter):
    """Nobody signs up; whoever guesses waits; a fresh sign-in needs no second one for five minutes."""

    error_messages = {  # noqa: RUF012 allauth's own is no class variable either
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not correct.",
        "incorrect_password": "That is not your password.",
        "enter_current_password": "That is not your current password.",
        "incorrect_code": "That code is not correct, or it was used already. Wait for the next one and try again.",
        "too_many_login_attempts": "Too many wrong codes. Wait a quarter of an hour, then try again.",
        "rate_limited": "Too many wrong codes. Wait a quarter of an hour, then try again.",
        "duplicate_email": "That is your address already.",
        "email_taken": "That address cannot be used here.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: an institution's administrator makes accounts."""
        return False

    def get_login_stages(self) -> list[str]:
        """After the password comes the second factor; addresses were vouched for by whoever made the account."""
        return ["allauth.mfa.stages.AuthenticateStage"]

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that the trail records and the rate limits count."""
        return client_address(request) or ""

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts guesses at one name from everywhere together: many addresses must not help.

        Raises:
            ImmediateHttpResponse: 429, because there were too many.
        """
        self._login_failed_rl_usage = ratelimit.consume(
            request,
            app="allauth.account",
            action="login_failed",
            key=lock_out.name_of(request, credentials),
        )
        if not self._login_failed_rl_usage:
            raise ImmediateHttpResponse(lock_out.too_many(request, GUESSES_WINDOW_SECONDS))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Unless the person signed in, or proved again who they are, in the last minutes."""
        return not step_up.signed_in_recently(self.request)

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Whoever still owes a second factor is not asked for the password once more instead."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if second_factor.is_verified(self.request):
            return methods
        return [method for method in methods if method["id"] != "reauthenticate"] or methods

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Tells the person about a change that is made already: a mail server that fails must not undo the page."""
        try:
            super().send_notification_mail(*args, **kwargs)
        except (SMTPException, OSError) as error:
            logger.warning("A notice about a changed account was not sent: %s", type(error).__name__)
