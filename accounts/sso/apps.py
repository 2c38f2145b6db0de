"""An app of its own, so that allauth finds the provider."""

from django.apps import AppConfig


class SsoConfig(AppConfig):
    """Single sign-on per institution."""

    name = "accounts.sso"
    label = "sso"
