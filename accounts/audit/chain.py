"""The chain: each seal's hash covers the row's hash, the seal's place and the hash before it."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

# A row to be sealed: transaction, source, row's ID, layout, canonical form. Rows are sealed in the order of these.
Row = tuple[int, str, int, str, str]


class Linked(NamedTuple):
    """A seal to be stored."""

    seq: int
    source: str
    row_id: int
    layout: str
    row_sha256: str
    chain_sha256: str


def link(previous: str, seq: int, rows: Iterable[Row]) -> Iterator[Linked]:
    """The seals of `rows`, to follow the seal `seq` whose chain value is `previous`."""
    # Tens of thousands of rows a second pass here: no call that could be spared.
    for _, source, row_id, layout, text in rows:
        row_sha256 = sha256(text.encode()).hexdigest()
        seq += 1
        previous = sha256(f"{previous}\n{seq}\n{source}\n{row_id}\n{row_sha256}".encode()).hexdigest()
        yield Linked(seq, source, row_id, layout, row_sha256, previous)
