"""Thirty-two writers and three sealers, one of them killed: every event is sealed once, in order and in time."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.faults.conftest import ROOT, postgresql_url

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]

PROCESSES, THREADS, SECONDS = 4, 8, 8.0
LAG = 10.0  # s, at most, from an event's writing to its seal
UNSEALED = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM accounts_auditevent e"
    " WHERE NOT EXISTS (SELECT FROM accounts_seal s WHERE s.source = 'event' AND s.row_id = e.id)"
)


class Trail:
    """A database with a trail, and processes at work on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database = psycopg.connect(url, autocommit=True)
        self.environment = {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.faults.tally.settings",  # without the models, which are slow to load
            "FAULTS_REDIS_URL": "",
            "PYTHONPATH": str(ROOT),
            "VAR_DIR": str(folder),
        }
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, *command], env=self.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.processes.append(process)
        return process

    def ask(self, question: str) -> Any:
        row = self.database.execute(question).fetchone()
        assert row is not None
        return row[0]

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate(timeout=10)
        self.database.close()


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    with postgresql_url() as url:
        trail = Trail(url, tmp_path)
        try:
            trail.start("manage.py", "migrate", "-v0").communicate(timeout=200)
            yield trail
        finally:
            trail.stop()


def test_aud_09_writers_and_sealers_of_which_one_is_killed_leave_no_gap_and_no_long_wait(trail: Trail) -> None:
    sealers = [trail.start("manage.py", "seal_audit", "--follow", "--seconds", "0.2") for _ in range(3)]
    wait_until(trail, "SELECT count(*) = 1 FROM accounts_sealingposition")  # the first of them is at work
    writers = [trail.start("-m", "tests.faults.trail.write", str(THREADS), str(SECONDS)) for _ in range(PROCESSES)]
    wait_until(trail, "SELECT count(*) > 50 FROM accounts_seal WHERE source = 'event'")
    killed = kill_the_one_that_seals(trail, sealers)

    longest = 0.0
    while any(writer.poll() is None for writer in writers):
        longest = max(longest, float(trail.ask(UNSEALED)))
        time.sleep(0.1)
    ended = time.monotonic()
    while float(trail.ask(UNSEALED)) > 0 and time.monotonic() < ended + LAG:
        time.sleep(0.1)

    committed = sum(int(writer.communicate()[0]) for writer in writers)
    assert killed.wait(timeout=5) == -signal.SIGKILL
    assert trail.ask("SELECT count(*) FROM accounts_auditevent") == committed
    assert trail.ask("SELECT count(*) FROM accounts_seal WHERE source = 'event'") == committed
    assert longest <= LAG
    written = "SELECT id, row_number() OVER (ORDER BY transaction_id, id) AS n FROM accounts_auditevent"
    sealed = "SELECT row_id, row_number() OVER (ORDER BY seq) AS n FROM accounts_seal WHERE source = 'event'"
    in_order = f"SELECT count(*) FROM ({written}) e JOIN ({sealed}) s ON s.row_id = e.id AND s.n = e.n"  # noqa: S608
    assert trail.ask(in_order) == committed
    verified = trail.start("manage.py", "verify_audit", "--json")
    answer = json.loads(verified.communicate(timeout=100)[0])
    assert answer["findings"] == []
    assert answer["seals"] >= committed


def wait_until(trail: Trail, question: str) -> None:
    give_up = time.monotonic() + 200
    while not trail.ask(question):
        assert time.monotonic() < give_up, question
        time.sleep(0.05)


def kill_the_one_that_seals(trail: Trail, sealers: list["subprocess.Popen[str]"]) -> "subprocess.Popen[str]":
    """`kill -9` of a sealer that holds the lock: in the middle of its transaction."""
    by_backend = (
        "SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
        " WHERE l.locktype = 'advisory' AND l.objid = x'5ea1'::int AND l.granted"
    )
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        row = trail.database.execute(by_backend).fetchone()
        holder = next((sealer for sealer in sealers if row and row[0] in ports_of(sealer.pid)), None)
        if holder:
            holder.kill()
            return holder
    raise AssertionError("no sealer was caught at work")


def ports_of(pid: int) -> set[int]:
    """The local TCP ports of a process on this machine."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = entry.readlink().name
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(fields[1].split(":")[1], 16) for fields in lines if fields[9] in sockets}
