"""How long 'who saw this patient' takes over millions of audit events (PostgreSQL).

Asked is what the patient's page asks: whether there are events, who the people are, the newest page of events, how many
there are. Cold means a new connection, PostgreSQL's own cache full of something else and, where this process may ask
the kernel for it, the table's and indexes' files out of the file cache. The database is made for this run and dropped.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.audit_database import SERVER, fill, own_database, pseudonym  # noqa: E402 the folder is on the path now

GROUPS = {
    "few (about 33)": [[number] for number in range(1_000, 1_050)],
    "some (500)": [[number] for number in range(10, 40)],
    "many (5,000)": [[number] for number in range(1, 10)],
    "most (20,000)": [[0]],
    "under two pseudonyms (25,000)": [[0, 1]],
}
LIMIT_SECONDS = 2.0


@dataclass(frozen=True)
class Times:
    """Seconds of one group of patients, cold and warm, and how many events each has."""

    events: list[int]
    cold: list[float]
    warm: list[float]


def measure(institution: Any, *, say: Any = print) -> dict[str, Times]:
    """Asks who saw each patient, once cold and three times warm."""
    found = {}
    for name, patients in GROUPS.items():
        times = Times([], [], [])
        for numbers in patients:
            known_as = [pseudonym(number) for number in numbers]
            _forget()
            times.cold.append(_ask(institution, known_as))
            for _ in range(3):
                times.warm.append(_ask(institution, known_as))
            times.events.append(_count(known_as))
        found[name] = times
        say(f"  {name}: done")
    return found


def _count(known_as: list[str]) -> int:
    from accounts.models import AuditEvent  # noqa: PLC0415 the settings are only known by now

    return AuditEvent.objects.filter(patient_pseudonym__in=known_as).count()


def _ask(institution: Any, known_as: list[str]) -> float:
    """Seconds for everything that the page asks."""
    from accounts.models import AuditEvent, Role, User  # noqa: PLC0415 the settings are only known by now
    from accounts.review.pages import event_page, how_many  # noqa: PLC0415 the settings are only known by now
    from accounts.review.timelines import by_day, visitors  # noqa: PLC0415 the settings are only known by now

    auditor = User(role=Role.AUDITOR, institution=institution)
    begin = time.perf_counter()
    rows = AuditEvent.objects.visible_to(auditor).filter(patient_pseudonym__in=known_as)
    if rows.exists():
        visitors(rows)
    by_day(event_page(rows, size=200).events)
    how_many(rows)
    return time.perf_counter() - begin


def _forget() -> None:
    """Closes the connection, fills PostgreSQL's cache with other pages and drops the files from the kernel's."""
    from django.db import connection  # noqa: PLC0415 the settings are only known by now

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT 1 FROM accounts_auditevent LIMIT 500000) AS other")
        cursor.execute("SELECT pg_has_role(current_user, 'pg_read_all_settings', 'MEMBER')")
        paths = _paths_of_the_trail(cursor) if cursor.fetchone()[0] else []
    connection.close()
    for path in paths:
        for file in path.parent.glob(f"{path.name}*"):
            drop_from_file_cache(file)
    connection.ensure_connection()


def _paths_of_the_trail(cursor: Any) -> list[Path]:
    """The files of the table and its indexes on the server, which may be another machine."""
    cursor.execute(
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(oid) FROM pg_class"
        " WHERE oid = 'accounts_auditevent'::regclass"
        " OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'accounts_auditevent'::regclass)"
    )
    return [Path(row[0]) for row in cursor.fetchall()]


def drop_from_file_cache(file: Path) -> None:
    """Asks the kernel to forget a file's pages; without the right to read it, it stays."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies, interpolated; 0 ≤ share ≤ 1."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def table(found: dict[str, Times]) -> str:
    """Milliseconds, as Markdown."""
    lines = [
        "| events | on average | patients | cold p50 | cold p95 | cold worst | warm p50 | warm p95 | warm worst |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, times in found.items():
        shown = [
            f"{1000 * value:,.1f}"
            for values in (times.cold, times.warm)
            for value in (statistics.median(values), quantile(values, 0.95), max(values))
        ]
        lines.append(f"| {name} | {statistics.mean(times.events):,.0f} | {len(times.events)} | {' | '.join(shown)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--server", default=os.environ.get("BENCHMARK_SERVER", SERVER), help="URL of a PostgreSQL")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keep", action="store_true", help="leave the database")
    parser.add_argument("--json", type=Path, help="keep everything in this file")
    options = parser.parse_args()
    with own_database(options.server, keep=options.keep) as url:
        from django.db import connection  # noqa: PLC0415 the settings are only known by now

        from accounts.models import Institution  # noqa: PLC0415 the settings are only known by now

        institution = Institution.objects.create(name="North Hospital")
        print(f"Filling a database with {options.events:,} events")
        fill(url, options.events, institution_id=str(institution.public_id), say=print)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_size_pretty(pg_table_size('accounts_auditevent')),"
                " pg_size_pretty(pg_indexes_size('accounts_auditevent')), current_setting('server_version'),"
                " current_setting('shared_buffers')"
            )
            rows, indexes, version, cache = cursor.fetchone()
        found = measure(institution)
    print(
        f"\n'Who saw this patient' over {options.events:,} events of one institution ({rows}, indexes {indexes});"
        f" PostgreSQL {version}, shared_buffers {cache}; {platform.machine()}, {os.cpu_count()} logical cores, load"
        f" {os.getloadavg()[0]:.1f}. Milliseconds.\n\n{table(found)}"
    )
    if options.json:
        options.json.write_text(json.dumps({name: vars(times) for name, times in found.items()}, indent=1))
    worst = max(max(times.cold + times.warm) for times in found.values())
    late = max(quantile(values, 0.95) for times in found.values() for values in (times.cold, times.warm))
    print(f"\nSlowest of all {worst:.3f} s (the limit is {LIMIT_SECONDS:.0f} s); highest p95 {late:.3f} s.")
    return int(worst > LIMIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
