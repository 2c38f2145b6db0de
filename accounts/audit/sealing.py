"""The sealer: chains the rows of finished transactions, in their order, without gaps and never twice.

Any number of sealers may run; one at a time works, and what a killed one had begun is rolled back. On PostgreSQL the
rows of transactions below `pg_snapshot_xmin` are complete: nothing older can still be committed. On SQLite writers
follow each other, so the rows after the last sealed one are complete.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from accounts.audit import canonical
from accounts.audit.chain import Linked, Row, link
from accounts.audit.offline.verify_audit import START
from accounts.audit.sources import Source, all_sources
from accounts.models import AuditEvent, Seal, SealingPosition, SealLayout

BATCH = 20_000  # rows a transaction: some 10 MB of text
LOCK = 0x5EA1  # of PostgreSQL's advisory locks
NOTE_EVERY = timedelta(minutes=1)
_SEAL_COLUMNS = "seq, source, row_id, layout, row_sha256, chain_sha256"


@dataclass(frozen=True)
class Pass:
    """What one transaction of the sealer did."""

    sealed: int = 0
    more: bool = False
    busy: bool = False  # another sealer was at work
    moved: bool = False  # the database is on another server than at the last pass


def seal_pending(*, batch: int = BATCH) -> Pass:
    """Seals everything that is complete; several transactions of at most `batch` rows where there is much."""
    sealed, moved = 0, False
    while True:
        done = seal_batch(batch)
        sealed, moved = sealed + done.sealed, moved or done.moved
        if not done.more:
            return Pass(sealed=sealed, busy=done.busy, moved=moved)


def follow(*, seconds: float, stop: Callable[[], bool], each: Callable[[Pass], None]) -> None:
    """Seals every `seconds` until `stop`; `each` hears what every pass did."""
    while not stop():
        begun = time.monotonic()
        each(seal_pending())
        while not stop() and (left := begun + seconds - time.monotonic()) > 0:
            time.sleep(min(left, 0.2))


def seal_batch(batch: int = BATCH) -> Pass:
    """Seals at most `batch` rows in one transaction."""
    return _seal_in_postgresql(batch) if connection.vendor == "postgresql" else _seal_in_sqlite(batch)


def position() -> SealingPosition:
    """How far the sealer has come."""
    return SealingPosition.objects.first() or SealingPosition()


def _seal_in_postgresql(batch: int) -> Pass:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return Pass(busy=True)
        at = position()
        # Read before the rows: a transaction that ends in between waits for the next pass.
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, system_identifier::text"
            " FROM pg_control_system()"
        )
        horizon, cluster = cursor.fetchone()
        # Another server counts its transactions anew, so a restored table holds numbers of both.
        moved = bool(at.cluster) and (at.cluster != cluster or horizon < at.horizon)
        if moved:
            rows, more = _without_seals(cursor, (horizon, at.horizon)), True
        else:
            rows, more = _in_order(cursor, (at.horizon, horizon), batch)
            if more:  # the last transaction may not be here in full
                horizon = rows[-1][0]
                rows = [row for row in rows if row[0] < horizon]
            rows = _not_sealed(cursor, rows)
        linked = _link(rows)
        _copy(cursor, linked)
        at.last_seq = linked[-1].seq if linked else at.last_seq
        at.horizon, at.cluster = horizon, cluster
        _note(at, moved_on=bool(linked) or moved)
        return Pass(sealed=len(linked), more=more, moved=moved)


def _in_order(cursor: CursorWrapper, span: tuple[int, int], batch: int) -> tuple[list[Row], bool]:
    """The first rows of the transactions in `span`, and whether there are more; then they are of several."""
    # In the order of the index: statistics that lag behind would suggest sorting everything that waits.
    cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    where = "t.transaction_id >= %s AND t.transaction_id < %s ORDER BY t.transaction_id, {key} LIMIT %s"
    limit = batch + 1
    while True:
        rows = sorted(row for source in all_sources() for row in _select(cursor, source, where, [*span, limit]))
        if len(rows) < limit:
            return rows, False
        if rows[0][0] != rows[limit - 1][0]:
            return rows[:limit], True
        limit *= 2  # one transaction fills the batch


def _not_sealed(cursor: CursorWrapper, rows: list[Row]) -> list[Row]:
    """Without the rows that have a seal, which a row has at most if it is older than the newest sealed one."""
    sealed: set[tuple[str, int]] = set()
    for source in {source for _, source, _, _, _ in rows}:
        cursor.execute("SELECT max(row_id) FROM accounts_seal WHERE source = %s", [source])
        newest = cursor.fetchone()[0] or 0
        if older := [row_id for _, of, row_id, _, _ in rows if of == source and row_id <= newest]:
            cursor.execute("SELECT row_id FROM accounts_seal WHERE source = %s AND row_id = ANY(%s)", [source, older])
            sealed |= {(source, row_id) for (row_id,) in cursor.fetchall()}
    return [row for row in rows if (row[1], row[2]) not in sealed] if sealed else rows


def _without_seals(cursor: CursorWrapper, span: tuple[int, int]) -> list[Row]:
    """After a move: rows that were waiting at the time, and rows written since; their numbers lie outside of `span`."""
    unsealed = "NOT EXISTS (SELECT FROM accounts_seal s WHERE s.source = %s AND s.row_id = {key})"
    where = f"(t.transaction_id < %s OR t.transaction_id >= %s) AND {unsealed}"
    return sorted(row for source in all_sources() for row in _select(cursor, source, where, [*span, source.name]))


def _select(cursor: CursorWrapper, source: Source, where: str, values: list[str | int]) -> list[Row]:
    layout = _known_layout(source.layout)
    quote = connection.ops.quote_name
    key = f"t.{quote(source.key)}"
    cursor.execute(
        f"SELECT t.transaction_id, %s, {key}, %s, {canonical.sql(layout, quote, 't')}"  # noqa: S608 our own names
        f" FROM {quote(source.table)} t WHERE {where.format(key=key)}",
        [source.name, layout.digest, *values],
    )
    return list(cursor.fetchall())


def _copy(cursor: CursorWrapper, linked: list[Linked]) -> None:
    if not linked:
        return
    # Numbers, hexadecimal digits and names of sources: nothing to escape.
    lines = "".join([f"{a}\t{b}\t{c}\t{d}\t{e}\t{f}\n" for a, b, c, d, e, f in linked])
    with cursor.copy(f"COPY accounts_seal ({_SEAL_COLUMNS}) FROM STDIN") as copy:
        copy.write(lines)


def _seal_in_sqlite(batch: int) -> Pass:
    # Looked for without the write lock first: there is nothing to seal most of the time.
    if not any(_rows_after_the_last(source, 1) for source in all_sources()):
        return Pass()
    with transaction.atomic():
        rows: list[Row] = []
        for source in all_sources():
            rows += _rows_after_the_last(source, batch + 1)
        more = len(rows) > batch
        linked = _link(rows[:batch])
        Seal.objects.bulk_create([Seal(**seal._asdict()) for seal in linked], batch_size=1000)
        at = position()
        at.last_seq = linked[-1].seq if linked else at.last_seq
        _note(at, moved_on=True)
    return Pass(sealed=len(linked), more=more)


def _rows_after_the_last(source: Source, limit: int) -> list[Row]:
    layout = _known_layout(source.layout) if limit > 1 else source.layout
    last = Seal.objects.filter(source=source.name).aggregate(last=Max("row_id"))["last"] or 0
    names = [source.fields[column] for column, _ in layout.columns]
    return [
        (0, source.name, values[0], layout.digest, canonical.row(layout, values))
        for values in source.rows.filter(pk__gt=last).order_by("pk").values_list(*names)[:limit]
    ]


def _link(rows: list[Row]) -> list[Linked]:
    last = Seal.objects.order_by("-seq").first()
    return list(link(last.chain_sha256 if last else START, last.seq if last else 0, rows))


def _known_layout(layout: canonical.Layout) -> canonical.Layout:
    """The layout, which verification will find in the database."""
    SealLayout.objects.get_or_create(source=layout.source, layout=layout.digest, defaults={"columns": layout.names})
    return layout


def _note(at: SealingPosition, *, moved_on: bool) -> None:
    """Stores the position; when nothing was sealed, once a minute is enough."""
    now = timezone.now()
    if moved_on or at.passed_at is None or now - at.passed_at > NOTE_EVERY:
        at.passed_at = now
        at.save()


def waiting_since() -> datetime | None:
    """When the oldest event without a seal was written; None when every event has one."""
    at = position()
    last = Seal.objects.filter(source="event").aggregate(last=Max("row_id"))["last"] or 0
    unsealed = AuditEvent.objects.filter(
        ~Exists(Seal.objects.filter(source="event", row_id=OuterRef("pk"))),
        **({"transaction_id__gte": at.horizon} if connection.vendor == "postgresql" else {"pk__gt": last}),
    )
    return unsealed.order_by("transaction_id", "pk").values_list("at", flat=True).first()
