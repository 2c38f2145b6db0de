"""An app whose jobs leave a mark for every unit of work, so that losses and doubles can be counted."""

from django.apps import AppConfig


class TallyConfig(AppConfig):
    name = "tests.faults.tally"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs import reaper
        from tests.faults.tally import handlers  # noqa: F401 registers them

        reaper.RESEND_SECONDS = 2
