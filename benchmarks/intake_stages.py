"""Where the time goes when a study comes in: from the last byte sent to the last stored prediction, by stage."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.demo_site import Session
from ml.dicom.decoding import decode
from ml.dicom.inspection import inspect

POLL_SECONDS = 0.02
GIVE_UP_SECONDS = 300


def study_stages(site: Session, files: Sequence[bytes]) -> dict[str, float]:
    """Sends one study, file after file, and waits for its predictions.

    Returns:
        Seconds by stage. Screening and decoding are measured by themselves on the same files, the others on the site.
    """
    screened, decoded = _bare_seconds(files)
    begin = time.perf_counter()
    for data in files[:-1]:
        _send(site, data)
    last = time.perf_counter()
    study = _send(site, files[-1])
    stored = time.perf_counter()
    _wait_for_predictions(site, study, len(files))
    read = time.perf_counter()
    return {
        "all four files sent and stored": stored - begin,
        "  of which screening one file, measured alone": screened / len(files),
        "  of which decoding one file, measured alone": decoded / len(files),
        "last file: sent, screened, decoded and stored": stored - last,
        "last file: from stored to the last prediction stored": read - stored,
        "from the last file's first byte to the last prediction": read - last,
    }


def _send(site: Session, data: bytes) -> str:
    answer = site.post("/api/v1/studies/", data=data, headers={"Content-Type": "application/dicom"}).json()
    return str(answer["files"][0]["study"])


def _wait_for_predictions(site: Session, study: str, images: int) -> None:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        found = site.get(f"/api/v1/studies/{study}/").json()
        readings = [image["reading"] for series in found["series"] for image in series["instances"]]
        if len(readings) == images and "waiting" not in readings:
            return
        if time.monotonic() > give_up:
            raise RuntimeError(f"no predictions after {GIVE_UP_SECONDS} s: {readings}")
        time.sleep(POLL_SECONDS)


def _bare_seconds(files: Sequence[bytes]) -> tuple[float, float]:
    """Seconds for screening all files and for decoding them, without the site; after one warm-up."""
    screened = decoded = 0.0
    with tempfile.TemporaryDirectory(prefix="lobule-stages-") as name:
        path = Path(name) / "image"
        for number, data in enumerate([files[0], *files]):
            path.write_bytes(data)
            into = Path(name) / f"frames-{number}"
            into.mkdir()
            begin = time.perf_counter()
            inspect(path)
            between = time.perf_counter()
            decode(path, into)
            end = time.perf_counter()
            if number:
                screened += between - begin
                decoded += end - between
    return screened, decoded
