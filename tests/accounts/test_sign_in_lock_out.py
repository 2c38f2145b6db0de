"""Guessers are kept out by person and address; nobody learns whether an account exists (ACC-8, ACC-9, ACC-22)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from axes.models import AccessAttempt
from django.conf import LazySettings
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action, AuditEvent, User
from accounts.sign_in.client_address import client_address
from tests.cast import PASSWORD
from tests.one_time_codes import code_of

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HOSPITAL, HOME = "203.0.113.9", "198.51.100.4"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rates that one test has used up are fresh in the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def without_factor(settings: LazySettings) -> None:
    """A password is enough, so that a sign-in can be seen to succeed."""
    settings.MFA_REQUIRED = False


def attempt(email: str, password: str, *, address: str = HOSPITAL, client: Client | None = None) -> Any:
    form = {"login": email, "password": password}
    return (client or Client()).post(reverse("account_login"), form, REMOTE_ADDR=address)


def ask_for_token(email: str, password: str, code: str = "", *, address: str = HOSPITAL) -> Any:
    body = {"email": email, "password": password, "code": code}
    return Client().post(reverse("api-token"), body, "application/json", REMOTE_ADDR=address)


def is_in(client: Client) -> bool:
    return client.get(reverse("account-profile")).status_code == 200


def test_acc_08_five_failures_lock_the_person_out_from_there_and_the_page_says_until_when(
    owner: User, without_factor: None
) -> None:
    answers = [attempt(owner.email.upper() if n % 2 else owner.email, "wrong").status_code for n in range(5)]
    assert answers == [200, 200, 200, 200, 429]
    client = Client()
    locked = attempt(owner.email, PASSWORD, client=client)
    assert locked.status_code == 429
    assert 890 <= int(locked["Retry-After"]) <= 900
    again_at = timezone.now() + timedelta(seconds=int(locked["Retry-After"]))
    assert re.search(r"after (\d\d:\d\d) UTC", locked.content.decode()).group(1) in {  # type: ignore[union-attr]
        f"{again_at:%H:%M}",
        f"{again_at - timedelta(seconds=1):%H:%M}",
    }
    assert not is_in(client)


def test_acc_08_a_colleague_behind_the_same_address_signs_in_and_so_does_the_person_from_elsewhere(
    owner: User, colleague: User, without_factor: None
) -> None:
    for _ in range(6):
        attempt(owner.email, "wrong")
    for user, address in ((colleague, HOSPITAL), (owner, HOME)):
        client = Client()
        assert attempt(user.email, PASSWORD, address=address, client=client).status_code == 302
        assert is_in(client)


def test_acc_08_it_is_over_after_a_quarter_of_an_hour_however_often_one_knocks(
    owner: User, without_factor: None
) -> None:
    for _ in range(9):
        attempt(owner.email, "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14))
    assert attempt(owner.email, PASSWORD).status_code == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert attempt(owner.email, PASSWORD).status_code == 302


def test_acc_08_a_sign_in_forgives_the_failures_before_it(owner: User, without_factor: None) -> None:
    for _ in range(2):
        for _ in range(4):
            assert attempt(owner.email, "wrong").status_code == 200
        assert attempt(owner.email, PASSWORD).status_code == 302


def test_acc_08_pages_and_api_count_together(owner: User, without_factor: None) -> None:
    for _ in range(3):
        attempt(owner.email, "wrong")
    assert [ask_for_token(owner.email, "wrong").status_code for _ in range(2)] == [401, 429]
    locked = ask_for_token(owner.email, PASSWORD)
    assert locked.status_code == 429
    assert locked["Content-Type"] == "application/problem+json"
    assert locked.json()["code"] == "throttled"
    assert 890 <= int(locked["Retry-After"]) <= 900
    assert attempt(owner.email, PASSWORD).status_code == 429


def test_acc_08_wrong_codes_lock_out_as_wrong_passwords_do(owner: User) -> None:
    TOTP.activate(owner, SECRET)
    client = Client()
    attempt(owner.email, PASSWORD, client=client)
    codes = [
        client.post(reverse("mfa_authenticate"), {"code": "000000"}, REMOTE_ADDR=HOSPITAL).status_code for _ in range(5)
    ]
    assert codes == [200, 200, 200, 200, 429]
    right = client.post(reverse("mfa_authenticate"), {"code": code_of(SECRET)}, REMOTE_ADDR=HOSPITAL)
    assert right.status_code == 429
    assert not is_in(client)
    # To give the password anew does not begin the count anew.
    assert attempt(owner.email, PASSWORD).status_code == 429
    assert AuditEvent.objects.filter(action=Action.SECOND_FACTOR_FAILED).count() == 5
    last = AuditEvent.objects.filter(action=Action.SECOND_FACTOR_FAILED).order_by("id").last()
    assert last is not None
    assert last.detail == {"kind": "totp", "locked_out": True}


def test_acc_08_each_failure_writes_one_event_and_says_when_it_locked(owner: User) -> None:
    for _ in range(6):
        attempt(owner.email, "wrong")
    events = AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED).order_by("id")
    assert [event.detail.get("locked_out", False) for event in events] == [False] * 4 + [True] * 2
    assert {event.ip for event in events} == {HOSPITAL}


def test_acc_08_nothing_secret_stays_in_the_count(owner: User) -> None:
    attempt(owner.email, "not-my-password")
    kept = AccessAttempt.objects.get()
    assert "not-my-password" not in f"{kept.post_data}{kept.get_data}"
    assert kept.username == owner.email


def test_acc_08_many_addresses_do_not_help_a_guesser(owner: User, without_factor: None) -> None:
    for n in range(20):
        assert attempt(owner.email, "wrong", address=f"192.0.2.{n}").status_code == 200
    stopped = attempt(owner.email, "wrong", address="192.0.2.99")
    assert stopped.status_code == 429
    assert stopped["Retry-After"] == "900"
    assert ask_for_token(owner.email, "wrong", address="192.0.2.98").status_code == 429


def words_of(page: Any) -> str:
    """The page without what differs from one visit to the next."""
    return re.sub(r"csrfmiddlewaretoken.*?>|hx-headers='.*?'|\d\d:\d\d|\S+@example.org", "", page.content.decode())


def test_acc_09_the_lock_out_tells_nothing_of_who_exists(owner: User) -> None:
    answers = {}
    for email in (owner.email, "nobody@example.org"):
        pages = [attempt(email, "wrong") for _ in range(6)]
        answers[email] = [(page.status_code, words_of(page)) for page in pages]
    assert answers[owner.email] == answers["nobody@example.org"]


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that is hashed, which is where a sign-in's time goes."""
    seen: list[str] = []
    encode = MD5PasswordHasher.encode

    def watched(self: MD5PasswordHasher, password: str, salt: str) -> str:
        seen.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", watched)
    return seen


@pytest.mark.parametrize("way", [attempt, ask_for_token])
def test_acc_09_an_unknown_person_costs_as_much_as_a_known_one(
    way: Callable[[str, str], Any], owner: User, hashed: list[str]
) -> None:
    counts = {}
    for email in (owner.email, "nobody@example.org"):
        hashed.clear()
        way(email, "wrong")
        counts[email] = len(hashed)
    assert counts == {owner.email: 1, "nobody@example.org": 1}


def test_acc_09_asking_for_a_new_password_gets_one_answer_and_one_letter(owner: User) -> None:
    pages = {}
    for email in (owner.email, "nobody@example.org"):
        response = Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        pages[email] = (response.redirect_chain, response.status_code, words_of(response))
        assert mail.outbox[-1].to == [email]
    assert len(mail.outbox) == 2
    assert pages[owner.email] == pages["nobody@example.org"]
    assert "/password/reset/key/" not in mail.outbox[1].body


def test_acc_22_each_rate_limit_answers_429_and_when_to_come_back(owner: User) -> None:
    for n in range(5):
        form = {"email": owner.email}
        assert Client().post(reverse("account_reset_password"), form).status_code == 302, n
    limited = Client().post(reverse("account_reset_password"), {"email": owner.email})
    assert limited.status_code == 429
    assert limited["Retry-After"] == "60"
    assert "Try again in 1 minute" in limited.content.decode()


def test_acc_22_the_apis_sign_in_answers_429_and_when_to_come_back(owner: User) -> None:
    answers = [ask_for_token(f"somebody-{n}@example.org", "wrong") for n in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {401}
    assert answers[60].status_code == 429
    assert 1 <= int(answers[60]["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("count", "forwarded", "expected"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, "198.51.100.1:52044", "198.51.100.1"),
        (1, "[2001:db8::7]:443", "2001:db8::7"),
        (1, "2001:db8::7", "2001:db8::7"),
        (1, "not an address", "10.0.0.1"),
    ],
)
def test_acc_08_only_our_own_proxies_say_where_a_request_comes_from(
    count: int, forwarded: str, expected: str, settings: LazySettings
) -> None:
    settings.PROXY_COUNT = count
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers)
    assert client_address(request) == expected


def test_acc_08_behind_a_proxy_each_client_is_counted_and_recorded_alone(
    owner: User, settings: LazySettings, without_factor: None
) -> None:
    settings.PROXY_COUNT = 1

    def through_proxy(forged: str, real: str, password: str) -> int:
        form = {"login": owner.email, "password": password}
        headers = {"X-Forwarded-For": f"{forged}, {real}"}
        return Client().post(reverse("account_login"), form, REMOTE_ADDR="10.0.0.1", headers=headers).status_code

    assert [through_proxy(f"6.6.6.{n}", HOSPITAL, "wrong") for n in range(5)][-1] == 429
    assert through_proxy("6.6.6.66", HOSPITAL, PASSWORD) == 429
    assert through_proxy("6.6.6.66", HOME, PASSWORD) == 302
    assert AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED, ip=HOSPITAL).count() == 6
    assert AuditEvent.objects.get(action=Action.SIGN_IN).ip == HOME
