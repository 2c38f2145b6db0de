"""Periodic work of the diagnosis app."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import DatabaseError, close_old_connections, connections

from diagnosis.services.orphan_objects import remove_orphans
from diagnosis.services.stale_uploads import discard_stale_uploads

logger = logging.getLogger(__name__)
# Looking through a large store must leave the worker to others, and end before a task may not go on.
ORPHANS_BUDGET = timedelta(minutes=4)


@shared_task(name="diagnosis.discard_stale_uploads")
def discard() -> None:
    """Sent by beat every hour."""
    discard_stale_uploads()
    cleared = remove_orphans(budget=ORPHANS_BUDGET)
    if cleared.removed:
        logger.warning("Removed %d stored objects that no row knew.", cleared.removed)
    if cleared.left_alone:
        logger.error(
            "%d stored objects have no row, too many to be leftovers: is this the right database? They stay; "
            "manage.py discard_stale_uploads --even-many removes them.",
            cleared.left_alone,
        )


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
