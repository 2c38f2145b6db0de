"""`manage.py run_demo`, as `make run` starts it: real processes on a free port."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webapp.demo_processes import PortUnusableError, claim_port

ROOT = Path(__file__).resolve().parents[2]
STOPPED_WITHIN = 10  # s
STARTED_WITHIN = 240  # seconds, on a machine that does much else at the time


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free


@pytest.fixture
def demo(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The demo, starting up; what it prints is in `output`."""
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "webapp.settings.demo",
        "VAR_DIR": str(tmp_path / "var"),
        "OMP_NUM_THREADS": "1",
    }
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_demo", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    yield process
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=STOPPED_WITHIN)
    process.kill()


def wait_until(true: Callable[[], bool], seconds: float, process: subprocess.Popen[bytes], output: Path) -> None:
    """Waits for `true()`; fails with what the process printed when it ends before that or takes too long."""
    give_up = time.monotonic() + seconds
    while not true():
        said = output.read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, said
        assert time.monotonic() < give_up, said
        time.sleep(0.2)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 the demo's own
            return bool(response.status == 200)
    except OSError:
        return False


def predictions(database: Path) -> int:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM diagnosis_prediction").fetchone()
        return int(count)


def exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_the_demo_answers_scores_its_cases_and_leaves_nothing_behind(
    demo: subprocess.Popen[bytes], port: int, tmp_path: Path
) -> None:
    output, database = tmp_path / "output", tmp_path / "var" / "lobule.sqlite3"

    wait_until(lambda: answers(f"http://127.0.0.1:{port}/accounts/login/"), STARTED_WITHIN, demo, output)
    wait_until(lambda: predictions(database) > 40, STARTED_WITHIN, demo, output)
    wait_until(lambda: "Ctrl-C stops it" in output.read_text(encoding="utf-8"), 30, demo, output)
    demo.send_signal(signal.SIGINT)
    returncode = demo.wait(timeout=STOPPED_WITHIN)

    said = output.read_text(encoding="utf-8")
    assert returncode == 0, said
    assert f"http://127.0.0.1:{port}\n" in said
    assert "clinician@northgate.example" in said
    assert "Traceback" not in said
    groups = [int(pid) for pid in re.findall(r"started \(pid=(\d+)\)", said)]
    assert len(groups) == 3  # web, worker, synthesis
    # Web and worker lead a process group each, with all their children; what was killed is gone once it is reaped.
    gone_by = time.monotonic() + STOPPED_WITHIN
    while left := [group for group in groups if exists(group)]:
        assert time.monotonic() < gone_by, f"process groups {left} are still there"
        time.sleep(0.1)


def test_a_taken_port_is_named_with_another_one(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        with pytest.raises(PortUnusableError, match=rf"Port {port} .*make run PORT=8000"):
            claim_port(port)

    claim_port(port)


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(PortUnusableError, match="from 1 to 65535"):
        claim_port(70_000)
