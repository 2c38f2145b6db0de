"""The diagnosis app."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Registers what its jobs do."""

    name = "diagnosis"

    def ready(self) -> None:
        from diagnosis import scoring  # noqa: F401, PLC0415 registers the job's handler once the models are loaded
