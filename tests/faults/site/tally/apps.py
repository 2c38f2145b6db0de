"""Connects the handlers and shortens the reaper's patience."""

from django.apps import AppConfig


class TallyConfig(AppConfig):
    name = "tally"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs import reaper
        from tally import handlers  # noqa: F401 registers them

        reaper.RESEND_SECONDS = 2
