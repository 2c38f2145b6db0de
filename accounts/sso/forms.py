"""The form that sets up a sign-in service."""

from typing import Any

import requests
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django import forms

from accounts.models import SingleSignOn
from accounts.sso.configuration import check


class SingleSignOnForm(forms.Form):
    """The three values that the hospital's identity team hands over. The service is asked before they are saved."""

    issuer = forms.URLField(
        label="Address of the sign-in service (issuer)",
        help_text="For example https://login.hospital.example/realms/staff, exactly as the service writes it.",
        assume_scheme="https",
        max_length=500,
    )
    client_id = forms.CharField(label="Client ID", max_length=191)
    client_secret = forms.CharField(
        label="Client secret",
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted and never shown again.",
    )
    is_enabled = forms.BooleanField(label="People of this institution can sign in with it", required=False)

    def __init__(self, *args: Any, service: SingleSignOn | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        if service is not None:
            self.fields["client_secret"].help_text = "Leave it empty to keep the one that is stored."

    def clean_client_secret(self) -> str:
        """Needed the first time, and whenever the service is another: a secret is never sent to a new address."""
        secret = str(self.cleaned_data["client_secret"])
        same = self.service is not None and self.cleaned_data.get("issuer") == self.service.issuer
        if not secret and not same:
            raise forms.ValidationError("Enter the secret that belongs to this service.")
        return secret

    def clean_issuer(self) -> str:
        """The service must answer under this name."""
        issuer = str(self.cleaned_data["issuer"])
        try:
            check(issuer)
        except OAuth2Error as error:
            raise forms.ValidationError(str(error)) from error
        except requests.RequestException as error:
            raise forms.ValidationError(_unreachable(error)) from error
        return issuer


def _unreachable(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "The service did not answer within five seconds."
    if type(error).__module__.startswith("accounts."):
        return str(error)
    return "The service cannot be reached from here. Check the address, and that the network lets this site ask it."
