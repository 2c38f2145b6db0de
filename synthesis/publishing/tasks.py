"""Periodic work of publishing."""

import logging

from celery import shared_task

from synthesis.publishing.services import remove_abandoned
from synthesis.services.leftovers import discard_again, remove_orphaned_records

logger = logging.getLogger(__name__)


@shared_task(name="synthesis.remove_abandoned")
def remove() -> None:
    """Sent by beat every hour."""
    removed = remove_abandoned()
    if removed:
        logger.warning("Removed the files of %d sets that nobody publishes any more.", removed)
    discard_again()
    orphans = remove_orphaned_records()
    if orphans:
        logger.warning("Removed the records of %d sources that were never added.", orphans)
