"""A site of real processes to break: workers with beat, a broker, a database.

`files` is the demo's shape (SQLite, messages as files), `servers` production's (PostgreSQL, Redis). The
second needs a Redis; without PostgreSQL it runs on SQLite, unless LOBULE_REQUIRE_SERVICES=1.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
REDIS_DATABASE = 9  # nothing else uses it: the tests empty it
REQUIRED = os.environ.get("LOBULE_REQUIRE_SERVICES") == "1"


@dataclass
class Worker:
    """A Celery worker with its pool and its beat: one process group."""

    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """`kill -9` of everything, as a machine that loses power."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=10)

    def thaw(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def terminate(self) -> float:
        """SIGTERM to the main process, as a deploy does; seconds until it had ended."""
        started = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=30)
        return time.monotonic() - started


class WebDied(Exception):
    """The web process ended before it answered; carries its return code."""


@dataclass
class Site:
    """The environment that makes one site, and its workers."""

    environment: dict[str, str]
    log: Path
    workers: list[Worker] = field(default_factory=list)
    web: subprocess.Popen[str] | None = None

    def call(self, function: str, **arguments: Any) -> Any:
        """Calls a function of `tally/drive.py` in the process that stands for the web."""
        web = self.start_web()
        assert web.stdin is not None
        assert web.stdout is not None
        web.stdin.write(json.dumps([function, arguments]) + "\n")
        web.stdin.flush()
        answer = web.stdout.readline()
        if not answer:
            web.stdin.close()
            web.stdout.close()
            raise WebDied(web.wait(timeout=10))
        return json.loads(answer)

    def start_web(self) -> subprocess.Popen[str]:
        if self.web is None or self.web.poll() is not None:
            with self.log.open("ab") as log:
                self.web = subprocess.Popen(
                    [sys.executable, "-m", "tests.faults.tally.drive"],
                    env=self.environment,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        return self.web

    def start_worker(self, concurrency: int = 2) -> Worker:
        command = f"-m celery --quiet --app webapp worker --beat --concurrency {concurrency} --loglevel INFO"
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command.split()],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        worker = Worker(process)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.workers.clear()

    def close(self) -> None:
        if self.web is not None and self.web.poll() is None:
            self.web.communicate(timeout=10)


def redis_url() -> str:
    """The tests' own database of the Redis server."""
    server = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379").rstrip("/")
    return f"{server}/{REDIS_DATABASE}"


@contextlib.contextmanager
def postgresql_url() -> Iterator[str]:
    """A new database on the PostgreSQL of DATABASE_URL or of this machine; "" where none answers."""
    server = os.environ.get("DATABASE_URL", "")
    server = server if server.startswith("postgres") else "dbname=postgres"
    name = f"lobule_faults_{os.getpid()}"
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=2)
    except psycopg.OperationalError:
        if REQUIRED:
            raise
        yield ""
        return
    with admin:
        admin.execute(f"CREATE DATABASE {name}")
        at = admin.info
        over_a_socket = at.host.startswith("/")  # then libpq's defaults lead there
        user = f"{at.user}:{quote(at.password, safe='')}" if at.password else at.user
        try:
            yield f"postgres:///{name}" if over_a_socket else f"postgres://{user}@{at.host}:{at.port}/{name}"
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module", params=["files", pytest.param("servers", marks=pytest.mark.redis)])
def built_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as stack:
        on_servers = request.param == "servers"
        broker = redis_url() if on_servers else ""
        database = stack.enter_context(postgresql_url()) if on_servers else ""
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.tally.settings",
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database or f"sqlite:///{folder / 'site.sqlite3'}",
            "FAULTS_REDIS_URL": broker,
        }
        site = Site(environment, log=folder / "workers.log")
        stack.callback(site.close)
        site.call("migrate")
        yield site


@pytest.fixture
def site(built_site: Site) -> Iterator[Site]:
    """The site without jobs, messages or workers; prints the workers' log when a test fails."""
    built_site.log.write_bytes(b"")
    built_site.call("reset")
    yield built_site
    built_site.stop()
    log = built_site.log.read_text(encoding="utf-8", errors="replace")
    print(log)  # noqa: T201 pytest shows it on failure
    assert "database is locked" not in log
