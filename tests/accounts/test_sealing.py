"""The sealer: every complete row once, in order, whatever comes between."""

import json
import subprocess
import threading
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.audit import canonical, sealing, sources, verification
from accounts.audit.chain import link
from accounts.models import AuditEvent, Seal, SealingPosition, SealLayout
from tests.accounts.trail import as_superuser, seal, write

pytestmark = pytest.mark.django_db(transaction=True)


def sealed_events() -> list[int]:
    return list(Seal.objects.filter(source="event").order_by("seq").values_list("row_id", flat=True))


def test_each_event_is_sealed_once_in_its_order() -> None:
    write(7, each=3)
    seal()
    write(3)
    seal()
    sealing.seal_pending()

    assert sealed_events() == list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert list(Seal.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 11))
    assert sealing.position().last_seq == 10
    assert sealing.waiting_since() is None


@pytest.mark.parametrize("batch", [1, 4, 5, 100])
def test_batches_of_any_size_leave_no_gap(batch: int) -> None:
    write(20, each=5)
    seal_in_batches(batch, until=20)

    assert sealed_events() == list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))
    assert verification.verify().unbroken


def seal_in_batches(batch: int, until: int) -> None:
    for _ in range(500):
        sealing.seal_pending(batch=batch)
        if Seal.objects.count() == until:
            return
    raise AssertionError(f"{Seal.objects.count()} of {until} sealed")


def test_a_row_is_hashed_as_the_format_says_and_as_other_programs_hash_it() -> None:
    write(2)
    seal()
    first, second = Seal.objects.order_by("seq")
    ((_, text),) = verification._texts("event", first.layout, [first.row_id])
    event = AuditEvent.objects.get(pk=first.row_id)

    values = dict(zip(SealLayout.objects.get(source="event").columns, json.loads(text)[1:], strict=True))

    assert json.loads(text)[0] == f"event@{first.layout}"
    assert values["id:integer"] == str(event.pk)
    assert values["at:time"] == event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert values["public_id:uuid"] == str(event.public_id)
    assert values["ip:address"] is None
    assert values["detail:json"] == '{"é": [1.5, null, true], "a b": {"c": "\\""}}'
    assert shasum(text) == first.row_sha256
    assert shasum("\n".join(["0" * 64, "1", "event", str(first.row_id), first.row_sha256])) == first.chain_sha256
    chained = [first.chain_sha256, "2", "event", str(second.row_id), second.row_sha256]
    assert shasum("\n".join(chained)) == second.chain_sha256


def shasum(text: str) -> str:
    printed = subprocess.run(["sha256sum"], input=text.encode(), capture_output=True, check=True).stdout
    return printed.decode().split()[0]


@pytest.mark.postgres
@pytest.mark.parametrize(
    "value",
    [
        {},
        {"b": 1, "a": 2, "aa": 0, "é": 'ü\u0001\u007f"\\/'},
        [1, -2.5, 1e-7, 1e20, 0.1, True, False, None, "", [], {"x": {"y": [{}]}}],
        {"deep": {"ключ": ["\U0001f600", "\t\r\n\b\f"]}},
    ],
)
def test_postgresql_writes_json_as_the_format_says(value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [json.dumps(value)])
        assert cursor.fetchone()[0] == canonical.json_text(value)


@pytest.mark.postgres
def test_postgresql_and_python_write_the_same_row() -> None:
    AuditEvent.objects.bulk_create(
        [AuditEvent(actor='"Ä\\"\t', action="view", ip="2001:db8::1", detail={"n": [1, 2.25], "": {"z": "x"}})]
    )
    of = sources.source("event")
    assert of is not None
    names = [of.fields[column] for column, _ in of.layout.columns]
    event = AuditEvent.objects.get()
    SealLayout.objects.create(source="event", layout=of.layout.digest, columns=of.layout.names)

    ((_, text),) = verification._texts("event", of.layout.digest, [event.pk])

    assert text == canonical.row(of.layout, AuditEvent.objects.values_list(*names).get())


@pytest.mark.postgres
def test_a_transaction_under_way_holds_later_ones_back_until_it_ends() -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            write(1)
            began.set()
            may_end.wait(30)
        connections.close_all()

    writer = threading.Thread(target=slow)
    writer.start()
    began.wait(30)
    write(2)
    sealing.seal_pending()
    assert sealed_events() == []
    assert sealing.waiting_since() is not None
    may_end.set()
    writer.join()
    seal()

    assert len(sealed_events()) == 3
    assert sealed_events() == list(AuditEvent.objects.order_by("transaction_id", "pk").values_list("pk", flat=True))


@pytest.mark.postgres
def test_after_a_restore_on_another_server_nothing_is_sealed_twice_or_forgotten() -> None:
    write(4)
    seal()
    write(2)  # waits when the dump is made; the new server counts its transactions from a lower number
    number = 2**50
    as_superuser("UPDATE accounts_auditevent SET transaction_id = transaction_id + %s", (number,))
    seen = dict.fromkeys(Seal.objects.values_list("row_id", flat=True))
    SealingPosition.objects.update(horizon=min_unsealed(seen), cluster="another")
    write(3)

    moved = [sealing.seal_pending().moved, sealing.seal_pending().moved]
    seal()
    write(1)
    seal()

    assert moved == [True, False]
    assert sorted(sealed_events()) == sorted(AuditEvent.objects.values_list("pk", flat=True))


def min_unsealed(seen: dict[int, None]) -> int:
    return min(AuditEvent.objects.exclude(pk__in=seen).values_list("transaction_id", flat=True))


def test_a_column_added_later_leaves_earlier_seals_true(monkeypatch: pytest.MonkeyPatch) -> None:
    of = sources.source("event")
    assert of is not None
    before = canonical.Layout("event", of.layout.columns[:-1])
    monkeypatch.setitem(of.__dict__, "layout", before)
    write(2)
    seal()
    monkeypatch.undo()
    write(2)
    seal()

    assert Seal.objects.values("layout").distinct().count() == 2
    assert verification.verify().unbroken


def test_a_source_keeps_its_name() -> None:
    with pytest.raises(ValueError, match="already the source AuditEvent"):
        sources.register("event", Seal)
    with pytest.raises(ValueError, match="a–z"):
        sources.register("No Name", Seal)


def test_the_command_says_how_many_rows_it_sealed(capsys: pytest.CaptureFixture[str]) -> None:
    write(3)
    call_command("seal_audit")
    assert "rows sealed in" in capsys.readouterr().out


def test_waiting_rows_are_known_by_their_age() -> None:
    write(1)
    since = sealing.waiting_since()
    assert since is not None
    assert timezone.now() - since < timedelta(minutes=1)


def test_sha256_is_that_of_the_text_in_utf8() -> None:
    (linked,) = link("0" * 64, 0, [(1, "event", 5, "a" * 12, '["é"]')])
    assert linked.row_sha256 == sha256('["é"]'.encode()).hexdigest()
