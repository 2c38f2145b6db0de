"""The diagnosis app."""

from django.apps import AppConfig


class DiagnosisConfig(AppConfig):
    """Registers what its jobs do."""

    name = "diagnosis"

    def ready(self) -> None:
        # These register the job's handler, the worker's warm-up, what leaves a history and what is hidden from
        # whom; they need the models loaded.
        from accounts.review import patients  # noqa: PLC0415 likewise
        from diagnosis import (  # noqa: F401, PLC0415
            archive_intake,
            concealed_jobs,
            history,
            image_reading,
            rehearsal,
            restricted_records,
            scoring,
            tasks,
            warm_up,
        )
        from diagnosis.review_source import Patients  # noqa: PLC0415 likewise

        patients.register(Patients())
