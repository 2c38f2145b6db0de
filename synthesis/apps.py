"""The synthesis app."""

from django.apps import AppConfig


class SynthesisConfig(AppConfig):
    """Orders, generation, release and download of synthetic data sets."""

    name = "synthesis"

    def ready(self) -> None:
        # These register what leaves a history, and what jobs and beat do; they need the models loaded.
        from synthesis import handlers, history  # noqa: F401, PLC0415 as said
        from synthesis.publishing import tasks  # noqa: F401, PLC0415
