"""What a superuser of the database can do to the trail, done to it: each is caught, named and located, by the site and
by an outsider with an export and the public key."""
# ruff: noqa: S608 the tables' names stand here

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.audit import signing, verification
from accounts.audit.offline import verify_audit as offline
from accounts.models import AuditDigest, AuditEvent, Seal, SealingPosition
from tests.accounts.trail import as_superuser, digest, seal, write

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS, SEALS = "accounts_auditevent", "accounts_seal"


@pytest.fixture(autouse=True)
def trail(tmp_path: Path, settings: Any) -> None:
    """Ten events under digest 1, ten under digest 2, five sealed since; the digests in a folder."""
    folder = {"BACKEND": "webapp.audit_storage.AuditFolder", "OPTIONS": {"location": tmp_path / "audit"}}
    settings.STORAGES = {**settings.STORAGES, "audit": folder}
    write(10, each=2)
    seal()
    digest(timezone.now() - timedelta(hours=3))
    write(10, each=5)
    seal()
    digest()
    write(5)
    seal()


def row_of(seq: int) -> int:
    return Seal.objects.get(seq=seq).row_id


def recompute(until: int = 25) -> None:
    """The whole chain anew over the rows as they are, as whoever knows the format can."""
    previous = offline.START
    for link in next(verification.chain()):
        row_sha256 = sha256((link.row or "").encode()).hexdigest() if link.row else link.row_sha256
        previous = offline.chained(previous, link.seq, link._replace(row_sha256=row_sha256))
        as_superuser(
            f"UPDATE {SEALS} SET row_sha256 = %s, chain_sha256 = %s WHERE seq = %s", (row_sha256, previous, link.seq)
        )
        if link.seq == until:
            return


def edit(seq: int = 7) -> None:
    as_superuser(f"UPDATE {EVENTS} SET actor = 'somebody.else@example.org' WHERE id = %s", (row_of(seq),))


def edit_the_row_and_its_hash() -> None:
    edit()
    recomputed = {link.seq: sha256(link.row.encode()).hexdigest() for link in next(verification.chain()) if link.row}
    as_superuser(f"UPDATE {SEALS} SET row_sha256 = %s WHERE seq = 7", (recomputed[7],))


def edit_and_recompute_until_the_next_digest() -> None:
    edit()
    recompute(until=9)


def delete() -> None:
    as_superuser(f"DELETE FROM {EVENTS} WHERE id = %s", (row_of(7),))


def delete_with_its_seal() -> None:
    delete()
    as_superuser(f"DELETE FROM {SEALS} WHERE seq = 7")


def delete_and_close_the_gap() -> None:
    delete_with_its_seal()
    for seq in range(8, 26):
        as_superuser(f"UPDATE {SEALS} SET seq = %s WHERE seq = %s", (seq - 1, seq))


def insert(like: int = 7, **changes: Any) -> int:
    """A copy of the event of a seal under another ID, with the same transaction; its ID."""
    event = AuditEvent.objects.values().get(pk=row_of(like))
    event |= {"public_id": "00000000-0000-4000-8000-000000000001", "actor": "forged@example.org", **changes}
    AuditEvent.objects.bulk_create([AuditEvent(**event)])
    return int(event["id"])


def insert_before_the_first() -> None:
    insert(like=1, id=row_of(1) - 1000)


def insert_into_a_sealed_transaction() -> None:
    insert(like=7, id=row_of(25) + 1000)


def insert_backdated_and_let_it_be_sealed() -> None:
    number = 2**62 if connection.vendor == "postgresql" else 0
    row_id = insert(id=row_of(25) + 1000, at=timezone.now() - timedelta(days=40), transaction_id=number)
    if connection.vendor == "postgresql":
        as_superuser(
            f"UPDATE {EVENTS} SET transaction_id = pg_current_xact_id()::text::bigint WHERE id = %s", (row_id,)
        )
    seal()


def insert_with_a_seal_between() -> None:
    for seq in range(25, 6, -1):
        as_superuser(f"UPDATE {SEALS} SET seq = %s WHERE seq = %s", (seq + 1, seq))
    row_id = insert(like=8, id=row_of(8) - 2000)
    after = Seal.objects.get(seq=8)
    ((_, text),) = verification._texts("event", after.layout, [row_id])
    as_superuser(
        f"INSERT INTO {SEALS} (seq, source, row_id, layout, row_sha256, chain_sha256, sealed_at)"
        f" SELECT 7, source, %s, layout, %s, %s, sealed_at FROM {SEALS} WHERE seq = 8",
        (row_id, sha256(text.encode()).hexdigest(), "b" * 64),
    )


def swap_two_events() -> None:
    first, second = row_of(7), row_of(12)
    for old, new in ((first, -1), (second, first), (-1, second)):
        as_superuser(f"UPDATE {EVENTS} SET id = %s WHERE id = %s", (new, old))


def swap_two_seals() -> None:
    for old, new in ((7, -1), (12, 7), (-1, 12)):
        as_superuser(f"UPDATE {SEALS} SET seq = %s WHERE seq = %s", (new, old))


def swap_what_two_seals_say() -> None:
    first, second = Seal.objects.get(seq=7), Seal.objects.get(seq=12)
    as_superuser(f"UPDATE {SEALS} SET row_id = -1 WHERE seq = 7")
    for seq, other in ((12, first), (7, second)):
        as_superuser(
            f"UPDATE {SEALS} SET row_id = %s, row_sha256 = %s WHERE seq = %s", (other.row_id, other.row_sha256, seq)
        )


def edit_and_recompute_everything() -> None:
    edit(14)
    recompute()


def drop_the_tail() -> None:
    as_superuser(f"DELETE FROM {EVENTS} WHERE id >= %s", (row_of(16),))
    as_superuser(f"DELETE FROM {SEALS} WHERE seq >= 16")
    SealingPosition.objects.update(last_seq=15)


def drop_the_tail_of_seals() -> None:
    as_superuser(f"DELETE FROM {SEALS} WHERE seq >= 16")


def drop_what_no_digest_covers_yet() -> None:
    as_superuser(f"DELETE FROM {EVENTS} WHERE id >= %s", (row_of(23),))
    as_superuser(f"DELETE FROM {SEALS} WHERE seq >= 23")


def drop_everything() -> None:
    for table in (EVENTS, SEALS, "accounts_auditdigest"):
        as_superuser(f"DELETE FROM {table}")
    SealingPosition.objects.update(last_seq=0)


def stored(number: int) -> Path:
    return Path(storages["audit"].path(f"digests/{number:010}.json"))


def replace(number: int, content: bytes) -> None:
    stored(number).unlink()
    stored(number).write_bytes(content)


def remove_a_digest() -> None:
    stored(1).unlink()


def remove_the_last_digest() -> None:
    stored(2).unlink()


def swap_two_digests() -> None:
    first, second = stored(1).read_bytes(), stored(2).read_bytes()
    replace(1, second)
    replace(2, first)


def edit_a_digest() -> None:
    body = json.loads(stored(2).read_bytes())
    replace(2, offline.compact({**body, "last_seq": 15}).encode())


def garble_a_digest() -> None:
    replace(2, b"{}")


def recompute_and_sign_with_another_key() -> None:
    """The whole chain and every digest anew, by somebody who has everything but the signing key."""
    edit(14)
    recompute()
    key = Ed25519PrivateKey.generate()
    before = offline.START
    for number in (1, 2):
        body = json.loads(stored(number).read_bytes())
        del body["signature"]
        body |= {
            "chain_sha256": Seal.objects.get(seq=body["last_seq"]).chain_sha256,
            "previous_sha256": before,
            "key_id": signing.key_id(key.public_key()),
        }
        content = offline.compact({**body, "signature": key.sign(offline.compact(body).encode()).hex()}).encode()
        replace(number, content)
        before = sha256(content).hexdigest()


ON_THE_CHAIN: list[tuple[Callable[[], None], str, int]] = [
    (edit, "edited", 7),
    (edit_the_row_and_its_hash, "edited", 7),
    (edit_and_recompute_until_the_next_digest, "edited", 10),
    (delete, "deleted", 7),
    (delete_with_its_seal, "deleted", 7),
    (delete_and_close_the_gap, "deleted", 7),
    (insert_before_the_first, "inserted", 1),
    (insert_backdated_and_let_it_be_sealed, "inserted", 26),
    (insert_with_a_seal_between, "inserted", 7),
    (swap_two_events, "reordered", 7),
    (swap_two_seals, "reordered", 7),
    (swap_what_two_seals_say, "reordered", 7),
]
AGAINST_THE_DIGESTS: list[tuple[Callable[[], None], str, int]] = [
    (edit_and_recompute_everything, "recomputed", 11),
    (drop_the_tail, "tail-dropped", 16),
    (drop_the_tail_of_seals, "tail-dropped", 16),
    (drop_everything, "tail-dropped", 1),
    (remove_a_digest, "digest-missing", 1),
    (remove_the_last_digest, "digest-missing", 11),
    (swap_two_digests, "digest-forged", 1),
    (edit_a_digest, "digest-forged", 11),
    (garble_a_digest, "digest-forged", 11),
    (recompute_and_sign_with_another_key, "digest-forged", 1),
]


def named(attack: tuple[Callable[[], None], str, int]) -> str:
    return attack[0].__name__


def first_bad(findings: list[tuple[int, str]]) -> tuple[int, set[str]]:
    seq = min(seq for seq, _ in findings)
    return seq, {kind for at, kind in findings if at == seq}


def online() -> tuple[int, list[tuple[int, str]]]:
    """The exit code and the findings of `manage.py verify_audit --json`."""
    out = StringIO()
    try:
        call_command("verify_audit", json=True, stdout=out)
        code = 0
    except CommandError as error:
        code = error.returncode
    return code, [(finding["seq"], finding["kind"]) for finding in json.loads(out.getvalue())["findings"]]


def outside(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[tuple[int, str]]]:
    """The exit code and the findings of the program that knows only an export and the public key."""
    call_command("export_audit_chain", folder / "export", stdout=StringIO())
    key = folder / "key.pem"
    key.write_text(signing.pem(signing.public_keys()[0]))
    capsys.readouterr()
    code = offline.main(str(folder / "export"), str(key))
    found = re.findall(r"^seal (\d+): ([a-z-]+):", capsys.readouterr().out, re.MULTILINE)
    return code, [(int(seq), kind) for seq, kind in found]


def test_a_trail_that_nobody_touched_is_unbroken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert online() == (0, [])
    assert outside(tmp_path, capsys) == (0, [])


@pytest.mark.parametrize("attack", ON_THE_CHAIN, ids=named)
def test_aud_07_a_change_of_rows_or_seals_is_named_and_located(
    attack: tuple[Callable[[], None], str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, kind, seq = attack

    change()

    code, findings = online()
    assert code == 1
    assert first_bad(findings) == (seq, {kind})
    code, findings = outside(tmp_path, capsys)
    assert code == 1
    assert first_bad(findings) == (seq, {kind})


@pytest.mark.parametrize("attack", AGAINST_THE_DIGESTS, ids=named)
def test_aud_08_a_chain_that_is_whole_in_itself_contradicts_the_signed_digests(
    attack: tuple[Callable[[], None], str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, kind, seq = attack

    change()

    code, findings = online()
    assert code == 1
    at, kinds = first_bad(findings)
    assert at == seq
    assert kind in kinds
    if change is remove_the_last_digest:
        return  # the export holds one digest less; only the site's database remembers it
    code, findings = outside(tmp_path, capsys)
    assert code == 1
    at, kinds = first_bad(findings)
    assert at == seq
    assert kind in kinds


@pytest.mark.postgres
def test_aud_07_a_row_put_into_a_finished_transaction_is_named_and_located() -> None:
    insert_into_a_sealed_transaction()

    code, findings = online()

    assert code == 1
    assert first_bad(findings) == (9, {"inserted"})


def test_what_no_digest_covers_yet_is_missed_by_the_sealers_own_position() -> None:
    drop_what_no_digest_covers_yet()

    code, findings = online()

    assert code == 1
    assert first_bad(findings) == (23, {"tail-dropped"})


def test_digests_of_an_earlier_key_are_believed_only_when_it_is_named(settings: Any) -> None:
    earlier = signing.public_keys()[0]
    settings.AUDIT_SIGNING_KEY = "b" * 43 + "="
    digest()

    assert first_bad(online()[1]) == (1, {"digest-forged"})
    settings.AUDIT_EARLIER_PUBLIC_KEYS = [base64.urlsafe_b64encode(signing.raw(earlier)).decode()]
    assert online() == (0, [])
    assert AuditDigest.objects.count() == 3
