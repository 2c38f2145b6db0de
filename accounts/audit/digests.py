"""Signed digests: what the chain was, hour by hour, kept where the database's superuser cannot reach.

A digest is a small JSON file in the `audit` storage, which neither overwrites nor deletes. It continues the one before
it and is signed with Ed25519, so that recomputing the chain, or dropping its end, contradicts it.
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol, cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit import signing
from accounts.audit.canonical import time_text
from accounts.audit.offline.verify_audit import START, Finding, compact, read_digests
from accounts.audit.sealing import seal_pending
from accounts.models import AuditDigest, Seal

FOLDER = "digests"
VERSION = 1
LOCK = 0x5EA2  # of PostgreSQL's advisory locks


class WriteOnceStorage(Protocol):
    """What the `audit` storage can do; `webapp.storage` has it for folders and for buckets."""

    def save(self, name: str, content: "ContentFile[bytes]") -> str:
        """Stores the content.

        Raises:
            FileExistsError: there is, or was, something of that name.
        """

    def read(self, name: str) -> bytes:
        """What was first written under that name.

        Raises:
            FileNotFoundError: nothing was.
        """

    def written(self, folder: str) -> dict[str, int]:
        """Every name that was ever written in a folder, and how often."""


def storage() -> WriteOnceStorage:
    """Where digests lie."""
    return cast("WriteOnceStorage", storages["audit"])


def name_of(number: int) -> str:
    """A digest's key in the storage."""
    return f"{FOLDER}/{number:010}.json"


def is_due(now: datetime | None = None) -> bool:
    """Whether it is time for the next digest."""
    last = AuditDigest.objects.first()
    return last is None or (now or timezone.now()) - last.made_at >= settings.AUDIT_DIGEST_INTERVAL


def make_digest(*, now: datetime | None = None) -> AuditDigest | None:
    """Seals what is complete and signs the chain's end; None when another process is doing so.

    A digest is made also when nothing was sealed since the last: one that is missing is then always a sign.
    """
    seal_pending()
    with transaction.atomic():
        if not _alone():
            return None
        last = _last()
        tip = Seal.objects.order_by("-seq").first()
        key = signing.private_key()
        body: dict[str, Any] = {
            "version": VERSION,
            "number": last.number + 1 if last else 1,
            "previous_sha256": last.sha256 if last else START,
            "first_seq": last.last_seq + 1 if last else 1,
            "last_seq": tip.seq if tip else 0,
            "count": (tip.seq if tip else 0) - (last.last_seq if last else 0),
            "chain_sha256": tip.chain_sha256 if tip else START,
            "made_at": time_text(now or timezone.now()),
            "key_id": signing.key_id(key.public_key()),
        }
        content = compact({**body, "signature": key.sign(compact(body).encode()).hex()}).encode()
        storage().save(name_of(body["number"]), ContentFile(content))
        return _remember(content)


def _alone() -> bool:
    if connection.vendor != "postgresql":
        return True  # the transaction is the only one that writes
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _last() -> AuditDigest | None:
    """The newest digest in the storage: also one whose maker died before it could note it here."""
    last = AuditDigest.objects.first()
    while True:
        number = last.number + 1 if last else 1
        try:
            last = _remember(storage().read(name_of(number)))
        except FileNotFoundError:
            return last


def _remember(content: bytes) -> AuditDigest:
    body = json.loads(content)
    return AuditDigest.objects.create(
        number=body["number"],
        name=name_of(body["number"]),
        first_seq=body["first_seq"],
        last_seq=body["last_seq"],
        chain_sha256=body["chain_sha256"],
        sha256=sha256(content).hexdigest(),
        key_id=body["key_id"],
        made_at=datetime.fromisoformat(body["made_at"]),
    )


def stored() -> dict[int, bytes]:
    """Every digest in the storage by its number.

    Raises:
        OSError: the storage cannot be read.
    """
    return {number: storage().read(name) for number, name in sorted(_numbers().items())}


def verified() -> tuple[list[dict[str, Any]], list[Finding]]:
    """The digests that hold, and what is wrong with the others or with the storage."""
    files = stored()
    good, findings = read_digests(files, signing.public_keys())
    known = {digest.number: digest for digest in AuditDigest.objects.all()}
    last = max(files, default=0)
    for number in sorted(number for number in known if number > last):
        findings.append(Finding(known[number].first_seq, "digest-missing", f"digest {number} is missing"))
    for name, times in storage().written(FOLDER).items():
        again = _number(name)
        if times > 1 and again is not None:
            seq = known[again].first_seq if again in known else 1
            findings.append(
                Finding(seq, "digest-forged", f"digest {again} was overwritten or deleted; the first counts")
            )
    return good, findings


def _numbers() -> dict[int, str]:
    names = storage().written(FOLDER)
    return {number: f"{FOLDER}/{name}" for name in names if (number := _number(name)) is not None}


def _number(name: str) -> int | None:
    stem = name.removesuffix(".json")
    return int(stem) if stem.isascii() and stem.isdigit() else None
