"""Verification against the database: every seal, its row as it is now, and the signed digests.

What is wrong is decided by the same code that an outsider runs on an export (`offline/verify_audit.py`); this module
feeds it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.db.models import Max, OuterRef, Q, Subquery

from accounts.audit import canonical, digests
from accounts.audit.offline.verify_audit import Check, Finding, Link, read_digests
from accounts.audit.sealing import position
from accounts.audit.sources import Source, all_sources, source
from accounts.models import Seal, SealLayout

CHUNK = 20_000
MOST_UNSEALED = 100
_IN_SQLITE = 500  # names in one condition


class CannotVerify(Exception):
    """The trail cannot be checked; the message says why."""


@dataclass
class Report:
    """What a verification saw."""

    seals: int = 0
    digests: int = 0
    purged: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def unbroken(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(
    *,
    keys: list[Ed25519PublicKey] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Checks everything; `progress(done, total)` counts seals. `keys` stands in for the site's own public keys.

    Raises:
        CannotVerify: rows of a source or a column that no longer exists, or a storage that cannot be read.
    """
    at = position()
    try:
        good, findings = digests.verified() if keys is None else read_digests(digests.stored(), keys)
    except OSError as error:
        raise CannotVerify(f"The digests cannot be read ({error}).") from error
    check = Check(good, layouts(), purge_records())
    total = Seal.objects.count()
    for links in chain():
        check.feed(links)
        progress(check.last_seq, total)
    findings += check.finish()
    if at.last_seq > check.last_seq and not any(finding.kind == "tail-dropped" for finding in findings):
        gone = f"seals {check.last_seq + 1} to {at.last_seq} were there and are gone"
        findings.append(Finding(check.last_seq + 1, "tail-dropped", gone))
    findings += [Finding(seq, "inserted", f"{name} {row_id} has no seal") for seq, name, row_id in unsealed(at.horizon)]
    return Report(seals=check.last_seq, digests=len(good), purged=check.purged, findings=sorted(findings))


def check_since(digest: dict[str, Any] | None) -> list[Finding]:
    """Checks the seals after a digest, which is believed, and that the chain still holds the digest's end."""
    check = Check([digest] if digest else [], layouts(), purge_records())
    after = 0
    if digest and (after := digest["last_seq"]):
        end = Seal.objects.filter(seq=after).first()
        if end is None:
            return [Finding(after, "tail-dropped", f"seal {after}, which digest {digest['number']} signed, is gone")]
        if end.chain_sha256 != digest["chain_sha256"]:
            message = f"the chain is not what digest {digest['number']} signed"
            return [Finding(digest["first_seq"], "recomputed", message)]
        check.last_seq, check.previous = after, end.chain_sha256
    for links in chain(after=after):
        check.feed(links)
    return check.finish()


def chain(*, after: int = 0) -> Iterator[list[Link]]:
    """All seals after a given one in their order, some thousand at a time, with their rows as they are now."""
    columns = ("seq", "source", "row_id", "row_sha256", "chain_sha256", "layout")
    while seals := list(Seal.objects.filter(seq__gt=after).order_by("seq").values_list(*columns)[:CHUNK]):
        yield _links(seals)
        after = seals[-1][0]


def layouts() -> dict[str, list[str]]:
    """Every layout that seals name, as `name:type` of its columns."""
    return {f"{layout.source}@{layout.layout}": layout.columns for layout in SealLayout.objects.all()}


def purge_records() -> list[Link]:
    """The sealed records of what was purged."""
    columns = ("seq", "source", "row_id", "row_sha256", "chain_sha256", "layout")
    seals = list(Seal.objects.filter(source="purge").order_by("seq").values_list(*columns))
    return _links(seals)


def _links(seals: list[tuple[Any, ...]]) -> list[Link]:
    texts = _texts_of(seals)
    return [
        Link(seq, name, row_id, row_sha256, chain_sha256, texts.get((name, row_id)))
        for seq, name, row_id, row_sha256, chain_sha256, _ in seals
    ]


def _texts_of(seals: list[tuple[Any, ...]]) -> dict[tuple[str, int], str]:
    wanted: dict[tuple[str, str], list[int]] = {}
    for seal in seals:
        wanted.setdefault((seal[1], seal[5]), []).append(seal[2])
    texts: dict[tuple[str, int], str] = {}
    for (name, layout), row_ids in wanted.items():
        texts.update({(name, row_id): text for row_id, text in _texts(name, layout, row_ids)})
    return texts


def _texts(name: str, digest: str, row_ids: list[int]) -> Iterator[tuple[int, str]]:
    """(row's ID, canonical form) of those rows of a source that exist."""
    of, layout = _source_and_layout(name, digest)
    if connection.vendor == "postgresql":
        quote = connection.ops.quote_name
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT t.{quote(of.key)}, {canonical.sql(layout, quote, 't')} FROM {quote(of.table)} t"  # noqa: S608 names of our own tables
                f" WHERE t.{quote(of.key)} = ANY(%s)",
                [row_ids],
            )
            yield from cursor.fetchall()
        return
    names = [of.fields[column] for column, _ in layout.columns]
    for start in range(0, len(row_ids), _IN_SQLITE):
        rows = of.rows.filter(pk__in=row_ids[start : start + _IN_SQLITE]).values_list(*names)
        yield from ((values[0], canonical.row(layout, values)) for values in rows.iterator())


def _source_and_layout(name: str, digest: str) -> tuple[Source, canonical.Layout]:
    of = source(name)
    stored = SealLayout.objects.filter(source=name, layout=digest).first()
    if of is None or stored is None:
        raise CannotVerify(f"Seals name {name}@{digest}, which this release does not know.")
    layout = canonical.layout_from(name, stored.columns)
    if layout.digest != digest:
        raise CannotVerify(f"The stored columns of {layout.source}@{digest} are not those that were sealed.")
    if gone := [column for column, _ in layout.columns if column not in of.fields]:
        raise CannotVerify(f"{name}: seals cover the columns {', '.join(gone)}, which no longer exist.")
    return of, layout


def unsealed(horizon: int) -> list[tuple[int, str, int]]:
    """(next seal, source, row) of rows that should have a seal and have none, at most a hundred of a source."""
    return [found for of in all_sources() for found in _unsealed_of(of, horizon)]


def _unsealed_of(of: Source, horizon: int) -> list[tuple[int, str, int]]:
    quote = connection.ops.quote_name
    key = f"t.{quote(of.key)}"
    complete, values = (
        ("t.transaction_id < %s", [horizon])
        if connection.vendor == "postgresql"
        else (f"{key} < (SELECT max(row_id) FROM accounts_seal WHERE source = %s)", [of.name])  # noqa: S608 our own names
    )
    with connection.cursor() as cursor:
        has_seal = f"SELECT 1 FROM accounts_seal s WHERE s.source = %s AND s.row_id = {key}"  # noqa: S608 our own names
        where = f"{complete} AND NOT EXISTS ({has_seal})"
        cursor.execute(
            f"SELECT {key} FROM {quote(of.table)} t WHERE {where} ORDER BY {key} LIMIT %s",  # noqa: S608 our own names
            [*values, of.name, MOST_UNSEALED],
        )
        row_ids = [row[0] for row in cursor.fetchall()]
    return [(_seal_after(of, row_id), of.name, row_id) for row_id in row_ids]


def _seal_after(of: Source, row_id: int) -> int:
    """The seal before which the row would have been sealed."""
    row = of.rows.values("pk", "transaction_id").get(pk=row_id)
    sealed = Seal.objects.filter(source=of.name, row_id=OuterRef("pk"))
    later = Q(transaction_id__gt=row["transaction_id"]) | Q(transaction_id=row["transaction_id"], pk__gt=row_id)
    following = of.rows.filter(later).annotate(seq=Subquery(sealed.values("seq"))).filter(seq__isnull=False)
    first = following.order_by("transaction_id", "pk").values_list("seq", flat=True).first()
    return int(first if first is not None else (Seal.objects.aggregate(last=Max("seq"))["last"] or 0) + 1)
