"""Too many requests to the API: 429, when to come back, and nobody else hindered (ACC-22)."""

import threading
import uuid
from collections.abc import Iterator
from os import environ
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.core.cache import cache, caches
from django.test import Client
from django.urls import reverse

from accounts import rates
from accounts.models import User
from accounts.sign_in.tokens import make_token
from tests.cast import SignIn

pytestmark = pytest.mark.django_db

MODELS = "/api/v1/models/"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands ten seconds into a minute, so that no test straddles two."""
    cache.clear()
    monkeypatch.setattr(rates.time, "time", lambda: 1_000_000 * 60 + 10.0)


@pytest.fixture
def few(settings: LazySettings) -> None:
    settings.API_RATES = {
        "api": {"person": 3, "address": 5},
        "uploads": {"person": 9, "address": 9},
        "sign-in": {"address": 2},
    }


def client_of(user: User, address: str = "198.51.100.1") -> Client:
    _, text = make_token(user=user, name="test", scopes=["models:read", "studies:write"], is_verified=True)
    return Client(headers={"Authorization": f"Bearer {text}"}, REMOTE_ADDR=address)


def statuses(client: Client, times: int, path: str = MODELS) -> list[int]:
    return [client.get(path).status_code for _ in range(times)]


def is_refused(answer: Any) -> None:
    assert answer.status_code == 429
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "throttled"
    assert answer.headers["Retry-After"] == "50"


@pytest.mark.usefixtures("few")
def test_acc_22_a_person_is_told_when_to_come_back(owner: User, colleague: User) -> None:
    client = client_of(owner)
    assert statuses(client, 3) == [200] * 3
    is_refused(client.get(MODELS))
    assert client_of(colleague, "198.51.100.2").get(MODELS).status_code == 200


@pytest.mark.usefixtures("few")
def test_acc_22_the_next_minute_counts_anew(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(owner)
    assert statuses(client, 4)[-1] == 429
    monkeypatch.setattr(rates.time, "time", lambda: 1_000_000 * 60 + 60.5)
    assert client.get(MODELS).status_code == 200


@pytest.mark.usefixtures("few")
def test_acc_22_tokens_and_sessions_of_a_person_count_together(owner: User, sign_in: SignIn) -> None:
    first, second, browser = client_of(owner), client_of(owner, "198.51.100.2"), sign_in(owner)
    assert [first.get(MODELS).status_code, second.get(MODELS).status_code] == [200, 200]
    assert [browser.get(MODELS).status_code, browser.get(MODELS).status_code] == [200, 429]


@pytest.mark.usefixtures("few")
def test_acc_22_an_address_counts_whoever_it_claims_to_be() -> None:
    guesser = Client(headers={"Authorization": "Bearer lobule_guess"}, REMOTE_ADDR="198.51.100.9")
    assert statuses(guesser, 5) == [401] * 5
    is_refused(guesser.get(MODELS))
    assert Client(REMOTE_ADDR="198.51.100.10").get(MODELS).status_code == 401


@pytest.mark.usefixtures("few")
def test_acc_22_a_made_up_forwarding_header_is_no_new_address() -> None:
    def ask(number: int) -> int:
        return Client(headers={"X-Forwarded-For": f"203.0.113.{number}"}).get(MODELS).status_code

    assert [ask(number) for number in range(6)] == [401] * 5 + [429]


@pytest.mark.usefixtures("few")
def test_acc_22_signing_in_has_its_own_small_limit() -> None:
    client, url = Client(), reverse("api-token")
    assert [client.post(url, {}).status_code for _ in range(2)] == [400, 400]
    is_refused(client.post(url, {}))
    assert client.get(MODELS).status_code == 401


@pytest.mark.usefixtures("few")
def test_acc_22_uploads_have_their_own_large_limit(owner: User) -> None:
    client = client_of(owner)
    assert statuses(client, 4)[-1] == 429
    assert client.post(reverse("api-upload-file-list", args=[uuid.uuid4()])).status_code == 412


@pytest.mark.usefixtures("few")
def test_acc_22_pages_and_frames_are_not_counted(owner: User, sign_in: SignIn) -> None:
    assert statuses(sign_in(owner), 12, "/models/") == [200] * 12


def test_acc_22_the_limits_as_they_ship_leave_room_for_work(settings: LazySettings) -> None:
    """A viewer asks for pages' frames, which do not count; a large archive is a few thousand files a minute."""
    assert settings.API_RATES["api"]["person"] >= 1_000
    assert settings.API_RATES["uploads"]["person"] >= 10_000
    assert settings.REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] == ["accounts.rates.PerPerson"]


@pytest.mark.usefixtures("few")
def test_acc_22_without_its_cache_the_api_answers_all_the_same(
    owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def out_of_reach(*args: Any, **kwargs: Any) -> None:
        raise redis.ConnectionError("127.0.0.1 refused")

    monkeypatch.setattr(rates.cache, "add", out_of_reach)
    assert statuses(client_of(owner), 7) == [200] * 7
    assert "not counted: ConnectionError" in caplog.text


@pytest.fixture
def on_redis(settings: LazySettings) -> Iterator[None]:
    url = environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    prefix = uuid.uuid4().hex
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"{url.rstrip('/')}/1",
            "KEY_PREFIX": prefix,
        }
    }
    yield
    with redis.Redis.from_url(f"{url.rstrip('/')}/1") as server:
        for key in server.scan_iter(f"{prefix}*"):
            server.delete(key)
    caches["default"].close()


@pytest.mark.redis
@pytest.mark.usefixtures("few", "on_redis")
def test_acc_22_on_redis_no_request_slips_past_its_neighbours() -> None:
    waits: list[int] = []

    def send() -> None:
        waits.extend(rates.seconds_to_wait("api", "address", "198.51.100.1") for _ in range(5))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0] * 5 + [50] * 35


@pytest.mark.redis
@pytest.mark.usefixtures("few", "on_redis")
def test_acc_22_on_redis_a_person_is_told_when_to_come_back(owner: User) -> None:
    client = client_of(owner)
    assert statuses(client, 3) == [200] * 3
    is_refused(client.get(MODELS))
