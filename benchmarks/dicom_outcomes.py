"""What intake makes of every file of the shared DICOM sets, as a Markdown table.

    python -m benchmarks.dicom_outcomes [FOLDER…] [--out docs/dicom-outcomes.md]

Members of ZIP archives are listed too. Exit status 1 when a file raises or an image is not decoded.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pydicom

from ml.dicom.archive import is_archive, members
from ml.dicom.inspection import Inspection, inspect
from ml.dicom.sop_classes import sop_class_name
from ml.dicom.syntaxes import transfer_syntax

SHARED = Path(__file__).parents[2] / "shared" / "data"
SETS = ("dicom-mg-wg04", "dicom-phi-deid", "dicom-pydicom")
LARGEST = 2**30
DASH = "–"
INTRODUCTION = """\
Written by `python -m benchmarks.dicom_outcomes --out docs/dicom-outcomes.md`. An *image* is stored, shown and may be
scored; a *kept* file is stored and shown as what it is, never scored; a *refused* one is not taken in, and its code
says why. `python -m ml inspect FILE` tells the same of any file."""


@dataclass(frozen=True)
class Row:
    """One file's line of the table; seconds for the look at the header and for the decoding."""

    name: str
    outcome: Inspection
    described: tuple[str, str, str]
    looked: float
    decoded: float


def files(folders: Sequence[Path], scratch: Path) -> Iterator[tuple[str, Path]]:
    """Every file with the name to print; members of archives are unpacked into `scratch`, one after the other."""
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = str(path.relative_to(folder.parent))
            yield name, path
            with path.open("rb") as file:
                packed = is_archive(file.read(4))
            if packed:
                for number, member in enumerate(members(path)):
                    place = scratch / f"member-{number}"
                    member.save(place, LARGEST)
                    yield f"{name} › {member.name}", place
                    place.unlink()


def measure(name: str, path: Path, scratch: Path) -> Row:
    """Inspect a file twice: without and with decoding."""
    began = time.perf_counter()
    inspect(path, modality=None)
    looked = time.perf_counter() - began
    with TemporaryDirectory(dir=scratch) as folder:
        began = time.perf_counter()
        outcome = inspect(path, file_name=path.name, modality=None, decode_into=Path(folder))
        decoded = time.perf_counter() - began - looked
    return Row(name, outcome, described(path, outcome), looked, max(decoded, 0.0))


def described(path: Path, outcome: Inspection) -> tuple[str, str, str]:
    """Encoding, modality and SOP class, of a file without header as far as pydicom can tell them."""
    if outcome.header:
        image = outcome.header.instance
        return image.transfer_syntax_name, outcome.header.series.modality, image.sop_class_name or image.sop_class_uid
    if outcome.format != "dicom":
        return outcome.format.upper(), "", ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ds = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        except (OSError, ValueError):
            return "DICOM", "", ""
    meta = ds.file_meta
    syntax = transfer_syntax(meta.get("TransferSyntaxUID", "")).name
    uid = ds.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID", "")
    return syntax or "DICOM", str(ds.get("Modality") or ""), sop_class_name(uid)


def line(row: Row) -> str:
    """The file's line of the table."""
    outcome = row.outcome
    syntax, modality, sop_class = row.described
    cells = (
        f"`{row.name}`",
        syntax or DASH,
        modality or DASH,
        sop_class.removesuffix(" Storage") or DASH,
        _shape(outcome),
        outcome.status,
        f"`{outcome.code}`" if outcome.code else DASH,
        ", ".join(f"`{remark.code}`" for remark in outcome.warnings) or DASH,
    )
    return "| " + " | ".join(cells) + " |"


def _shape(outcome: Inspection) -> str:
    frames = outcome.frames
    if frames is None:
        return DASH
    colours = " × 3" if frames.samples == 3 else ""
    count = f"{frames.frames} × " if frames.frames > 1 else ""
    return f"{count}{frames.rows} × {frames.columns}{colours} {frames.dtype}"


def report(rows: Sequence[Row]) -> str:
    """The whole document."""
    counts = Counter((row.outcome.status, row.outcome.code) for row in rows)
    statuses = Counter(row.outcome.status for row in rows)
    looked = sorted(row.looked for row in rows)
    small = sorted(row.decoded for row in rows if row.outcome.frames and row.outcome.size < 2**20)
    lines = [
        "# What intake makes of the shared DICOM files",
        "",
        INTRODUCTION,
        "",
        f"{len(rows)} files: {statuses['image']} images, {statuses['kept']} kept, {statuses['refused']} refused.",
        f"Looking at a file without decoding took {1000 * looked[len(looked) // 2]:.1f} ms in the median and",
        f"{1000 * looked[-1]:.1f} ms at most; decoding an image from a file under 1 MB took",
        f"{1000 * small[len(small) // 2]:.1f} ms in the median.",
        "",
        "| outcome | code | files |",
        "|---|---|---:|",
        *(
            f"| {status} | {f'`{code}`' if code else DASH} | {count} |"
            for (status, code), count in sorted(counts.items())
        ),
        "",
        "| file | encoding | modality | SOP class | decoded as | outcome | code | remarks |",
        "|---|---|---|---|---|---|---|---|",
        *map(line, rows),
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Inspect the folders and print or write the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, default=[SHARED / name for name in SETS])
    parser.add_argument("--out", type=Path, help="file to write (standard output)")
    arguments = parser.parse_args()
    with TemporaryDirectory() as scratch:
        rows = [measure(name, path, Path(scratch)) for name, path in files(arguments.folders, Path(scratch))]
    if not rows:
        parser.error("there are no files in these folders")
    text = report(rows)
    if arguments.out:
        arguments.out.write_text(text, encoding="utf-8")
    else:
        print(text)
    return int(any(row.outcome.status == "image" and row.outcome.frames is None for row in rows))


if __name__ == "__main__":
    sys.exit(main())
