"""Production's settings, real processes, a Redis of its own: planted names end up in the database and its bucket, and
in no log line, no message and no key of Redis (REL-18); nobody gets to them without a second factor (ACC-4)."""

import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
import redis

from tests.cast import csv_of, wdbc
from tests.dicom_files import dicom_image
from tests.webapp.test_production_settings import COMPLETE

pytestmark = [pytest.mark.redis, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "PLANTED"
EMAIL, PASSWORD = "ada@hospital.example", "a long pass phrase for ada"
SECONDS = 120
PREPARE = f"""
import base64, django
django.setup()
from accounts.models import Institution, User
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
secret = generate_totp_secret()
hospital = Institution.objects.create(name="Hospital")
person = User.objects.create_user(email="{EMAIL}", password="{PASSWORD}", full_name="Ada Adams",
                                  institution=hospital, role="clinician")
TOTP.activate(person, secret)
print(secret)
"""
CODE = """
import sys, django
django.setup()
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
import time
print(format_hotp_value(hotp_value(sys.argv[1], int(time.time()) // 30)))
"""


@dataclass
class Browser:
    """Speaks to the site as a TLS proxy does for a browser that keeps its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            "Host": "lobule.example",
            "X-Forwarded-Proto": "https",
            "Origin": "https://lobule.example",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.cookies.get("__Host-csrf", ""),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        connection.close()
        return answer.status, dict(answer.headers), content

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        return self.ask("GET", path)

    def submit(self, path: str, **fields: str) -> tuple[int, dict[str, str], bytes]:
        data = urlencode(fields | {"csrfmiddlewaretoken": self.cookies["__Host-csrf"]}).encode()
        return self.ask("POST", path, data, Content_Type="application/x-www-form-urlencoded")

    def send_file(self, path: str, name: str, content: bytes) -> tuple[int, dict[str, str], bytes]:
        edge = "edge-of-the-part"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        body = head + content + f"\r\n--{edge}--\r\n".encode()
        return self.ask("POST", path, body, Content_Type=f"multipart/form-data; boundary={edge}")


@dataclass
class Site:
    """Web and worker under production's settings."""

    environment: dict[str, str]
    port: int
    redis: redis.Redis
    folder: Path

    def python(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.folder.glob("*.log")))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    redis_server = shutil.which("redis-server")
    if redis_server is None:
        pytest.skip("redis-server is not installed: this test needs a Redis that nothing else writes to")
    redis_port, port = free_port(), free_port()
    environment = {
        **COMPLETE,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'lobule.sqlite3'}",
        "STORAGE_URL": (tmp_path / "buckets").as_uri(),
        "UPLOAD_SPOOL_DIR": str(tmp_path / "arriving"),
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}",
        "ALLOWED_HOSTS": "lobule.example",
        "LOG_LEVEL": "DEBUG",
        "DJANGO_SETTINGS_MODULE": "webapp.settings.production",
        "OMP_NUM_THREADS": "1",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONUNBUFFERED": "1",
    }
    (tmp_path / "arriving").mkdir()
    commands = {
        "redis": [redis_server, "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        "web": [
            *(sys.executable, "-m", "gunicorn", "webapp.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"),
            *("--access-logfile", "-", "--access-logformat", access_log_format(), "--log-level", "debug"),
        ],
        "worker": [sys.executable, "-m", "celery", "--app", "webapp", "worker", "--beat", "--concurrency", "1"],
    }
    commands["worker"] += ["--loglevel", "DEBUG", "--schedule", str(tmp_path / "beat")]
    found = Site(environment, port, redis.Redis(port=redis_port), tmp_path)
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> None:
        with (tmp_path / f"{name}.log").open("wb") as out:
            running.append(
                subprocess.Popen(commands[name], cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
            )

    try:
        start("redis")
        manage = [sys.executable, "manage.py"]
        for steps in (["migrate", "--verbosity", "0"], ["install_models"], ["collectstatic", "--no-input"]):
            done = subprocess.run(
                [*manage, *steps], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        start("web")
        start("worker")
        wait_until(lambda: Browser(port).get("/health/live/")[0] == 200, found)
        yield found
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            process.wait(timeout=60)
        found.redis.close()


def access_log_format() -> str:
    """What the image's web process is started with."""
    command = json.loads(re.search(r"^CMD (\[.*\])$", (ROOT / "Dockerfile").read_text().replace("\\\n", ""), re.M)[1])  # type: ignore[index]
    return str(command[command.index("--access-logformat") + 1])


def wait_until(true: Callable[[], bool], site: Site) -> None:
    give_up = time.monotonic() + SECONDS
    while True:
        try:
            if true():
                return
        except OSError:
            pass
        assert time.monotonic() < give_up, site.logs()[-3000:]
        time.sleep(0.3)


def held_in(server: redis.Redis) -> str:
    """Everything in every database of the Redis, as text."""
    found = []
    for number in range(16):
        with redis.Redis(port=server.connection_pool.connection_kwargs["port"], db=number) as database:
            for key in database.scan_iter(count=1000):
                found += [repr(key), repr(database.dump(key)), repr(read(database, key))]
    return "\n".join(found)


def read(database: redis.Redis, key: bytes) -> object:
    """A key's value, whatever its type."""
    readers = {
        b"string": lambda: database.get(key),
        b"list": lambda: database.lrange(key, 0, -1),
        b"set": lambda: database.smembers(key),
        b"zset": lambda: database.zrange(key, 0, -1),
        b"hash": lambda: database.hgetall(key),
        b"none": lambda: None,
    }
    return readers[database.type(key)]()


def test_rel_18_planted_names_stay_out_of_every_log_and_key(site: Site) -> None:
    secret = site.python(PREPARE)
    browser = Browser(site.port)

    # The password alone opens nothing.
    assert browser.get("/accounts/login/")[0] == 200
    status, headers, _ = browser.submit("/accounts/login/", login=EMAIL, password=PASSWORD)
    assert status == 302
    assert "2fa" in headers["Location"]
    assert browser.get("/cases/")[0] == 302
    browser.get(headers["Location"])
    status, headers, page = browser.submit(headers["Location"], code=site.python(CODE, secret))
    assert status == 302, page.decode()[-2000:]
    assert {name for name in browser.cookies if not name.startswith("__Host-")} == set()

    # Measurements and an image that name a patient, and broken ones.
    rows, _ = wdbc(2)
    table = csv_of(rows.tolist(), ids=[f"{PLANTED}-1", f"{PLANTED}-2"])
    browser.get("/cases/")
    assert browser.send_file("/fna/upload/import/", f"{PLANTED}.csv", table)[0] == 302
    broken = table.replace(b".", PLANTED.encode(), 9)
    _, _, page = browser.send_file("/fna/upload/import/", f"{PLANTED}-broken.csv", broken)
    assert b"not a number" in page, page.decode()[-3000:]
    image = dicom_image(patient_id=f"{PLANTED}-1", patient_name=f"{PLANTED}^Jane")
    for name, content in ((f"{PLANTED}.dcm", image), (f"{PLANTED}-cut.dcm", image[:-500])):
        assert browser.send_file("/api/v1/studies/", name, content)[0] in {200, 201, 202, 422}

    # People look for the patient, and type the name where it does not belong.
    wait_until(lambda: PLANTED.encode() in browser.get("/cases/")[2], site)
    wait_until(lambda: PLANTED.encode() in browser.get("/studies/")[2], site)
    assert browser.submit("/cases/search/", reference=PLANTED)[0] == 302
    browser.get(f"/cases/?reference={PLANTED}&page={PLANTED}")
    search = b'{"reference": "PLANTED-1"}'
    assert browser.ask("POST", "/api/v1/cases/search/", search, Content_Type="application/json")[0] == 200
    wait_until(lambda: all_ended(browser), site)

    stored = (site.folder / "lobule.sqlite3").read_bytes() + wal(site.folder)
    assert PLANTED.encode() in stored, "the names were planted"
    logs = site.logs()
    assert "/cases/" in logs, "the logs were written"
    assert [line for line in logs.splitlines() if PLANTED in line] == []
    in_redis = held_in(site.redis)
    assert in_redis, "Redis was used"
    assert PLANTED not in in_redis
    assert PASSWORD not in logs + in_redis
    assert secret not in logs + in_redis


def all_ended(browser: Browser) -> bool:
    """Whether every job has ended."""
    status, _, content = browser.get("/api/v1/jobs/")
    assert status == 200, content
    jobs = json.loads(content)["results"]
    return bool(jobs) and all(job["status"] in {"succeeded", "failed"} for job in jobs)


def wal(folder: Path) -> bytes:
    """What SQLite has not yet written back."""
    path = folder / "lobule.sqlite3-wal"
    return path.read_bytes() if path.exists() else b""
