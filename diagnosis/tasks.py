"""Periodic work of the diagnosis app."""

import logging
from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import DatabaseError, close_old_connections, connections

from diagnosis.services.stale_uploads import discard_stale_uploads

logger = logging.getLogger(__name__)


@shared_task(name="diagnosis.discard_stale_uploads")
def discard() -> None:
    """Sent by beat every hour."""
    discard_stale_uploads()


@worker_ready.connect
def discard_once(**kwargs: Any) -> None:
    """Clears away at once what lay there while no worker ran."""
    close_old_connections()
    try:
        discard_stale_uploads()
    except DatabaseError as error:
        logger.warning("Uploads cannot be read yet (%s); the next round will.", type(error).__name__)
    finally:
        connections.close_all()
