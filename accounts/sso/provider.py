"""An institution's sign-in service as allauth's provider, with what allauth's own leaves out: a nonce, PKCE always,
and nothing that a request could add to what is asked of the service."""

import secrets
from typing import Any

from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from accounts.sso.openid import InstitutionAdapter

SCOPE = ["openid", "profile", "email"]


class InstitutionProvider(OpenIDConnectProvider):
    """OpenID Connect with the issuer that an institution's administrator named."""

    id = "institution"
    name = "Institution"
    oauth2_adapter_class = InstitutionAdapter
    pkce_enabled_default = True

    def get_login_url(self, request: HttpRequest, **kwargs: Any) -> str:
        url = reverse("sso-login", kwargs={"provider_id": self.app.provider_id})
        return f"{url}?{urlencode(kwargs)}" if kwargs else url

    def get_callback_url(self) -> str:
        return reverse("sso-callback", kwargs={"provider_id": self.app.provider_id})

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Sends the browser to the service. The nonce waits in the session for the answer's ID token."""
        nonce = secrets.token_urlsafe(32)
        answer: HttpResponse = super().redirect(
            request,
            AuthProcess.LOGIN,
            next_url=next_url,
            data={"nonce": nonce},
            scope=SCOPE,
            auth_params={"nonce": nonce},
        )
        return answer

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Nothing of what the service tells about the person is kept beside who says so."""
        return {"iss": data["id_token"]["iss"]}


provider_classes = [InstitutionProvider]
