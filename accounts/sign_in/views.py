"""allauth's pages, where Lobule's say or ask more."""

from typing import Any

from allauth.account import views as account
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.sign_in import lock_out
from accounts.sign_in.step_up import recent_sign_in_required


class FactorsView(mfa.IndexView):
    """The second factors that a person has, or the choice between them for who has none."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "MFA_REQUIRED": settings.MFA_REQUIRED}


class SecondStepView(mfa.AuthenticateView):
    """The second step of signing in, with what the person has."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has = set(Authenticator.objects.filter(user=self.stage.login.user).values_list("type", flat=True))
        return {
            **super().get_context_data(**kwargs),
            "has_app": Authenticator.Type.TOTP in has,
            "has_passkey": Authenticator.Type.WEBAUTHN in has,
        }


class RemovePasskeyView(webauthn.RemoveWebAuthnView):
    """Removes a passkey that the person can do without; allauth itself asks this of authenticator apps only."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        can_remove = get_adapter().can_delete_authenticator(self.object)
        return {**super().get_context_data(**kwargs), "can_remove": can_remove}

    def form_valid(self, form: Any) -> HttpResponse:
        """
        Raises:
            PermissionDenied: it is the last factor of somebody who must have one.
        """
        if not get_adapter().can_delete_authenticator(self.object):
            raise PermissionDenied
        response: HttpResponse = super().form_valid(form)
        return response


factors = FactorsView.as_view()
second_step = SecondStepView.as_view()
remove_passkey = RemovePasskeyView.as_view()
email = recent_sign_in_required(account.email)


def too_many(request: HttpRequest) -> HttpResponse:
    """What allauth shows when a rate limit is reached; all of them but the guesses' count by the minute."""
    return lock_out.too_many(request)
