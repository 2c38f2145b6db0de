"""The two requests that a sign-in makes to the institution's service."""

from typing import Any

import requests
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest
from django.urls import reverse

from accounts.sso.discovery import discover, keys_of
from accounts.sso.id_token import TokenRefused, checked_claims


class InstitutionAdapter(OpenIDConnectOAuth2Adapter):
    """Every token is checked in full, whatever channel it came by."""

    expected_nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the service publishes; its name must be the one that the administrator entered."""
        if not hasattr(self, "_openid_config"):
            self._openid_config = discover(self.get_provider().app.settings["server_url"])
        return self._openid_config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Who signs in, after the ID token; the user-info answer may add an address, not another person."""
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise TokenRefused("ID token refused: there is none")
        claims = checked_claims(
            id_token,
            keys=keys_of(self.openid_config),
            issuer=app.settings["server_url"],
            client_id=app.client_id,
            nonce=self.expected_nonce,
        )
        person = {**self._told_about(token, claims), **claims}
        return self.get_provider().sociallogin_from_response(request, {"userinfo": person, "id_token": claims})

    def _told_about(self, token: SocialToken, claims: dict[str, Any]) -> dict[str, Any]:
        if claims.get("email") or not self.openid_config.get("userinfo_endpoint"):
            return {}
        try:
            told: dict[str, Any] = self._fetch_user_info(token.token)
        except (requests.RequestException, ValueError) as error:
            raise TokenRefused("The service would not say who this is") from error
        if told.get("sub") != claims["sub"]:
            raise TokenRefused("The service's user info is about somebody else")
        return told

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return request.build_absolute_uri(reverse("sso-callback", kwargs={"provider_id": self.provider_id}))
