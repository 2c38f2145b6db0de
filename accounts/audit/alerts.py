"""Alerts about the trail itself: raised once, told to the auditors, settled when mended."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from accounts.audit import digests
from accounts.audit.offline.verify_audit import Finding
from accounts.audit.sealing import waiting_since
from accounts.models import AuditAlert, AuditAlertQuerySet, AuditDigest, Institution, Role, Seal, User

logger = logging.getLogger(__name__)

SEALING_LATE = timedelta(minutes=5)
SYSTEM = "system"
Kind = AuditAlert.Kind


class Concern(NamedTuple):
    """What is wrong now: one alert for each kind and subject."""

    kind: AuditAlert.Kind
    subject: str
    detail: str


def watch(*, now: datetime | None = None) -> None:
    """Raises, and settles, what the database alone shows: late digests, late seals. Every minute."""
    now = now or timezone.now()
    _apply([*_late_digest(now), *_late_seals(now)], {Kind.DIGEST_LATE, Kind.SEALING_LATE})


def watch_digests() -> None:
    """Raises, and settles, what only the storage shows: missing, forged or overwritten digests; with each digest."""
    _, findings = digests.verified()
    concerns = [_concern(finding) for finding in findings]
    _apply(concerns, {Kind.DIGEST_MISSING, Kind.DIGEST_UNVERIFIABLE})


def chain_checked(findings: Iterable[Finding], *, whole: bool) -> None:
    """Raises what a verification found; one of the whole chain that found nothing settles what was raised before."""
    about_chain = [finding for finding in findings if not finding.kind.startswith("digest-")]
    if about_chain:
        first = about_chain[0]
        raise_alert(Concern(Kind.CHAIN_BROKEN, "chain", f"From seal {first.seq} on: {first.kind}: {first.message}."))
    elif whole:
        _settle(AuditAlert.objects.open().filter(kind=Kind.CHAIN_BROKEN), by=SYSTEM)


def raise_alert(concern: Concern, *, institution: Institution | None = None) -> AuditAlert:
    """The open alert of this kind and subject; a new one is logged and mailed to the auditors."""
    alert, new = AuditAlert.objects.get_or_create(
        kind=concern.kind,
        subject=concern.subject,
        settled_at=None,
        defaults={
            "detail": concern.detail,
            "institution_id_text": str(institution.public_id) if institution else "",
        },
    )
    if new:
        logger.error("Audit trail: %s. %s", alert.get_kind_display(), alert.detail)
        transaction.on_commit(lambda: _tell_auditors(alert, institution))
    return alert


def settle(alert: AuditAlert, *, by: User) -> None:
    """A person has dealt with it; what is still wrong is raised anew at the next watch."""
    _settle(AuditAlert.objects.open().filter(pk=alert.pk), by=by.email)


def _apply(concerns: list[Concern], kinds: set[AuditAlert.Kind]) -> None:
    """Raises the concerns, and settles the open alerts of `kinds` that are none any more."""
    for concern in concerns:
        raise_alert(concern)
    still = {(concern.kind.value, concern.subject) for concern in concerns}
    for alert in AuditAlert.objects.open().filter(kind__in=kinds):
        if (alert.kind, alert.subject) not in still:
            _settle(AuditAlert.objects.open().filter(pk=alert.pk), by=SYSTEM)
            logger.warning("Audit trail: mended: %s (%s)", alert.get_kind_display(), alert.subject)


def _settle(alerts: AuditAlertQuerySet, *, by: str) -> None:
    alerts.update(settled_at=timezone.now(), settled_by=by)


def _late_digest(now: datetime) -> list[Concern]:
    last = AuditDigest.objects.first()
    if last:
        since, about = last.made_at, f"The last is digest {last.number} of {last.made_at:%d %b %Y %H:%M} UTC."
    elif first := Seal.objects.order_by("seq").first():
        since, about = first.sealed_at, "There is none at all."
    else:
        return []
    if now - since <= 2 * settings.AUDIT_DIGEST_INTERVAL:
        return []
    return [Concern(Kind.DIGEST_LATE, "digest", f"{about} Is a worker or `seal_audit --follow` running?")]


def _late_seals(now: datetime) -> list[Concern]:
    since = waiting_since()
    if since is None or now - since <= SEALING_LATE:
        return []
    detail = f"Events since {since:%d %b %Y %H:%M} UTC have none. Is a worker or `seal_audit --follow` running?"
    return [Concern(Kind.SEALING_LATE, "seals", detail)]


def _concern(finding: Finding) -> Concern:
    kind = Kind.DIGEST_MISSING if finding.kind == "digest-missing" else Kind.DIGEST_UNVERIFIABLE
    return Concern(kind, " ".join(finding.message.split()[:2]), f"{finding.message.capitalize()}.")


def _tell_auditors(alert: AuditAlert, institution: Institution | None) -> None:
    what = alert.get_kind_display()
    text = f"{what}.\n\n{alert.detail}\n\nOpen the review queue of the audit trail for more.\n"
    auditors = User.objects.filter(role=Role.AUDITOR, is_active=True)
    if institution:
        auditors = auditors.filter(institution=institution)
    for email in auditors.values_list("email", flat=True):
        try:
            send_mail(f"Audit trail: {what}", text, None, [email])
        except OSError:
            logger.exception("The auditors could not be told of an alert about the audit trail")
