"""What the audit trail costs and how fast it is proven, on PostgreSQL: writing, sealing, verifying, asking.

In one run: 32 writers of 10 ms transactions with and without an audit event; sealing a backlog of events; verifying
every seal, row and digest; and 'who saw this patient' over millions of events. Databases are made for it and dropped.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.audit_database import SERVER, own_database  # noqa: E402 the project's folder is only now on the path
from benchmarks.audit_queries import quantile  # noqa: E402
from benchmarks.audit_writes import TRANSACTION_SECONDS, WRITERS, Writes, measure_writes  # noqa: E402

TARGETS = {"overhead_p95_ms": 2.0, "throughput": 0.9, "sealed_a_second": 50_000, "verify_seconds_per_million": 60.0}
EVENTS_A_TRANSACTION = 10
BATCHES = 10_000  # rows of the trail written at once while the backlog is made
PACED = 0.2  # s between a writer's starts where the machine is to be far from full: 160 transactions a second
FULL = {"events": 1_000_000, "asked": 10_000_000, "rounds": 5, "seconds": 6.0}
PARTS = ("writing", "sealing", "questions")
QUICK = {"events": 100_000, "asked": 200_000, "rounds": 2, "seconds": 2.0}


def backlog(events: int) -> int:
    """Writes unsealed events as ten-event transactions of the past leave them; answers how many transactions."""
    from django.db import connection, transaction  # noqa: PLC0415 settings are only known by now

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        finished = cursor.fetchone()[0] - 1
        each = max(EVENTS_A_TRANSACTION, -(-events // (finished - 1)))
        for first in range(0, events, BATCHES):
            with transaction.atomic():
                cursor.execute(_EVENTS, {"first": first, "last": min(first + BATCHES, events) - 1, "each": each})
        cursor.execute("ANALYZE accounts_auditevent")
    return -(-events // each)


_EVENTS = """
INSERT INTO accounts_auditevent (public_id, actor, actor_id_text, role, institution, institution_id_text, action,
    outcome, object_type, object_id_text, patient_pseudonym, purpose, ip, request_id, detail, transaction_id)
SELECT gen_random_uuid(), 'person.' || n %% 2000 || '@hospital.example', md5('staff ' || n %% 2000)::uuid::text,
    'clinician', 'North Hospital', md5('North Hospital')::uuid::text, 'view', 'success', 'case',
    md5('case ' || n)::uuid::text, md5('patient ' || n / 7)::uuid::text, 'treatment', '10.0.0.1', md5('request ' || n),
    CASE WHEN n %% 4 = 0 THEN '{"shown": 20, "filters": {"status": "answered"}}'::jsonb ELSE '{}' END, 1 + n / %(each)s
FROM generate_series(%(first)s, %(last)s) n
"""


def measure_sealing(events: int) -> dict[str, Any]:
    """Rows a second over the whole backlog, and of every batch."""
    from accounts.audit.sealing import BATCH, seal_batch  # noqa: PLC0415 settings are only known by now

    transactions = backlog(events)
    rates, sealed, begin = [], 0, time.perf_counter()
    while sealed < events:
        before = time.perf_counter()
        done = seal_batch()
        sealed += done.sealed
        if not done.more and sealed < events:
            time.sleep(0.1)  # a transaction of somebody else on this server has to end first
            continue
        rates.append(done.sealed / (time.perf_counter() - before))
    took = time.perf_counter() - begin
    return {
        "events": events,
        "transactions": transactions,
        "batch": BATCH,
        "seconds": took,
        "a_second": events / took,
        "batch_rates": rates,
    }


def measure_verification() -> dict[str, Any]:
    """Seconds for every seal, its row, and the digests."""
    from accounts.audit.digests import make_digest  # noqa: PLC0415 settings are only known by now
    from accounts.audit.verification import verify  # noqa: PLC0415

    make_digest()
    begin = time.perf_counter()
    report = verify()
    took = time.perf_counter() - begin
    if not report.unbroken:
        raise RuntimeError(f"the trail is broken: {report.findings[0]}")
    return {"seals": report.seals, "seconds": took, "seconds_per_million": took * 1e6 / report.seals}


def written(writes: Writes) -> dict[str, float]:
    """Milliseconds at three quantiles, with and without, and transactions a second."""
    figures = {"plain_rate": writes.plain_rate, "audited_rate": writes.audited_rate, "throughput": writes.throughput}
    for share in (50, 95, 99):
        plain, audited = (1000 * quantile(times, share / 100) for times in (writes.plain, writes.audited))
        figures |= {
            f"plain_p{share}_ms": plain,
            f"audited_p{share}_ms": audited,
            f"overhead_p{share}_ms": audited - plain,
        }
    return figures


def ask(server: str, events: int) -> tuple[int, str]:
    """'Who saw this patient', by its own program; its exit code and what it printed."""
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / "audit_queries.py"),
        "--server",
        server,
        "--events",
        str(events),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "DATABASE_URL": ""})
    return done.returncode, done.stdout + done.stderr


def main() -> int:
    """Measures, prints, and exits 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the sizes and less")
    parser.add_argument("--server", default=os.environ.get("BENCHMARK_SERVER", SERVER), help="URL of a PostgreSQL")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure (default: all)")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    sizes: dict[str, Any] = QUICK if options.quick else FULL

    with own_database(options.server):
        from django.db import connection  # noqa: PLC0415 settings are only known by now

        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
            version, fsync = cursor.fetchone()
        plan = {"rounds": sizes["rounds"], "seconds": sizes["seconds"]}
        figures: dict[str, Any] = {
            "protocol": {
                "writers": WRITERS,
                "transaction_ms": 1000 * TRANSACTION_SECONDS,
                **plan,
                "cores": os.cpu_count(),
                "device": f"{platform.machine()}, {os.cpu_count()} logical cores",
                "load": os.getloadavg()[0],
                "postgresql": version,
                "fsync": fsync,
                "python": platform.python_version(),
            },
        }
        if "writing" in options.parts:
            figures["writing_paced"] = written(measure_writes(every=PACED, **plan))
            figures["writing_back_to_back"] = written(measure_writes(every=0.0, **plan))
        if "sealing" in options.parts:
            figures["sealing"] = measure_sealing(sizes["events"])
            figures["verification"] = measure_verification()
    if "questions" in options.parts:
        code, printed = ask(options.server, sizes["asked"])
        figures["questions"] = {"exit_code": code, "printed": printed}
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return int(not all(met(figures).values()))


def met(figures: dict[str, Any]) -> dict[str, bool]:
    """Which of the targets that were measured are reached."""
    found: dict[str, bool] = {}
    if "writing_paced" in figures:
        found["overhead_p95_ms"] = figures["writing_paced"]["overhead_p95_ms"] <= TARGETS["overhead_p95_ms"]
        found["throughput"] = figures["writing_back_to_back"]["throughput"] >= TARGETS["throughput"]
    if "sealing" in figures:
        found["sealed_a_second"] = figures["sealing"]["a_second"] >= TARGETS["sealed_a_second"]
        seconds = figures["verification"]["seconds_per_million"]
        found["verify_seconds_per_million"] = seconds <= TARGETS["verify_seconds_per_million"]
    if "questions" in figures:
        found["questions"] = figures["questions"]["exit_code"] == 0
    return found


def report(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    protocol = figures["protocol"]
    about = (
        f"PostgreSQL {protocol['postgresql']}, fsync {protocol['fsync']}; {protocol['device']}, load"
        f" {protocol['load']:.1f} at the start; Python {protocol['python']}."
    )
    lines = [about]
    aims: list[tuple[str, str, str]] = []
    if "writing_paced" in figures:
        paced, busy = figures["writing_paced"], figures["writing_back_to_back"]
        how = (
            f"{protocol['writers']} writers × {protocol['transaction_ms']:.0f} ms transactions, {protocol['rounds']}"
            f" blocks of {protocol['seconds']:.0f} s with and as many without auditing, in turn:"
        )
        head = (
            "writing, without / with | p50, ms | p95, ms | p99, ms | p95 more, ms | transactions a second | throughput"
        )
        lines += ["", how, "", f"| {head} |", "|---|---|---|---|---|---|---|"]
        lines += [_row(f"every {PACED * 1000:.0f} ms each", paced), _row("back to back", busy)]
        aims += [
            ("p95 of a paced transaction ≤ 2 ms longer", f"{paced['overhead_p95_ms']:.2f} ms", "overhead_p95_ms"),
            ("back to back, ≥ 90 % of the throughput", f"{busy['throughput']:.1%}", "throughput"),
        ]
    if "sealing" in figures:
        aims += _proof(figures["sealing"], figures["verification"])
    reached = {name: "yes" if yes else "**no**" for name, yes in met(figures).items()}
    lines += ["", "| aim | reached | met |", "|---|---|---|"]
    lines += [f"| {aim} | {found} | {reached[name]} |" for aim, found, name in aims]
    return "\n".join([*lines, "", figures.get("questions", {}).get("printed", "")])


def _proof(sealing: dict[str, Any], verification: dict[str, Any]) -> list[tuple[str, str, str]]:
    sealed = (
        f"{sealing['a_second']:,.0f}: {sealing['events']:,} events of {sealing['transactions']:,} transactions in"
        f" {sealing['seconds']:.1f} s, batches of {sealing['batch']:,} at {_span(sealing['batch_rates'])} a second"
    )
    verified = (
        f"{verification['seconds_per_million']:.1f} s: {verification['seals']:,} in {verification['seconds']:.1f} s"
    )
    return [
        ("sealing ≥ 50,000 events a second", sealed, "sealed_a_second"),
        ("verification of a million ≤ 60 s", verified, "verify_seconds_per_million"),
    ]


def _row(name: str, figures: dict[str, float]) -> str:
    quantiles = [f"{figures[f'plain_p{p}_ms']:.2f} / {figures[f'audited_p{p}_ms']:.2f}" for p in (50, 95, 99)]
    rates = f"{figures['plain_rate']:,.0f} / {figures['audited_rate']:,.0f}"
    cells = [name, *quantiles, f"{figures['overhead_p95_ms']:.2f}", rates, f"{figures['throughput']:.1%}"]
    return f"| {' | '.join(cells)} |"


def _span(rates: Sequence[float]) -> str:
    return f"{quantile(rates, 0.05):,.0f} to {quantile(rates, 0.95):,.0f} (5 to 95 %)"


if __name__ == "__main__":
    sys.exit(main())
