"""Throughput and latency of FNA scoring through the running site, beside the bare model's, in one run.

The site is the demo as `make run` starts it (SQLite, messages as files, one worker) in a folder of its own. A batch is
timed from sending the file to the last stored answer; a single sample from its POST until the API shows the answer.
"""

import argparse
import csv
import io
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.demo_site import running_site, wait_for  # noqa: E402 the project's folder is only now on the path
from ml.fna.predictor import FnaPredictor  # noqa: E402
from ml.fna.schema import FEATURE_NAMES  # noqa: E402

SEED = 0
TARGETS = {"batch_seconds": 30.0, "single_p95_ms": 300.0}
POLL_SECONDS = 0.005


def samples(rows: int) -> NDArray[np.float64]:
    """WDBC rows drawn with replacement, each value moved by up to a tenth of a per cent, so that none repeats."""
    rng = np.random.default_rng(SEED)
    data: NDArray[np.float64] = load_breast_cancer().data
    return data[rng.integers(0, len(data), rows)] * (1 + rng.uniform(-0.001, 0.001, (rows, 1)))


def as_csv(X: NDArray[np.float64]) -> bytes:
    """The rows as a CSV with a header and sample numbers."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sample_id", *FEATURE_NAMES])
    writer.writerows([f"B-{number}", *row] for number, row in enumerate(X.tolist(), start=1))
    return out.getvalue().encode()


def time_batches(session: requests.Session, rows: int, repeats: int) -> list[dict[str, float]]:
    """Seconds until the file was accepted and until its last answer was stored, for each repeat."""
    data = as_csv(samples(rows))
    timings = []
    for _ in range(repeats):
        begin = time.perf_counter()
        accepted = session.post("/api/v1/fna-samples/", files={"file": ("bench.csv", data)}).json()
        at_accepted = time.perf_counter()
        wait_for(session, accepted["job_url"])
        timings.append({"accepted": at_accepted - begin, "stored": time.perf_counter() - begin})
        answered = session.get(f"{accepted['predictions_url']}&page_size=1").json()["count"]
        if answered != rows:
            raise RuntimeError(f"{answered} answers for {rows} rows")
    return timings


def time_singles(session: requests.Session, count: int) -> list[float]:
    """Milliseconds from POST to the stored answer, one sample after the other."""
    latencies = []
    for row in samples(count).tolist():
        body = {"measurements": dict(zip(FEATURE_NAMES, row, strict=True))}
        begin = time.perf_counter()
        accepted = session.post("/api/v1/fna-samples/", json=body).json()
        while session.get(f"/api/v1/cases/{accepted['cases'][0]}/").json()["status"] == "waiting":
            time.sleep(POLL_SECONDS)
        latencies.append(1000 * (time.perf_counter() - begin))
    return latencies


def time_bare_model(rows: int, repeats: int) -> tuple[list[float], list[float]]:
    """Seconds for all rows at once, and milliseconds for single rows, without any site."""
    predictor = FnaPredictor.load(None)
    X = samples(rows)
    predictor.predict(X[:100])
    batch = []
    for _ in range(repeats):
        begin = time.perf_counter()
        predictor.predict(X)
        batch.append(time.perf_counter() - begin)
    single = []
    for row in X[:200]:
        begin = time.perf_counter()
        predictor.predict(row[None])
        single.append(1000 * (time.perf_counter() - begin))
    return batch, single


def main() -> int:
    """Measures, prints, and exits 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000, help="rows of a batch")
    parser.add_argument("--repeats", type=int, default=3, help="batches")
    parser.add_argument("--singles", type=int, default=200, help="single samples")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()

    bare_batch, bare_single = time_bare_model(options.rows, options.repeats)
    with running_site() as session:
        # The first sample waits for the worker to come up; it is reported by itself.
        (first,) = time_singles(session, 1)
        batches = time_batches(session, options.rows, options.repeats)
        singles = time_singles(session, options.singles)

    p50, p95, p99 = np.percentile(singles, [50, 95, 99])
    figures = {
        "protocol": {
            "rows": options.rows,
            "repeats": options.repeats,
            "singles": options.singles,
            "seed": SEED,
            "cores": os.cpu_count(),
            "device": "cpu",
            "python": platform.python_version(),
        },
        "bare_model": {
            "batch_seconds": bare_batch,
            "single_p50_ms": float(np.percentile(bare_single, 50)),
            "single_p95_ms": float(np.percentile(bare_single, 95)),
        },
        "site": {
            "batch_accepted_seconds": [timing["accepted"] for timing in batches],
            "batch_seconds": [timing["stored"] for timing in batches],
            "single_p50_ms": float(p50),
            "single_p95_ms": float(p95),
            "single_p99_ms": float(p99),
            "first_sample_ms": first,
        },
        "targets": TARGETS,
    }
    report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    worst = max(figures["site"]["batch_seconds"])  # type: ignore[type-var, index]
    return int(worst > TARGETS["batch_seconds"] or p95 > TARGETS["single_p95_ms"])


def report(figures: dict[str, Any]) -> None:
    """Prints the figures side by side."""
    protocol, bare, site = figures["protocol"], figures["bare_model"], figures["site"]
    print(
        f"FNA scoring, {protocol['rows']:,} rows × {protocol['repeats']}, {protocol['singles']} single samples "
        f"one after the other; SQLite, one worker, {protocol['cores']} cores, seed {protocol['seed']}"
    )
    print(f"{'':34}{'bare model':>14}{'whole site':>14}{'target':>10}")
    print(
        f"{'batch, s (worst of repeats)':34}{max(bare['batch_seconds']):14.2f}{max(site['batch_seconds']):14.2f}"
        f"{'≤ 30':>10}"
    )
    print(f"{'  of which until accepted, s':34}{'':14}{max(site['batch_accepted_seconds']):14.2f}")
    print(
        f"{'rows a second (median)':34}{protocol['rows'] / float(np.median(bare['batch_seconds'])):14.0f}"
        f"{protocol['rows'] / float(np.median(site['batch_seconds'])):14.0f}"
    )
    print(f"{'single sample, p50 ms':34}{bare['single_p50_ms']:14.1f}{site['single_p50_ms']:14.1f}")
    print(f"{'single sample, p95 ms':34}{bare['single_p95_ms']:14.1f}{site['single_p95_ms']:14.1f}{'≤ 300':>10}")
    print(f"{'single sample, p99 ms':34}{'':14}{site['single_p99_ms']:14.1f}")
    print(f"{'first sample after the start, ms':34}{'':14}{site['first_sample_ms']:14.1f}")


if __name__ == "__main__":
    sys.exit(main())
