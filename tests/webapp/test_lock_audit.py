"""Packages with known vulnerabilities are found in the lock file, where the database can be asked."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/audit_lock.py", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_lock_file_has_no_known_vulnerability() -> None:
    done = audit()
    if done.stdout.startswith("skipped:"):
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def database() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An OSV database over real HTTP that knows one fault, in one version of one package, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(query)
            faulty = (query["package"]["name"], query["version"]) == ("django", "5.2.19")
            fault = {
                "id": "TEST-2026-1",
                "summary": "For the test",
                "affected": [
                    {
                        "package": {"name": "django", "ecosystem": "PyPI"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
                    }
                ],
            }
            body = json.dumps({"vulns": [fault]} if faulty else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_known_vulnerability_fails_and_is_named(database: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    url, asked = database
    lock = tmp_path / "requirements.lock"
    lock.write_text("django==5.2.19 \\\n    --hash=sha256:00\ncelery==5.7.0 \\\n    --hash=sha256:00\ntorch==2.13.0\n")
    done = audit("--database", url, "--lock", str(lock))
    assert done.returncode == 1
    assert "TEST-2026-1" in done.stdout
    assert sorted(query["package"]["name"] for query in asked) == ["celery", "django", "torch"]


def test_a_database_out_of_reach_is_said() -> None:
    done = audit("--database", "http://127.0.0.1:1/v1/query")
    assert done.returncode == 0
    assert done.stdout.startswith("skipped: 127.0.0.1 cannot be reached")
