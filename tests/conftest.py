"""Tests that need a real server run where one answers, and say why they are skipped where none does.

Mark them `postgres`, `redis`, `s3` or `browser`. With LOBULE_REQUIRE_SERVICES=1 (continuous integration) a
server that does not answer fails the test instead.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import pytest_django
import redis

pytest_plugins = ("tests.cast", "tests.candidate")

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class S3Server:
    """Where the tests' S3 server answers and who they are to it."""

    endpoint_url: str
    access_key: str
    secret_key: str


def postgres_missing() -> str:
    """Why there is no PostgreSQL for this run, or nothing: the suite's own database has to be one."""
    from django.conf import settings

    engine = settings.DATABASES["default"]["ENGINE"]
    return "" if engine.endswith("postgresql") else "the suite runs on SQLite (set DATABASE_URL=postgres://…)"


def redis_missing() -> str:
    """Why there is no Redis, or nothing."""
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2) as client:
            client.ping()
    except redis.RedisError as error:
        return f"no Redis answers at REDIS_URL ({type(error).__name__})"
    return ""


def s3_missing() -> str:
    """Why there is no S3 server, or nothing."""
    endpoint_url = os.environ.get("LOBULE_TEST_S3_ENDPOINT", "")
    if not endpoint_url:
        return "no S3 server named by LOBULE_TEST_S3_ENDPOINT"
    try:
        urlopen(endpoint_url, timeout=5).close()  # noqa: S310 the tester's own endpoint
    except HTTPError:
        return ""  # it answers; who may read is the tests' business
    except OSError as error:
        return f"no S3 server answers at LOBULE_TEST_S3_ENDPOINT ({error})"
    return ""


def browser_missing() -> str:
    """Why there is no browser, or nothing."""
    return "" if chromium_path() else "no Chromium on the PATH (Debian: apt install chromium)"


def chromium_path() -> str:
    """The installed Chromium, or nothing. CHROMIUM names another one."""
    named = os.environ.get("CHROMIUM", "")
    return named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), "")


PROBES: dict[str, Callable[[], str]] = {
    "postgres": postgres_missing,
    "redis": redis_missing,
    "s3": s3_missing,
    "browser": browser_missing,
}


@cache
def missing(service: str) -> str:
    """Why a service is missing, or nothing; asked once a run."""
    return PROBES[service]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips, or fails where services are required, what has no server to run on."""
    for service in PROBES:
        if item.get_closest_marker(service) and (reason := missing(service)):
            if os.environ.get("LOBULE_REQUIRE_SERVICES") == "1":
                pytest.fail(f"LOBULE_REQUIRE_SERVICES=1, but {reason}", pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """The test database, in which tests may empty the audit trail (see tests.trail)."""
    from tests.trail import let_tests_empty_the_trail

    with django_db_blocker.unblock():
        let_tests_empty_the_trail()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's executable."""
    return chromium_path()


@pytest.fixture(scope="session")
def s3_server() -> S3Server:
    """The S3 server of LOBULE_TEST_S3_ENDPOINT; its user may create buckets."""
    return S3Server(
        endpoint_url=os.environ["LOBULE_TEST_S3_ENDPOINT"],
        access_key=os.environ["LOBULE_TEST_S3_ACCESS_KEY_ID"],
        secret_key=os.environ["LOBULE_TEST_S3_SECRET_ACCESS_KEY"],
    )
