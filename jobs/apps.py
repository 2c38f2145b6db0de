"""The jobs app."""

from celery import current_app
from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Jobs: rows that workers claim."""

    name = "jobs"

    def ready(self) -> None:
        from jobs import worker  # noqa: F401, PLC0415 connects signals once the models are there

        # Celery's current app is thread-local. Without a default, a web server's threads would publish
        # through Celery's built-in fallback (amqp://localhost) and every doorbell from them would be lost.
        current_app.set_default()
