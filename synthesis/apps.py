"""The synthesis app."""

from django.apps import AppConfig


class SynthesisConfig(AppConfig):
    """Orders, generation, release and download of synthetic data sets."""

    name = "synthesis"

    def ready(self) -> None:
        # These register what leaves a history, which jobs are hidden, and what jobs and beat do; they need the models.
        from synthesis import concealed_jobs, handlers, history  # noqa: F401, PLC0415 as said
        from synthesis.publishing import tasks  # noqa: F401, PLC0415
