"""A code that one web process has accepted is refused by every other (ACC-5): two processes, one cache."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.webapp.test_production_settings import COMPLETE

ROOT = Path(__file__).resolve().parents[2]
CODES = 200
PROGRAM = """
import sys
import django
django.setup()
from accounts.models import User
from accounts.sign_in.second_factor import count_once
person, codes = User(pk=int(sys.argv[1])), int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
print(*(int(count_once(person, f"{code:06}")) for code in range(codes)))
"""


def web_process(environment: dict[str, str], person: int) -> subprocess.Popen[str]:
    """A process that waits for a line, and then shows each code once."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(person), str(CODES)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def accepted(process: subprocess.Popen[str], *, begin: bool = True) -> list[int]:
    """Which codes the process accepted, 1 for each."""
    said, _ = process.communicate("go\n" if begin else None, timeout=60)
    return [int(word) for word in said.split()]


@pytest.mark.redis
def test_acc_05_of_two_processes_on_redis_one_accepts_each_code_however_close_they_are() -> None:
    redis = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    environment = {**COMPLETE, "DJANGO_SETTINGS_MODULE": "webapp.settings.production", "REDIS_URL": redis}
    person = secrets.randbelow(2**40)
    both = [web_process(environment, person) for _ in range(2)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    first, second = (accepted(process, begin=False) for process in both)
    assert len(first) == len(second) == CODES
    assert [a + b for a, b in zip(first, second, strict=True)] == [1] * CODES


def test_acc_05_the_demos_files_remember_a_code_for_the_next_process(tmp_path: Path) -> None:
    environment = {"DJANGO_SETTINGS_MODULE": "webapp.settings.demo", "VAR_DIR": str(tmp_path)}
    assert accepted(web_process(environment, 1)) == [1] * CODES
    assert accepted(web_process(environment, 1)) == [0] * CODES
    assert accepted(web_process(environment, 2)) == [1] * CODES  # another person's code may be the same
