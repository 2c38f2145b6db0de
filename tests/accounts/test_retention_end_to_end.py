"""A purge of what was really sealed and signed: the trail verifies before and after it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.audit import sealing, verification
from accounts.audit.retention import purge
from accounts.models import Action, AuditEvent, AuditPurge, Role, Seal
from tests.accounts.trail import as_superuser, digest, seal, write
from tests.cast import MakeUser
from webapp.storage import aliases

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def audit_folder(tmp_path: Path, settings: Any) -> None:
    settings.STORAGES = {**settings.STORAGES, "audit": aliases(tmp_path.as_uri())["audit"]}


def years_ago(years: float) -> datetime:
    return timezone.now() - timedelta(days=365.25 * years)


def old_events(count: int) -> None:
    """Events of seven years ago, sealed, and signed then."""
    AuditEvent.objects.bulk_create(
        AuditEvent(at=years_ago(7), actor="somebody@example.org", action=Action.VIEW) for _ in range(count)
    )
    seal()
    digest(now=years_ago(7) + timedelta(hours=1))


def seal_records() -> None:
    while AuditPurge.objects.count() > Seal.objects.filter(source="purge").count():
        sealing.seal_pending()


def test_aud_12_the_chain_is_unbroken_after_a_purge(make_user: MakeUser) -> None:
    admin = make_user("admin", Role.ADMIN)
    old_events(4)
    write(3)
    seal()
    digest()
    before = verification.verify()
    assert (before.unbroken, before.purged) == (True, 0)
    purged = purge(before=years_ago(6.5), requested_by=admin, reason="Retention is over.", rehearse=False)
    assert {one.source: one.rows for one in purged if one.rows} == {"event": 4}
    seal()
    seal_records()
    digest()
    after = verification.verify()
    assert (after.findings, after.purged) == ([], 4)
    assert AuditEvent.objects.filter(action=Action.VIEW).count() == 3


def test_aud_12_what_went_another_way_is_found_beside_a_purge(make_user: MakeUser) -> None:
    admin = make_user("admin", Role.ADMIN)
    old_events(2)
    write(3)
    seal()
    digest()
    purge(before=years_ago(6.5), requested_by=admin, reason="Retention is over.", rehearse=False)
    seal()
    seal_records()
    young = AuditEvent.objects.filter(action=Action.VIEW).order_by("id")[1]
    as_superuser("DELETE FROM accounts_auditevent WHERE id = %s", (young.pk,))
    (finding,) = verification.verify().findings
    assert (finding.kind, finding.seq) == ("deleted", Seal.objects.get(source="event", row_id=young.pk).seq)
