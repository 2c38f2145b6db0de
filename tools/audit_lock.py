"""Asks a database of known vulnerabilities about every package in requirements.lock.

Exits with 0 when none is known, 1 when one is (pip-audit's table says which and where it is mended), and 0 with a line
that begins with "skipped:" where the database cannot be reached.
"""

import argparse
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "https://api.osv.dev/v1/query"
PINNED = re.compile(r"^(?P<pin>[A-Za-z0-9][A-Za-z0-9._-]*==[^\s;\\]+)", re.MULTILINE)
SECONDS = 10


def unreachable(url: str) -> str:
    """Why the database cannot be asked, or nothing."""
    parts = urlsplit(url)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), timeout=SECONDS).close()
    except OSError as error:
        return f"{parts.hostname} cannot be reached ({error})"
    return ""


def main(arguments: list[str]) -> int:
    """Audits the lock file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default=DATABASE, help="an OSV query address")
    parser.add_argument("--lock", type=Path, default=ROOT / "requirements.lock")
    chosen = parser.parse_args(arguments)
    if reason := unreachable(chosen.database):
        print(f"skipped: {reason}")
        return 0
    pins = PINNED.findall(chosen.lock.read_text(encoding="utf-8"))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        # Without hashes: torch has none (docs/adr/0002), and pip-audit takes all or nothing.
        listed.write("\n".join(pins))
        listed.flush()
        command = [sys.executable, "-m", "pip_audit", "--requirement", listed.name, "--disable-pip", "--no-deps"]
        osv = ["--vulnerability-service", "osv", "--osv-url", chosen.database, "--progress-spinner", "off"]
        return subprocess.run([*command, *osv], check=False).returncode  # noqa: S603 nothing of it comes from outside


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
