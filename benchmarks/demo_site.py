"""The demo site as `make run` starts it, in a folder of its own, for benchmarks to send work to."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
# The demo's first clinician; the demo prints these at its start.
SIGN_IN = {"email": "clinician@northgate.example", "password": "lobule-demo-2026"}
START_SECONDS = 180
POLL_SECONDS = 0.005


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_site() -> Iterator["Session"]:
    """The demo site on a free port, and a session that is signed in to its API."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lobule-bench-") as folder:
        environment = {**os.environ, "VAR_DIR": folder, "DJANGO_SETTINGS_MODULE": "webapp.settings.demo"}
        site = subprocess.Popen(
            [sys.executable, "manage.py", "run_demo", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        try:
            yield signed_in(f"http://127.0.0.1:{port}")
        finally:
            site.terminate()
            site.wait(timeout=30)


class Session(requests.Session):
    """A session whose paths are relative to the site."""

    def __init__(self, site: str) -> None:
        super().__init__()
        self.site = site

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """Sends; raises for any refusal."""
        response = super().request(method, self.site + url, *args, timeout=120, **kwargs)
        response.raise_for_status()
        return response


def signed_in(site: str) -> Session:
    """Waits until the site answers, then signs in."""
    session = Session(site)
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            session.get("/health/live/")
            break
        except (requests.ConnectionError, requests.HTTPError):
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
    token = session.post("/api/v1/auth/token/", json=SIGN_IN).json()["token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def wait_for(session: requests.Session, job_url: str) -> None:
    """Returns when the job has ended.

    Raises:
        RuntimeError: it ended otherwise than by succeeding.
    """
    while (status := session.get(job_url).json()["status"]) in {"queued", "running"}:
        time.sleep(POLL_SECONDS)
    if status != "succeeded":
        raise RuntimeError(f"{job_url}: {status}")
