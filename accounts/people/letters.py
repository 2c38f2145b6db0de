"""E-mails to people who work here. None of them names a patient."""

import logging
from collections.abc import Sequence
from smtplib import SMTPException

from django.core.mail import EmailMessage, get_connection

logger = logging.getLogger(__name__)


def send(subject: str, text: str, *, to: Sequence[str]) -> int:
    """Sends the text to each address by itself; how many the mail server took is the answer.

    A mail server that fails undoes nothing: it is logged, and the caller says what did not leave.
    """
    if not to:
        return 0
    try:
        return get_connection().send_messages([EmailMessage(subject, text, to=[address]) for address in to]) or 0
    except (OSError, SMTPException) as error:
        # Only the kind: the error's own words may hold addresses.
        logger.error("“%s” could not be sent: %s", subject, type(error).__name__)  # noqa: TRY400 as said
        return 0
