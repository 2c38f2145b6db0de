"""A site of real processes to break: workers with beat, a broker, a database.

`files` is the demo's shape (SQLite, messages as files), `servers` production's (PostgreSQL, Redis). The second is
skipped where no Redis answers, unless LOBULE_REQUIRE_SERVICES=1.
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

import psycopg
import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

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

    def freeze(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def terminate(self) -> float:
        """SIGTERM to the main process, as a deploy does; seconds until it had ended."""
        started = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=30)
        return time.monotonic() - started


@dataclass
class Site:
    """The environment that makes one site, and its workers."""

    environment: dict[str, str]
    log: Path
    workers: list[Worker] = field(default_factory=list)

    def call(self, function: str, *, returncode: int = 0, **arguments: Any) -> Any:
        """Calls a function of `tally.drive` in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "tally.drive", function, json.dumps(arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == returncode, done.stderr
        return json.loads(done.stdout) if done.stdout else None

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


def redis_url() -> str:
    """The tests' own database of the Redis server, or a skip."""
    server = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379").rstrip("/")
    url = f"{server}/{REDIS_DATABASE}"
    try:
        redis.Redis.from_url(url, socket_connect_timeout=2).ping()
    except redis.RedisError as error:
        if REQUIRED:
            raise
        pytest.skip(f"no Redis answers at {server} ({type(error).__name__})")
    return url


@contextlib.contextmanager
def postgresql_url() -> Iterator[str]:
    """A new PostgreSQL database on the server of DATABASE_URL or on this machine's; empty where none answers."""
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
        info = conninfo_to_dict(admin.info.dsn, password=admin.info.password, user=admin.info.user)
        host = str(info.get("host") or admin.info.host).replace("/", "%2F")
        password = f":{info['password']}" if info.get("password") else ""
        try:
            yield f"postgres://{info['user']}{password}@{host}:{admin.info.port}/{name}"
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
            "DJANGO_SETTINGS_MODULE": "tally.settings",
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parent / "site")]),
            "OMP_NUM_THREADS": "1",
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database or f"sqlite:///{folder / 'site.sqlite3'}",
            "FAULTS_REDIS_URL": broker,
        }
        site = Site(environment, log=folder / "workers.log")
        site.call("migrate")
        yield site


@pytest.fixture
def site(built_site: Site) -> Iterator[Site]:
    """The site without jobs, messages or workers; prints the workers' log when a test fails."""
    built_site.call("reset")
    built_site.log.write_bytes(b"")
    yield built_site
    built_site.stop()
    print(built_site.log.read_text(encoding="utf-8", errors="replace"))  # noqa: T201 pytest shows it on failure
