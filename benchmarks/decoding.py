"""How quickly the decoding processes turn files into frames, and how much memory they need, as a Markdown table.

    python -m benchmarks.decoding [FILE…] [--repeat N]

Without files, some of the shared sets: small ones by the second, a mammogram by codec, a cine loop.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.dicom.confinement import MEMORY_BYTES
from ml.dicom.decoding import DecodingPool

SHARED = Path(__file__).parents[2] / "shared" / "data"
NAMES = (
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "CT_small.dcm",
    "693_UNCI.dcm",
    "693_J2KR.dcm",
    "JPGExtended.dcm",
    "examples_ybr_color.dcm",
    "RG3_JLSL.dcm",
    "MG1_JPLY.dcm",
    "MG1_J2KI.dcm",
)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=20)
    arguments = parser.parse_args()
    files = arguments.files or [next(SHARED.rglob(name)) for name in NAMES if SHARED.is_dir()]
    if not files:
        print("no files: name some, or put the shared sets beside the project", file=sys.stderr)
        return 1
    print("| file | KB | decoded to | ms | files/s, 2 at a time | peak memory, MiB |\n|---|---|---|---|---|---|")
    with TemporaryDirectory() as scratch:
        for file in files:
            print(measured(file, Path(scratch), arguments.repeat), flush=True)
    print(f"\nThe processes may use {MEMORY_BYTES >> 20:,} MiB each.")
    return 0


def measured(file: Path, scratch: Path, repeat: int) -> str:
    """A line of the table: the median of decoding the file alone, and the rate with two processes."""
    pool = DecodingPool(2)
    try:
        frames = pool.decode(file, scratch / "first")
        times = []
        for _ in range(repeat):
            started = time.perf_counter()
            pool.decode(file, scratch / "first")
            times.append(time.perf_counter() - started)
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(lambda n: pool.decode(file, scratch / f"{n}"), range(2)))
            started = time.perf_counter()
            list(threads.map(lambda n: pool.decode(file, scratch / f"{n % 2}"), range(2 * repeat)))
            rate = 2 * repeat / (time.perf_counter() - started)
    finally:
        pool.close()
    shape = f"{frames.frames} × {frames.rows} × {frames.columns} × {frames.samples} {frames.dtype}"
    median = sorted(times)[len(times) // 2] * 1000
    size = file.stat().st_size / 1000
    return f"| {file.name} | {size:,.0f} | {shape} | {median:.1f} | {rate:.1f} | {pool.peak_bytes / 2**20:.0f} |"


if __name__ == "__main__":
    raise SystemExit(main())
