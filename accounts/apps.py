"""The accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Institutions, users, roles, the audit trail."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import signals  # noqa: F401, PLC0415 connecting them needs the models loaded
