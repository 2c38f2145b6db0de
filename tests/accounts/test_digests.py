"""Signed digests: made in time, kept against everybody, missed when they are gone."""

import io
import json
import logging
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.audit import alerts, digests, keeping, sealing, verification
from accounts.audit.offline.verify_audit import compact
from accounts.models import AuditAlert, AuditDigest, AuditEvent, AuditPurge, Role, Seal, User
from tests.accounts.trail import as_superuser, digest, seal, write
from tests.cast import MakeUser
from webapp.audit_storage import RETAINED, AuditBucket
from webapp.storage import aliases

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def audit_folder(tmp_path: Path, settings: Any) -> Path:
    settings.STORAGES = {**settings.STORAGES, "audit": aliases(tmp_path.as_uri())["audit"]}
    return tmp_path / "audit"


@pytest.fixture
def audit_bucket(s3_server: Any, settings: Any) -> AuditBucket:
    """A new bucket with object lock, made as the deployment makes it; it cannot be emptied again."""
    settings.STORAGES = aliases(
        f"s3://test-{uuid4().hex[:12]}?endpoint_url={quote(s3_server.endpoint_url)}&region=us-east-1",
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
    )
    call_command("create_buckets", stdout=io.StringIO())
    return cast("AuditBucket", storages["audit"])


def kinds() -> set[str]:
    return {alert.kind for alert in AuditAlert.objects.open()}


def test_a_digest_says_what_the_chain_is_and_openssl_verifies_it(tmp_path: Path) -> None:
    write(3)
    seal()
    made = digest()
    last = Seal.objects.get(seq=3)
    body = json.loads(digests.storage().read("digests/0000000001.json"))

    signature = bytes.fromhex(body.pop("signature"))

    assert (body["number"], body["first_seq"], body["last_seq"], body["count"]) == (1, 1, 3, 3)
    assert body["chain_sha256"] == made.chain_sha256 == last.chain_sha256
    assert body["previous_sha256"] == "0" * 64
    printed = io.StringIO()
    call_command("audit_public_key", stdout=printed, stderr=io.StringIO())
    (tmp_path / "key.pem").write_text(printed.getvalue())
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "body").write_text(compact(body))
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -sigfile signature -in body"
    checked = subprocess.run(command.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in checked.stdout, checked.stderr
    assert load_pem_public_key(printed.getvalue().encode())


def test_digests_follow_each_other_also_when_nothing_happened() -> None:
    write(2)
    first, second = digest(), digest()

    body = json.loads(digests.storage().read(second.name))

    assert (second.number, body["first_seq"], body["last_seq"], body["count"]) == (2, 3, 2, 0)
    assert body["previous_sha256"] == first.sha256
    assert verification.verify().unbroken


def test_a_digest_whose_maker_died_before_noting_it_is_taken_up() -> None:
    write(2)
    digest()
    as_superuser("DELETE FROM accounts_auditdigest")

    assert digest().number == 2
    assert list(AuditDigest.objects.values_list("number", flat=True)) == [2, 1]


def test_one_is_made_every_hour(settings: Any) -> None:
    write(1)
    keeping.keep()
    keeping.keep()
    assert AuditDigest.objects.count() == 1
    assert not digests.is_due(timezone.now() + timedelta(minutes=59))
    assert digests.is_due(timezone.now() + timedelta(minutes=61))


def test_aud_10_deleting_or_overwriting_a_digest_is_refused_in_a_folder(audit_folder: Path) -> None:
    write(1)
    name = digest().name

    with pytest.raises(PermissionDenied, match="never deleted"):
        storages["audit"].delete(name)
    with pytest.raises(FileExistsError, match="never overwritten"):
        storages["audit"].save(name, ContentFile(b"{}"))

    assert (audit_folder / name).stat().st_mode & 0o777 == 0o400
    assert storages["audit"].exists(name)


@pytest.mark.s3
def test_aud_10_deleting_or_overwriting_a_digest_is_refused_in_a_bucket(audit_bucket: AuditBucket) -> None:
    write(1)
    name = digest().name
    client = audit_bucket.connection.meta.client
    head = client.head_object(Bucket=audit_bucket.bucket_name, Key=name)

    with pytest.raises(PermissionDenied):
        audit_bucket.delete(name)
    with pytest.raises(FileExistsError):
        audit_bucket.save(name, ContentFile(b"{}"))
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_object(Bucket=audit_bucket.bucket_name, Key=name, VersionId=head["VersionId"])
    with pytest.raises(ClientError, match="AccessDenied"):
        client.put_object_retention(
            Bucket=audit_bucket.bucket_name,
            Key=name,
            VersionId=head["VersionId"],
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": timezone.now() + timedelta(days=1)},
        )

    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ObjectLockRetainUntilDate"] > timezone.now() + timedelta(days=6 * 366)
    assert timedelta(days=6 * 366) < RETAINED


@pytest.mark.s3
def test_aud_08_whoever_has_the_buckets_key_can_hide_a_digest_but_not_replace_it(audit_bucket: AuditBucket) -> None:
    write(1)
    first, second = digest(), digest()
    client = audit_bucket.connection.meta.client
    client.delete_object(Bucket=audit_bucket.bucket_name, Key=first.name)
    client.put_object(Bucket=audit_bucket.bucket_name, Key=second.name, Body=b"{}")

    assert audit_bucket.written("digests") == {"0000000001.json": 2, "0000000002.json": 2}
    findings = verification.verify().findings

    assert {finding.message for finding in findings} == {
        "digest 1 was overwritten or deleted; the first counts",
        "digest 2 was overwritten or deleted; the first counts",
    }
    alerts.watch_digests()
    assert kinds() == {AuditAlert.Kind.DIGEST_UNVERIFIABLE}


@pytest.mark.s3
def test_a_trail_whose_digests_lie_in_a_bucket_is_verified(audit_bucket: AuditBucket) -> None:
    write(5)
    digest()
    write(5)
    digest()
    seal()
    assert verification.verify().unbroken
    assert audit_bucket.locks


def test_aud_10_a_late_digest_raises_one_alert_is_told_and_settled_by_the_next(
    make_user: MakeUser, caplog: pytest.LogCaptureFixture
) -> None:
    auditor = make_user("auditor", Role.AUDITOR)
    make_user("left", Role.AUDITOR)
    User.objects.filter(email="left@example.org").update(is_active=False)
    make_user("clinician")
    write(1)
    seal()
    digest()
    late = timezone.now() + timedelta(hours=2, minutes=1)
    alerts.watch(now=timezone.now() + timedelta(hours=1, minutes=59))
    assert not kinds()

    with caplog.at_level(logging.ERROR, logger="accounts.audit.alerts"):
        alerts.watch(now=late)
        alerts.watch(now=late)

    alert = AuditAlert.objects.get()
    assert alert.kind == AuditAlert.Kind.DIGEST_LATE
    assert len(caplog.records) == 1
    assert [message.to for message in mail.outbox] == [[auditor.email]]
    assert "No digest was signed in time" in mail.outbox[0].subject
    digest(now=late)
    alerts.watch(now=late + timedelta(minutes=1))
    alert.refresh_from_db()
    assert alert.settled_by == "system"


@pytest.mark.parametrize("number", [1, 2])
def test_aud_10_a_missing_digest_raises_an_alert_until_it_is_back(number: int, audit_folder: Path) -> None:
    write(1)
    seal()
    digest()
    digest()
    path = audit_folder / digests.name_of(number)
    content = path.read_bytes()
    path.unlink()

    alerts.watch_digests()
    alerts.watch_digests()

    alert = AuditAlert.objects.get()
    assert (alert.kind, alert.subject) == (AuditAlert.Kind.DIGEST_MISSING, f"digest {number}")
    path.write_bytes(content)
    alerts.watch_digests()
    assert not kinds()


def test_aud_10_a_digest_that_nobody_signed_raises_an_alert(audit_folder: Path) -> None:
    write(1)
    seal()
    path = audit_folder / digest().name
    body = json.loads(path.read_bytes())
    path.chmod(0o600)
    path.write_bytes(compact({**body, "made_at": "2020-01-01T00:00:00.000000Z"}).encode())

    alerts.watch_digests()

    assert kinds() == {AuditAlert.Kind.DIGEST_UNVERIFIABLE}


def test_a_broken_chain_is_not_signed_and_told() -> None:
    write(4)
    seal()
    digest(now=timezone.now() - timedelta(hours=2))
    write(4)
    seal()
    row_id = Seal.objects.get(seq=6).row_id
    as_superuser("UPDATE accounts_auditevent SET actor = 'x' WHERE id = %s", (row_id,))

    keeping.keep()

    assert AuditDigest.objects.count() == 1
    alert = AuditAlert.objects.get(kind=AuditAlert.Kind.CHAIN_BROKEN)
    assert alert.detail.startswith("From seal 6 on: edited")


def test_a_chain_that_was_recomputed_since_the_last_digest_is_not_signed() -> None:
    write(4)
    seal()
    digest(now=timezone.now() - timedelta(hours=1.5))
    as_superuser("UPDATE accounts_seal SET chain_sha256 = %s WHERE seq = 4", ("f" * 64,))
    keeping.keep()
    assert AuditDigest.objects.count() == 1
    assert kinds() == {AuditAlert.Kind.CHAIN_BROKEN}


def test_events_that_wait_too_long_raise_an_alert(make_user: MakeUser) -> None:
    write(1)
    alerts.watch(now=timezone.now() + timedelta(minutes=4))
    assert not kinds()
    alerts.watch(now=timezone.now() + timedelta(minutes=6))
    assert kinds() == {AuditAlert.Kind.SEALING_LATE}


def test_who_sees_an_alert_and_a_person_settles_it(make_user: MakeUser) -> None:
    auditor, clinician = make_user("auditor", Role.AUDITOR), make_user("clinician")
    alert = alerts.raise_alert(alerts.Concern(AuditAlert.Kind.DATABASE_MOVED, "database", "It was restored."))
    elsewhere = make_user("away", Role.AUDITOR, hospital="South Hospital")
    own = alerts.raise_alert(
        alerts.Concern(AuditAlert.Kind.CHAIN_BROKEN, "own", "Only here."), institution=auditor.institution
    )

    assert set(AuditAlert.objects.visible_to(auditor)) == {alert, own}
    assert set(AuditAlert.objects.visible_to(elsewhere)) == {alert}
    assert not AuditAlert.objects.visible_to(clinician)
    alerts.settle(alert, by=auditor)
    alert.refresh_from_db()
    assert alert.settled_by == auditor.email


@pytest.mark.parametrize(
    ("years", "has_record", "expected"),
    [(6.1, True, []), (5.9, True, ["deleted"] * 3), (6.1, False, ["deleted"] * 3)],
)
def test_aud_12_rows_that_went_are_purged_only_with_a_record_and_six_years_after_their_digest(
    years: float, has_record: bool, expected: list[str]
) -> None:
    write(3)
    seal()
    digest(now=timezone.now() - timedelta(days=365.25 * years))
    rows = list(Seal.objects.filter(source="event").order_by("seq").values_list("row_id", flat=True))
    if has_record:
        AuditPurge.objects.create(
            source="event",
            first_row_id=rows[0],
            last_row_id=rows[-1],
            first_seq=1,
            last_seq=3,
            rows=3,
            before=timezone.now(),
        )
    as_superuser("DELETE FROM accounts_auditevent WHERE id <= %s", (rows[-1],))
    while AuditPurge.objects.count() > Seal.objects.filter(source="purge").count():
        sealing.seal_pending()

    report = verification.verify()

    assert [finding.kind for finding in report.findings] == expected
    assert report.purged == (0 if expected else 3)


def test_the_answer_is_2_when_it_cannot_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    write(1)
    seal()

    def unreachable() -> None:
        raise ConnectionRefusedError("nobody listens")

    monkeypatch.setattr(digests, "stored", unreachable)
    with pytest.raises(CommandError, match="nobody listens") as raised:
        call_command("verify_audit", stdout=io.StringIO())
    assert raised.value.returncode == 2


def test_the_answer_in_words_names_what_was_checked() -> None:
    write(3)
    seal()
    digest()
    printed = io.StringIO()
    call_command("verify_audit", stdout=printed)
    assert "1 signed digests" in printed.getvalue()
    assert printed.getvalue().strip().endswith("unbroken")


def test_an_outsider_needs_the_export_the_program_and_the_key_alone(tmp_path: Path) -> None:
    write(3)
    seal()
    digest()
    folder = tmp_path / "export"
    call_command("export_audit_chain", folder, stdout=io.StringIO())
    with (tmp_path / "key.pem").open("w") as key:
        call_command("audit_public_key", stdout=key, stderr=io.StringIO())
    command = [sys.executable, "-I", folder / "verify_audit.py", folder, tmp_path / "key.pem"]

    whole = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    (folder / "chain.jsonl").write_text((folder / "chain.jsonl").read_text().replace("view", "edit", 1))
    edited = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    unusable = subprocess.run([*command[:3], "nowhere"], capture_output=True, text=True, check=False, env={})

    assert (whole.returncode, edited.returncode, unusable.returncode) == (0, 1, 2), whole.stdout + whole.stderr
    assert "unbroken" in whole.stdout
    assert "edited" in edited.stdout
    assert (folder / "chain.jsonl").stat().st_mode & 0o777 == 0o600
    assert AuditEvent.objects.filter(object_type="audit-chain", action="export").count() == 1
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_audit_chain", folder, stdout=io.StringIO())
