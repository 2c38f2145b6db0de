"""Keeping the trail: what a worker, or `seal_audit --follow`, does again and again."""

import json
import logging
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.audit import digests, verification
from accounts.audit.alerts import Concern, chain_checked, raise_alert, watch, watch_digests
from accounts.audit.sealing import Pass, seal_pending, waiting_since
from accounts.models import AuditAlert, AuditDigest

logger = logging.getLogger(__name__)
# A digest says that what is older than an hour is sealed: none is signed while a long transaction holds that up.
LONGEST_WAIT = timedelta(minutes=30)


def seal() -> Pass:
    """Seals what is complete; says so when the database was moved."""
    done = seal_pending()
    if done.moved:
        detail = "Its transactions are numbered anew: rows written since were sealed in the order they were found."
        raise_alert(Concern(AuditAlert.Kind.DATABASE_MOVED, "database", detail))
    return done


def keep() -> None:
    """Signs the next digest when it is time, and looks whether anything is late."""
    if digests.is_due():
        try:
            sign()
        except Exception:  # whatever the storage raises
            # The next minute tries again; when that goes on, the digest is late and an alert says so.
            logger.exception("No digest of the audit trail could be signed")
    watch()


def sign() -> AuditDigest | None:
    """Signs the next digest.

    None while events wait for their seals, when the chain does not continue the last digest, or when another process
    is signing.
    """
    seal()
    since = waiting_since()
    if since and timezone.now() - since > LONGEST_WAIT:
        logger.error("No digest of the audit trail is signed: events since %s have no seal yet", since)
        return None
    newest = AuditDigest.objects.first()
    last: dict[str, Any] | None = None
    if newest:
        last = json.loads(digests.storage().read(newest.name))
    try:
        findings = verification.check_since(last)
    except verification.CannotVerify as error:
        logger.error("The audit trail cannot be verified: %s", error)  # noqa: TRY400 the message says it all
        return None
    chain_checked(findings, whole=False)
    digest = None if findings else digests.make_digest()
    watch_digests()
    return digest
