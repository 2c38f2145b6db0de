"""Sessions end by themselves: when, with what answer, and what makes them last (ACC-10)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action, AuditEvent, SignedInSession, User
from accounts.sign_in.expiry import time_left
from tests.cast import MakeUser, SignIn

pytestmark = pytest.mark.django_db

MINUTE = 60
HOUR = 3600
WRITE = re.compile(r'(UPDATE|INSERT INTO) "(accounts_signedinsession|django_session)"')
POLL = {"X-Lobule-Poll": "1"}
FETCH = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}


def pass_time(*, idle: float = 0, whole: float = 0) -> None:
    """As if every session had seen no act for so many seconds, or were so many older."""
    for session in SignedInSession.objects.all():
        session.last_active_at -= timedelta(seconds=idle)
        session.signed_in_at -= timedelta(seconds=max(whole, idle))
        session.save()


def idle_seconds() -> float:
    return (timezone.now() - SignedInSession.objects.get().last_active_at).total_seconds()


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


def test_acc_10_the_limits_are_fifteen_minutes_and_twelve_hours() -> None:
    assert (settings.SESSION_IDLE_SECONDS, settings.SESSION_ABSOLUTE_SECONDS) == (15 * MINUTE, 12 * HOUR)
    assert settings.SESSION_WARNING_SECONDS == 2 * MINUTE


def test_acc_10_a_page_after_fifteen_minutes_asks_to_sign_in_and_says_why(browser: Client) -> None:
    pass_time(idle=14 * MINUTE + 55)
    assert browser.get("/cases/").status_code == 200
    pass_time(idle=15 * MINUTE)
    answer = browser.get("/cases/?status=waiting")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/?next=%2Fcases%2F%3Fstatus%3Dwaiting&over=idle"
    assert answer.headers["Cache-Control"] == "no-store"
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "nothing had happened for 15 minutes" in page
    assert 'value="/cases/?status=waiting"' in page


def test_acc_10_twelve_hours_end_it_whatever_is_done(browser: Client) -> None:
    pass_time(whole=12 * HOUR - 5)
    assert browser.get("/cases/").status_code == 200
    pass_time(whole=12 * HOUR)
    answer = browser.get("/cases/")
    assert answer.headers["Location"].endswith("over=absolute")
    assert "lasts at most 12 hours" in browser.get(answer.headers["Location"]).content.decode()


def test_acc_10_the_end_is_recorded_and_leaves_nothing_to_replay(browser: Client, owner: User) -> None:
    cookie = browser.cookies["sessionid"].value
    pass_time(idle=15 * MINUTE)
    browser.get("/cases/")
    event = AuditEvent.objects.get(action=Action.END_SESSION)
    assert (event.actor, event.detail["reason"], event.detail["of"]) == (owner.email, "idle", str(owner.public_id))
    assert not SignedInSession.objects.exists()
    assert not Session.objects.filter(pk=cookie).exists()
    again = Client()
    again.cookies["sessionid"] = cookie
    assert again.get("/cases/").status_code == 302


@pytest.mark.parametrize("headers", [POLL, {"Sec-Fetch-Dest": "image"}])
def test_acc_10_polls_and_pictures_make_it_no_longer(browser: Client, headers: dict[str, str]) -> None:
    pass_time(idle=5 * MINUTE)
    assert browser.get("/cases/", headers=headers).status_code == 200
    assert idle_seconds() > 5 * MINUTE - 1
    assert browser.get("/cases/").status_code == 200
    assert idle_seconds() < 5


def test_acc_10_a_poll_is_refused_when_its_time_is_over(browser: Client) -> None:
    for _ in range(5):
        pass_time(idle=3 * MINUTE)
        answer = browser.get("/cases/", headers=POLL)
    assert answer.status_code == 401


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, FETCH, POLL])
def test_acc_10_pieces_of_pages_get_401_and_where_to_go(browser: Client, headers: dict[str, str]) -> None:
    pass_time(idle=15 * MINUTE)
    answer = browser.get("/cases/", headers={**headers, "Referer": "http://testserver/fna/new/?a=1#here"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Ffna%2Fnew%2F%3Fa%3D1&over=idle"
    assert answer.json()["code"] == "session_over"


@pytest.mark.parametrize(
    ("referer", "comes_back_to"), [("http://testserver/fna/new/", "%2Ffna%2Fnew%2F"), ("https://evil.example/x", "%2F")]
)
def test_acc_10_after_a_form_one_comes_back_to_its_page(browser: Client, referer: str, comes_back_to: str) -> None:
    pass_time(idle=15 * MINUTE)
    answer = browser.post(reverse("fna-import"), headers={"Referer": referer})
    assert answer.headers["Location"] == f"/accounts/login/?next={comes_back_to}&over=idle"


def test_acc_10_the_api_answers_with_a_problem(browser: Client) -> None:
    assert browser.get("/api/v1/cases/").status_code == 200
    pass_time(idle=15 * MINUTE)
    answer = browser.get("/api/v1/cases/")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_over")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Client().get("/api/v1/cases/").json()["code"] == "not_authenticated"


@pytest.mark.parametrize("path", ["/accounts/login/", "/api/v1/docs/", "/health/live/"])
def test_acc_10_what_is_open_to_everybody_stays_open(browser: Client, path: str) -> None:
    pass_time(idle=15 * MINUTE)
    assert browser.get(path).status_code == 200


def test_acc_10_signing_out_too_late_is_no_surprise(browser: Client) -> None:
    pass_time(idle=15 * MINUTE)
    assert "over=" not in browser.post("/accounts/logout/").headers["Location"]


def test_acc_10_a_session_from_before_the_rows_is_over(owner: User, browser: Client) -> None:
    SignedInSession.objects.all().delete()
    assert browser.get("/cases/").headers["Location"].endswith("over=ended")


def test_acc_10_somebody_elses_row_does_not_count(browser: Client, colleague: User) -> None:
    SignedInSession.objects.update(user=colleague)
    assert browser.get("/cases/").status_code == 302


def writes(browser: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path).status_code == 200
    return [query["sql"] for query in queries if WRITE.search(query["sql"])]


def test_acc_10_the_row_is_written_once_a_minute(browser: Client) -> None:
    assert writes(browser, "/models/") == []
    pass_time(idle=61)
    assert len(writes(browser, "/models/")) == 1
    assert writes(browser, "/models/") == []


def left(browser: Client, **headers: str) -> dict[str, Any]:
    answer: HttpResponse = browser.get(reverse("session-left"), headers=headers or POLL)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()  # type: ignore[attr-defined] # the test client's own
    return found


def test_acc_10_the_page_asks_how_long_and_makes_it_last(browser: Client, owner: User) -> None:
    pass_time(idle=14 * MINUTE)
    before = left(browser)
    assert 55 <= before["seconds_left"] <= 60
    assert (before["limit"], before["person"]) == ("idle", str(owner.public_id))
    assert left(browser)["seconds_left"] <= before["seconds_left"]
    assert browser.get(reverse("session-extend")).status_code == 405
    assert browser.post(reverse("session-extend")).json()["seconds_left"] >= 15 * MINUTE - 1
    pass_time(idle=15 * MINUTE)
    assert browser.post(reverse("session-extend"), headers=FETCH).status_code == 401


def test_acc_10_nothing_makes_the_last_minutes_longer(browser: Client) -> None:
    pass_time(whole=12 * HOUR - MINUTE)
    answer = browser.post(reverse("session-extend")).json()
    assert answer["limit"] == "absolute"
    assert answer["seconds_left"] <= MINUTE


def test_acc_10_asking_needs_the_header_of_a_poll(browser: Client) -> None:
    """Without it the question is an act like any other; the page's own script sends it (tests/e2e)."""
    pass_time(idle=2 * MINUTE)
    assert left(browser, Accept="*/*")["seconds_left"] > 14 * MINUTE


def test_acc_10_pages_carry_the_warning_for_those_who_are_signed_in(browser: Client) -> None:
    assert 'id="session-warning"' in browser.get("/cases/").content.decode()
    assert 'id="session-warning"' not in Client().get("/accounts/login/").content.decode()


def test_acc_10_the_time_left_is_the_shorter_of_both() -> None:
    now = timezone.now()
    session = SignedInSession(signed_in_at=now - timedelta(hours=11, minutes=50), last_active_at=now)
    assert (time_left(session, now=now).seconds, time_left(session, now=now).limit) == (10 * MINUTE, "absolute")
    session.signed_in_at = now
    assert (time_left(session, now=now).seconds, time_left(session, now=now).limit) == (15 * MINUTE, "idle")
    assert time_left(session, now=now + timedelta(hours=1)).seconds == 0


def test_acc_10_signing_in_again_clears_rows_whose_browsers_never_came_back(
    make_user: MakeUser, sign_in: SignIn
) -> None:
    first, second = make_user("first"), make_user("second")
    sign_in(first)
    pass_time(idle=16 * MINUTE)
    sign_in(second)
    assert [session.user for session in SignedInSession.objects.all()] == [second]
    event = AuditEvent.objects.get(action=Action.END_SESSION)
    assert (event.actor, event.detail["reason"], event.institution) == ("system", "expired", first.institution.name)
