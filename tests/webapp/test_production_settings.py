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
    "MFA_ENCRYPTION_KEY": "bWZhLW1mYS1tZmEtbWZhLW1mYS1tZmEtbWZhLW1mYS0=",
    "AUDIT_SIGNING_KEY": "c2lnbi1zaWduLXNpZ24tc2lnbi1zaWduLXNpZ24tc2k=",
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


def start(environment: dict[str, str], program: str = PRINT) -> subprocess.CompletedProcess[str]:
    settings = {"DJANGO_SETTINGS_MODULE": "webapp.settings.production", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", program],
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


@pytest.mark.parametrize("name", ["MFA_ENCRYPTION_KEY", "AUDIT_SIGNING_KEY"])
@pytest.mark.parametrize("value", ["short-key", "!" * 44, "a" * 44])
def test_a_key_of_the_wrong_form_stops_it_without_being_printed(name: str, value: str) -> None:
    stopped = start({**COMPLETE, name: value})
    assert f"{name}: expected 32 random bytes" in stopped.stderr
    assert value not in stopped.stderr


def test_a_former_key_of_the_wrong_form_stops_it_without_being_printed() -> None:
    stopped = start({**COMPLETE, "MFA_FORMER_ENCRYPTION_KEYS": f"{COMPLETE['MFA_ENCRYPTION_KEY']},short-key"})
    assert "MFA_FORMER_ENCRYPTION_KEYS: expected keys of 32 bytes" in stopped.stderr
    assert "short-key" not in stopped.stderr


PRINT_PROXIES = "from django.conf import settings as s; print(s.PROXY_COUNT, s.REST_FRAMEWORK['NUM_PROXIES'])"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "1 1"),
        ({"PROXY_COUNT": "2"}, "2 2"),
        ({"PROXY_COUNT": "2", "BEHIND_TLS_PROXY": "false"}, "0 0"),
    ],
)
def test_forwarded_addresses_are_read_only_behind_our_own_proxies(given: dict[str, str], expected: str) -> None:
    assert start({**COMPLETE, **given}, PRINT_PROXIES).stdout.strip() == expected


def test_a_negative_count_of_proxies_stops_it() -> None:
    assert "PROXY_COUNT: expected how many" in start({**COMPLETE, "PROXY_COUNT": "-1"}).stderr


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s" * 60 + "\n")
    without = {key: value for key, value in COMPLETE.items() if key != "SECRET_KEY"}
    assert start({**without, "SECRET_KEY_FILE": str(secret)}).stdout.split()[-1] == "60"


def test_each_required_variable_is_tested_here() -> None:
    assert {variable.name for variable in env.VARIABLES if variable.required_in_production} == set(COMPLETE)


def test_links_come_from_the_store_unless_only_the_site_reaches_it() -> None:
    made = {
        links: aliases(f"s3://lobule?endpoint_url=http://objects{links}", access_key="a", secret_key="s")["synthetic"]
        for links in ("", "&links=store", "&links=site")
    }
    assert [one["BACKEND"].rpartition(".")[2] for one in made.values()] == [
        "SyntheticBucket",
        "SyntheticBucket",
        "InnerBucket",
    ]
    with pytest.raises(ImproperlyConfigured, match="links=moon: expected store or site"):
        aliases("s3://lobule?links=moon", access_key="a", secret_key="s")


@pytest.mark.parametrize("url", ["ftp://host/folder", "s3://lobule", "lobule"])
def test_storage_that_cannot_be_says_what_was_expected(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STORAGE_URL"):
        aliases(url)
