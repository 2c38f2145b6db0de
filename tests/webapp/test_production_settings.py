"""Production starts with everything it needs, or says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from webapp.settings import env
from webapp.storage import aliases

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "SECRET_KEY": "k" * 50,
    "DEIDENTIFICATION_KEY": "d" * 50,
    "UPLOAD_SPOOL_DIR": "/var/empty",
    "DATABASE_URL": "postgres://lobule@localhost/lobule",
    "REDIS_URL": "redis://localhost",
    "STORAGE_URL": "file:///var/empty",
    "ALLOWED_HOSTS": "lobule.example",
    "CSRF_TRUSTED_ORIGINS": "https://lobule.example",
}
PRINT = """
import django
django.setup()
from django.conf import settings as s
print(s.DEBUG, s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS >= 31536000, len(s.SECRET_KEY))
"""


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "webapp.settings.production", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", PRINT],
        env={**settings, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_when_nothing_is_missing() -> None:
    started = start(COMPLETE)
    assert started.stdout.split() == ["False", "__Host-session", "True", "True", "50"], started.stderr


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_it_names_what_is_missing_and_stops(name: str) -> None:
    stopped = start({key: value for key, value in COMPLETE.items() if key != name})
    assert stopped.returncode != 0
    assert f"Set these environment variables (or NAME_FILE for a file that holds the value): {name}" in stopped.stderr


@pytest.mark.parametrize("name", ["SECRET_KEY", "DEIDENTIFICATION_KEY"])
def test_a_short_secret_stops_it_without_being_printed(name: str) -> None:
    stopped = start({**COMPLETE, name: "short-secret"})
    assert "50 or more random characters" in stopped.stderr
    assert "short-secret" not in stopped.stderr


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 60 + "\n")
    without = {key: value for key, value in COMPLETE.items() if key != "SECRET_KEY"}
    assert start({**without, "SECRET_KEY_FILE": str(secret)}).stdout.split()[-1] == "60"


def test_each_required_variable_is_tested_here() -> None:
    assert {variable.name for variable in env.VARIABLES if variable.required_in_production} == set(COMPLETE)


@pytest.mark.parametrize("url", ["ftp://host/folder", "s3://lobule", "lobule"])
def test_storage_that_cannot_be_says_what_was_expected(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL"):
        aliases(url)
