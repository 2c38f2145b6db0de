#!/usr/bin/env python3
# ruff: noqa: T201
"""Checks an export of Lobule's audit trail without Lobule; needs Python 3.11 and the package `cryptography` only.

    python verify_audit.py EXPORT_FOLDER PUBLIC_KEY.pem [EARLIER_PUBLIC_KEY.pem ...]

Take the key from your own records, not from the export. What the files hold stands in docs/audit-format.md.
Exit code: 0 unbroken, 1 broken (the first bad seal is named), 2 could not be checked.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

START = "0" * 64  # what the first seal and the first digest continue
KEPT = timedelta(days=6 * 365)  # nothing may be purged sooner
BACKDATED = timedelta(hours=1)  # a row so much older than a digest that was made before it was sealed is forged
TIMES = ("at:time", "pgh_created_at:time", "purged_at:time")  # where a row says when it was written
MOST = 1000  # findings, and how far a seal that was moved is looked for


class Link(NamedTuple):
    """One seal, with the row it seals as it is now (None: gone)."""

    seq: int
    source: str
    row_id: int
    row_sha256: str
    chain_sha256: str
    row: str | None


class Finding(NamedTuple):
    """What is wrong, from which seal on."""

    seq: int
    kind: str
    message: str


def compact(value: Any) -> str:
    """JSON without spaces, keys in order: rows are written so, and digests are signed so."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def chained(previous: str, seq: int, link: Link) -> str:
    """The chain's value when `link` stands at `seq` after `previous`."""
    return sha256(f"{previous}\n{seq}\n{link.source}\n{link.row_id}\n{link.row_sha256}".encode()).hexdigest()


def read_digests(files: dict[int, bytes], keys: list[Any]) -> tuple[list[dict[str, Any]], list[Finding]]:
    """The digests that one of the keys signed and that continue each other; what is wrong with the others."""
    good: list[dict[str, Any]] = []
    findings = []
    for number in range(1, max(files, default=0) + 1):
        seq = good[-1]["last_seq"] + 1 if good else 1
        if number not in files:
            findings.append(Finding(seq, "digest-missing", f"digest {number} is missing"))
        elif reason := _why_forged(number, files, keys):
            findings.append(Finding(seq, "digest-forged", f"digest {number} {reason}"))
        else:
            good.append(json.loads(files[number]))
    return good, findings


def _why_forged(number: int, files: dict[int, bytes], keys: list[Any]) -> str:
    try:
        digest = json.loads(files[number])
        signature = bytes.fromhex(digest.pop("signature"))
        if not any(_signed(key, signature, compact(digest).encode()) for key in keys):
            return "is not signed by a known key"
        if digest["number"] != number:
            return f"is digest {digest['number']}, in another's place"
        before = START if number == 1 else sha256(files[number - 1]).hexdigest() if number - 1 in files else None
        return "" if before in {None, digest["previous_sha256"]} else "does not continue the digest before it"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "cannot be read"


def _signed(key: Any, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


class Check:
    """Follows the chain, some thousand seals at a time; whatever is wrong goes into `findings`."""

    def __init__(self, digests: list[dict[str, Any]], layouts: dict[str, list[str]], purges: list[Link]) -> None:
        self.findings: list[Finding] = []
        self.last_seq = self.purged = 0
        self.previous, self.layouts, self.digests = START, layouts, sorted(digests, key=lambda d: int(d["number"]))
        self._to_compare = list(self.digests)
        self._sealed_after = ""  # no row sealed from here on was written before this time
        self._purges = [self._read_purge(link) for link in purges if link.row]

    def feed(self, links: list[Link]) -> None:
        """Checks the next seals; the list is long enough to find a seal that was moved."""
        while self._to_compare and self._to_compare[0]["last_seq"] <= self.last_seq:
            self._sealed_after = _earlier(self._to_compare.pop(0)["made_at"], BACKDATED)
        wrong = [link for at, link in enumerate(links) if not self._holds(at, link, links)]
        for link in wrong[:MOST]:
            values = json.loads(link.row or "[]")
            moved = {
                sha256(compact([values[0], str(o.row_id), *values[2:]]).encode()).hexdigest(): o for o in wrong[:MOST]
            }
            places = {o.row_sha256: o for o in wrong if o is not link}
            if held := next((places[digest] for digest in moved if digest in places), None):
                self._find(link.seq, "reordered", f"{link.source} {link.row_id} and {held.row_id} changed places")
            else:
                self._find(link.seq, "edited", f"{link.source} {link.row_id} is not what was sealed")

    def finish(self) -> list[Finding]:
        """All findings, the first bad seal first."""
        if self._to_compare and self._to_compare[-1]["last_seq"] > self.last_seq:
            signed = self._to_compare[-1]["last_seq"]
            self._find(
                self.last_seq + 1, "tail-dropped", f"seals {self.last_seq + 1} to {signed} were signed and are gone"
            )
        return sorted(self.findings)

    def _find(self, seq: int, kind: str, message: str) -> None:
        if len(self.findings) < MOST:
            self.findings.append(Finding(seq, kind, message))

    def _holds(self, at: int, link: Link, links: list[Link]) -> bool:
        """Whether the row is what was sealed; the seal's own place is checked on the way."""
        if link.seq != self.last_seq + 1:
            self._find(self.last_seq + 1, "deleted", f"seals {self.last_seq + 1} to {link.seq - 1} are gone")
        elif chained(self.previous, link.seq, link) != link.chain_sha256 and len(self.findings) < MOST:
            self._find(link.seq, *self._why_broken(link, links[at + 1 : at + MOST]))
        self.last_seq, self.previous = link.seq, link.chain_sha256
        if link.row is None:
            self._row_is_gone(link)
        elif sha256(link.row.encode()).hexdigest() != link.row_sha256:
            return False
        else:
            written = next((value for name, value in self._values(link.row).items() if name in TIMES), None)
            if written and written < self._sealed_after:
                self._find(link.seq, "inserted", f"{link.source} {link.row_id} of {written} was sealed too late")
        while self._to_compare and self._to_compare[0]["last_seq"] <= link.seq:
            self._compare(self._to_compare.pop(0), link)
        return True

    def _why_broken(self, link: Link, rest: list[Link]) -> tuple[str, str]:
        """Which change of the seals explains that this one does not continue the chain."""
        for steps, other in enumerate(rest, start=1):
            if chained(self.previous, link.seq, other) in {link.chain_sha256, other.chain_sha256}:
                after = rest[steps : steps + 1]
                if after and chained(other.chain_sha256, link.seq + 1, after[0]) == after[0].chain_sha256:
                    return "inserted", f"{steps} seals were put in here; the true one is now {other.seq}"
                return "reordered", f"the seals {link.seq} and {other.seq} changed places"
        if any(
            chained(link.chain_sha256, link.seq + n, rest[0]) == rest[0].chain_sha256
            for n in range(2, MOST if rest else 0)
        ):
            return "deleted", "seals were taken out here and the others moved up"
        return "edited", f"the seal of {link.source} {link.row_id} does not continue the chain"

    def _row_is_gone(self, link: Link) -> None:
        if any(link.source == p[0] and p[1] <= link.row_id <= p[2] and link.seq <= p[3] for p in self._purges):
            self.purged += 1
        else:
            self._find(link.seq, "deleted", f"{link.source} {link.row_id} is gone")

    def _compare(self, digest: dict[str, Any], link: Link) -> None:
        self._sealed_after = _earlier(digest["made_at"], BACKDATED)
        explained = any(digest["first_seq"] <= finding.seq for finding in self.findings)
        if digest["last_seq"] == link.seq and digest["chain_sha256"] != link.chain_sha256 and not explained:
            span = f"seals {digest['first_seq']} to {digest['last_seq']}"
            self._find(digest["first_seq"], "recomputed", f"{span} are not what digest {digest['number']} signed")

    def _values(self, row: str) -> dict[str, str]:
        layout, *values = json.loads(row)
        return dict(zip(self.layouts.get(layout, []), values, strict=False))

    def _read_purge(self, link: Link) -> tuple[str, int, int, int]:
        """Source, first and last row, and up to which seal the purge is believed: what was signed six years before."""
        row = {name.split(":")[0]: value for name, value in self._values(link.row or "[null]").items()}
        known = next((d["made_at"] for d in self.digests if d["last_seq"] >= link.seq), _earlier(None))
        oldest = _earlier(min(row["purged_at"], known), KEPT)
        until = max((d["last_seq"] for d in self.digests if d["made_at"] <= oldest), default=0)
        return row["source"], int(row["first_row_id"]), int(row["last_row_id"]), until


def _earlier(time: str | None, by: timedelta = timedelta()) -> str:
    """A time of the trail (None: now), moved back."""
    then = datetime.fromisoformat(time) if time else datetime.now(UTC)
    return (then - by).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def main(folder: str, *key_files: str) -> int:
    keys = [serialization.load_pem_public_key(Path(name).read_bytes()) for name in key_files]
    files = {int(path.stem): path.read_bytes() for path in (Path(folder) / "digests").glob("*.json")}
    digests, findings = read_digests(files, keys)
    layouts = json.loads((Path(folder) / "layouts.json").read_text("utf-8"))
    with (Path(folder) / "purges.jsonl").open(encoding="utf-8") as lines:
        check = Check(digests, layouts, [Link(*json.loads(line)) for line in lines])
    with (Path(folder) / "chain.jsonl").open(encoding="utf-8") as lines:
        while links := [Link(*json.loads(line)) for line in islice(lines, 20_000)]:
            check.feed(links)
    unsealed = json.loads((Path(folder) / "unsealed.json").read_text("utf-8"))
    findings += [Finding(seq, "inserted", f"{source} {row_id} has no seal") for seq, source, row_id in unsealed]
    findings = sorted(findings + check.finish())
    for finding in findings:
        print(f"seal {finding.seq}: {finding.kind}: {finding.message}")
    print(f"{check.last_seq} seals, {len(digests)} signed digests, {check.purged} rows purged:", end=" ")
    print(f"BROKEN from seal {findings[0].seq} on" if findings else "unbroken")
    return 1 if findings else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        print(f"Could not check ({type(error).__name__}: {error}).\n{__doc__}", file=sys.stderr)
        sys.exit(2)
