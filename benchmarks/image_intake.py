"""How fast images come in, beside Orthanc on the same files in the same run, and how long a study takes to be read.

Both servers run on this machine with their default single-machine set-up (SQLite, files in a folder) and receive the
same bytes over HTTP from the same number of parallel clients, one file a request. Orthanc parses the header, stores and
indexes the file. Lobule also screens its structure, decodes every frame in its limited child process, stores the frames
for the viewer, writes the audit trail and queues the reading. Each round sends fresh SOP Instance UIDs; the servers
take turns.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import requests
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.demo_site import free_port, running_site  # noqa: E402 the project's folder is only now on the path
from benchmarks.intake_stages import study_stages  # noqa: E402
from ml.dicom.inspection import inspect  # noqa: E402

DATA = ROOT.parent / "shared" / "data"
ORTHANC = shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SEND_SECONDS = 120

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class Round:
    """What one server took for one set of files."""

    seconds: float
    files: int
    megabytes: float


Source = tuple[bytes, str]


def small_sources(to_orthanc: Send) -> tuple[list[Source], int]:
    """Real images under 1 MB from the shared sets that both servers take, and how many more Orthanc refuses."""
    found = [source for path in sorted((DATA / "dicom-pydicom" / "pydicom").glob("*.dcm")) if (source := _source(path))]
    taken = []
    for source in found:
        with contextlib.suppress(requests.HTTPError):
            to_orthanc(source[0])
            taken.append(source)
    return taken, len(found) - len(taken)


def small_files(sources: Sequence[Source], count: int) -> list[bytes]:
    """So many files, the sources in turn, with a UID of its own for each copy."""
    return [_with_new_uid(*sources[index % len(sources)]) for index in range(count)]


def _source(path: Path) -> Source | None:
    """A small image and its SOP Instance UID, where the UID stands in the file in plain text."""
    found = inspect(path)
    data = path.read_bytes()
    if found.status != "image" or found.header is None or len(data) > 1_000_000:
        return None
    uid = found.header.instance.uid
    return (data, uid) if data.count(uid.encode()) >= 2 and len(uid) > 20 else None


def _with_new_uid(data: bytes, uid: str) -> bytes:
    """The file with another SOP Instance UID of the same length and not a byte else changed."""
    digits = str(uuid.uuid4().int).rjust(len(uid), "7")
    return data.replace(uid.encode(), f"2.25.1{digits[-(len(uid) - 6) :]}".encode())


def large_files(count: int) -> list[bytes]:
    """The 14-megapixel digitised mammogram, decoded to 27 MB of native pixels, a UID of its own for each copy."""
    ds = pydicom.dcmread(DATA / "dicom-mg-wg04" / "MG1_J2KI.dcm")
    ds.decompress()
    return [_bytes_of(ds) for _ in range(count)]


def _bytes_of(ds: pydicom.Dataset) -> bytes:
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


@contextlib.contextmanager
def running_orthanc() -> Iterator[Send]:
    """Orthanc with its defaults in a folder of its own; gives what sends one file to it."""
    assert ORTHANC is not None  # main has looked
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lobule-orthanc-") as folder:
        config = Path(folder) / "orthanc.json"
        config.write_text(
            json.dumps(
                {
                    "StorageDirectory": folder,
                    "IndexDirectory": folder,
                    "HttpPort": port,
                    "DicomServerEnabled": False,
                    "RemoteAccessAllowed": False,
                    "AuthenticationEnabled": False,
                }
            )
        )
        server = subprocess.Popen([ORTHANC, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        session = requests.Session()
        try:
            _wait_until_answering(f"http://127.0.0.1:{port}/system")

            def send(data: bytes) -> None:
                answer = session.post(f"http://127.0.0.1:{port}/instances", data=data, timeout=SEND_SECONDS)
                answer.raise_for_status()

            yield send
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_until_answering(url: str) -> None:
    give_up = time.monotonic() + 60
    while not _answers(url):
        if time.monotonic() > give_up:
            raise RuntimeError(f"{url} does not answer")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def timed(send: Send, files: Sequence[bytes], clients: int) -> Round:
    """Sends all files by so many parallel clients."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        for _ in pool.map(send, files):
            pass
    return Round(time.perf_counter() - begin, len(files), sum(map(len, files)) / 1e6)


def ultrasound_study(count: int) -> list[bytes]:
    """One study of `count` breast ultrasound images, enlarged to 27 MB of 16-bit pixels each."""
    sources = sorted((DATA / "busi-native-dev").glob("*/*.png"))
    pictures = [path for path in sources if "mask" not in path.name][:count]
    study, series = generate_uid(), generate_uid()
    return [_enlarged(path, study, series, number) for number, path in enumerate(pictures, start=1)]


def _enlarged(path: Path, study: str, series: str, number: int) -> bytes:
    grey = Image.open(path).convert("L").resize((4664, 2900), Image.Resampling.BICUBIC)
    ds = pydicom.Dataset()
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.6.1"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.InstanceNumber = study, series, number
    ds.PatientID, ds.PatientName, ds.Modality, ds.BodyPartExamined = "BENCH", "BENCH", "US", "BREAST"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 2900, 4664, 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = 2048, 4096
    ds.PixelData = (np.asarray(grey, dtype=np.uint16) << 4).tobytes()
    return _bytes_of(ds)


def main() -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=200, help="small files a round")
    parser.add_argument("--large", type=int, default=4, help="27 MB files a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=4, help="parallel clients")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    if not DATA.is_dir():
        parser.exit(2, f"The DICOM files are not there: {DATA}\n")
    if ORTHANC is None:
        parser.exit(2, "Orthanc is not installed; on Debian and Ubuntu: apt install orthanc\n")

    figures: dict[str, Any] = {"protocol": _protocol(options), "rounds": []}
    with running_site() as site, running_orthanc() as to_orthanc:

        def to_lobule(data: bytes) -> None:
            site.post("/api/v1/studies/", data=data, headers={"Content-Type": "application/dicom"})

        sources, figures["refused_by_orthanc_only"] = small_sources(to_orthanc)
        for send in (to_lobule, to_orthanc):
            timed(send, small_files(sources, 20), options.clients)  # both warm up
        for number in range(options.rounds):
            for kind, files in (("small", small_files(sources, options.small)), ("large", large_files(options.large))):
                turns: list[tuple[str, Send]] = [("lobule", to_lobule), ("orthanc", to_orthanc)]
                for server, send in turns if number % 2 == 0 else turns[::-1]:
                    taken = timed(send, files, options.clients)
                    figures["rounds"].append({"server": server, "kind": kind, **taken.__dict__})
        figures["study"] = study_stages(site, ultrasound_study(4))
    report(figures)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


def _protocol(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "small": options.small,
        "large": options.large,
        "rounds": options.rounds,
        "clients": options.clients,
        "cores": os.cpu_count(),
        "device": "cpu",
        "python": platform.python_version(),
    }


def report(figures: dict[str, Any]) -> None:
    """Prints the figures side by side, medians with the range over the rounds."""
    protocol = figures["protocol"]
    print(
        f"Intake over HTTP, one file a request, {protocol['clients']} clients, {protocol['rounds']} rounds; "
        f"{protocol['cores']} cores; SQLite and folders on both sides"
    )
    print(f"{'':34}{'Lobule':>24}{'Orthanc':>24}{'ratio':>8}")
    for kind, text in (("small", "real files under 1 MB"), ("large", "27 MB mammograms")):
        for unit, figure in (("files/s", "files"), ("MB/s", "megabytes")):
            rates = {
                server: [
                    entry[figure] / entry["seconds"]
                    for entry in figures["rounds"]
                    if entry["server"] == server and entry["kind"] == kind
                ]
                for server in ("lobule", "orthanc")
            }
            ours, theirs = (statistics.median(rates[server]) for server in ("lobule", "orthanc"))
            label = f"{text}, {unit}"
            print(f"{label:34}{_spread(rates['lobule']):>24}{_spread(rates['orthanc']):>24}{ours / theirs:8.2f}")
    print(
        f"Orthanc refused {figures['refused_by_orthanc_only']} more small files that Lobule takes; they are left out."
    )
    print("Study of 4 × 27 MB ultrasound images, from the last byte sent to the last stored prediction:")
    for stage, seconds in figures["study"].items():
        print(f"  {stage:60}{seconds:8.2f} s")


def _spread(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):.1f} ({min(rates):.1f}–{max(rates):.1f})"


if __name__ == "__main__":
    sys.exit(main())
