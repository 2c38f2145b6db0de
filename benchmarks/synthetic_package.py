"""How long it takes to pack and upload a synthetic picture set, and how much memory that needs.

The site's own job publishes it, in a process of its own: from the records in the phi storage to the last row, in shares
of four minutes as on a worker. A tenth of the set goes first: what the memory grows by between the two is what a larger
set costs. The stores are a folder and, where LOBULE_TEST_S3_ENDPOINT and its two keys name one, an S3 server.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

S3 = ("LOBULE_TEST_S3_ENDPOINT", "LOBULE_TEST_S3_ACCESS_KEY_ID", "LOBULE_TEST_S3_SECRET_ACCESS_KEY")
DRAWN = 100  # phantoms; the set's pictures are these with noise of their own
BATCH = 250


def prepare(count: int, size: int) -> None:
    """A set of so many pictures, approved, in an empty site."""
    from django.core.management import call_command  # noqa: PLC0415 Django is only now set up

    call_command("migrate", verbosity=0, interactive=False)
    call_command("create_buckets", stdout=sys.stderr)

    from accounts.models import Institution, Role, User  # noqa: PLC0415
    from synthesis.models import Stage, SyntheticSet  # noqa: PLC0415
    from synthesis.publishing.samples import store_samples  # noqa: PLC0415
    from synthesis.services.decisions import approve  # noqa: PLC0415
    from tests.synthesis.stored import store_order, store_source  # noqa: PLC0415

    hospital = Institution.objects.create(name="Bench Hospital")
    admin, researcher = (
        User.objects.create_user(
            email=f"{role}@bench.example", password=None, full_name=role, institution=hospital, role=role
        )
        for role in (Role.ADMIN, Role.RESEARCHER)
    )
    counts = {"benign": count // 2, "malignant": count - count // 2}
    source = store_source(admin, kind="image")
    one: SyntheticSet = store_order(
        researcher, source, stage=Stage.AWAITING_APPROVAL, counts=counts, size=size, visible_mark=True
    )
    store_samples(one, drawn(counts, size))
    approve(user=admin, synthetic_set=one, note="Benchmark.", audience="institution")


def drawn(counts: dict[str, int], size: int) -> Iterator[tuple[Any, Any]]:
    """Phantoms with speckle of their own, benign ones first."""
    import torch  # noqa: PLC0415 heavy

    from ml.imaging.phantoms import draw_phantoms  # noqa: PLC0415

    phantoms = draw_phantoms(DRAWN, size, seed=0).canvases.to(torch.int16)
    random = torch.Generator().manual_seed(0)
    for label, count in enumerate(counts.values()):
        for start in range(0, count, BATCH):
            rows = torch.arange(start, min(start + BATCH, count)) % DRAWN
            noise = torch.randint(-8, 9, (len(rows), 1, size, size), generator=random)
            pixels = (phantoms[rows] + noise).clamp(0, 255).to(torch.uint8)
            yield pixels, torch.full((len(rows),), label)


def publish() -> dict[str, float]:
    """Publishes the set that was prepared; what it took."""
    import synthesis.publishing.job  # noqa: F401, PLC0415 loaded before memory is looked at
    from jobs.models import Job, JobStatus  # noqa: PLC0415 Django is only now set up
    from jobs.runner import run  # noqa: PLC0415
    from synthesis.models import Stage, SyntheticSet  # noqa: PLC0415

    job = Job.objects.get(kind="synthesis-publish")
    before, begin, processor, shares = peak(), time.perf_counter(), time.process_time(), 0
    while job.status == JobStatus.QUEUED:
        run(job.public_id, worker="benchmark")
        job.refresh_from_db()
        shares += 1
    seconds = time.perf_counter() - begin
    one = SyntheticSet.objects.get()
    if one.stage != Stage.PUBLISHED:
        raise RuntimeError(f"the job ended as {job.status}: {job.error_message}")
    return {
        "pictures": one.total,
        "files": one.files.count(),
        "megabytes": one.bytes / 1e6,
        "archive_megabytes": one.files.get(name="set.zip").bytes / 1e6,
        "seconds": seconds,
        "processor_seconds": time.process_time() - processor,
        "shares": shares,
        "memory_before_mb": before,
        "memory_peak_mb": peak(),
    }


def peak() -> float:
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def child(step: str, store: str, count: int, size: int) -> None:
    """One step, in a process of its own, on the site in VAR_DIR."""
    import django  # noqa: PLC0415 settings come from the environment

    django.setup()
    from django.test import override_settings  # noqa: PLC0415

    from webapp.storage import aliases  # noqa: PLC0415

    with ExitStack() as stack:
        if store:
            access_key, secret_key = (os.environ[name] for name in S3[1:])
            stack.enter_context(
                override_settings(STORAGES=aliases(store, access_key=access_key, secret_key=secret_key))
            )
        if step == "prepare":
            prepare(count, size)
        else:
            print(json.dumps(publish()))


def measure(store: str, count: int, size: int) -> dict[str, float]:
    """One set through one store."""
    with tempfile.TemporaryDirectory(prefix="lobule-package-") as folder:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webapp.settings.demo",
            "VAR_DIR": folder,
            "OMP_NUM_THREADS": "1",
            "LOG_LEVEL": "WARNING",
        }
        for step in ("prepare", "publish"):
            told = ["--step", step, "--store", store, "--count", str(count), "--size", str(size)]
            command = [sys.executable, __file__, *told]
            ran = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def stores() -> dict[str, str]:
    """Names and URLs of the stores that there are; a folder's is empty, for it lies in the site's own."""
    found = {"folder": ""}
    if os.environ.get(S3[0]):
        found["s3"] = f"s3://bench-{uuid4().hex[:12]}?endpoint_url={quote(os.environ[S3[0]])}&region=us-east-1"
    return found


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000, help="pictures in the large set")
    parser.add_argument("--size", type=int, default=64, help="edge of a picture")
    parser.add_argument("--only", choices=["folder", "s3"], help="one of the stores")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--step", choices=["prepare", "publish"], help=argparse.SUPPRESS)
    parser.add_argument("--store", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        child(options.step, options.store, options.count, options.size)
        return 0
    print(f"{os.cpu_count()} threads, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    print("| store | pictures | files | MB | s | processor s | shares | memory before, MB | peak, MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    results: dict[str, list[dict[str, float]]] = {}
    for name, store in stores().items():
        if options.only in {None, name}:
            for count in (options.count // 10, options.count):
                told = measure(store.replace("bench-", f"bench-{count}-"), count, options.size)
                results.setdefault(name, []).append(told)
                print(_row(name, told), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0


def _row(name: str, told: dict[str, float]) -> str:
    cells = (
        name,
        f"{told['pictures']:,}",
        f"{told['files']:,}",
        *(f"{told[key]:.1f}" for key in ("megabytes", "seconds", "processor_seconds")),
        f"{told['shares']}",
        *(f"{told[key]:.0f}" for key in ("memory_before_mb", "memory_peak_mb")),
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
