"""The diagnosis app."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Registers what its jobs do."""

    name = "diagnosis"

    def ready(self) -> None:
        # These register the job's handler and the worker's warm-up, and need the models loaded.
        from diagnosis import archive_intake, image_reading, rehearsal, scoring, tasks, warm_up  # noqa: F401, PLC0415
