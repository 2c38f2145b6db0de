"""The site's frame: settings, URLs, Celery, storage, health."""

from webapp.celery import app as celery_app

__all__ = ["celery_app"]
