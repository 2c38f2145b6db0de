"""Where people are signed in: the lists, and ending it everywhere at once (ACC-12, ACC-13)."""

import uuid
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action, ApiToken, AuditEvent, Role, SignedInSession, User
from accounts.sign_in.sessions import end_all_of
from accounts.sign_in.sessions_device import in_words
from accounts.sign_in.tokens import make_token
from diagnosis.models import FnaBatch
from tests.cast import AWAY, PASSWORD, MakeUser, SignIn

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0"
ENGINES = ["db", "cache", "cached_db"]


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("boss", Role.ADMIN)


def bearer(user: User) -> dict[str, str]:
    _, text = make_token(user=user, name="test", scopes=["cases:read"], is_verified=True)
    return {"Authorization": f"Bearer {text}"}


def reasons() -> list[str]:
    return [event.detail["reason"] for event in AuditEvent.objects.filter(action=Action.END_SESSION)]


@pytest.mark.parametrize("engine", ENGINES)
def test_acc_12_disabling_a_person_ends_their_sessions_tokens_and_polls_at_once(
    engine: str, owner: User, sign_in: SignIn, scored_batch: FnaBatch, settings: LazySettings
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    browser, token = sign_in(owner), bearer(owner)
    poll = reverse("job-status", args=[scored_batch.job.public_id])
    polling = {"X-Lobule-Poll": "1", "HX-Request": "true"}
    assert browser.get("/cases/").status_code == 200
    assert browser.get(poll, headers=polling).status_code == 286
    assert Client().get("/api/v1/cases/", headers=token).status_code == 200

    owner.is_active = False
    owner.save()
    assert end_all_of(owner) == 2

    # At once is well within the sixty seconds: the very next request of each is refused.
    assert browser.get("/cases/").status_code == 302
    assert browser.get(poll, headers=polling).status_code in {302, 401}
    assert browser.get("/api/v1/cases/").status_code == 401
    assert Client().get("/api/v1/cases/", headers=token).status_code == 401


@pytest.mark.parametrize("engine", ENGINES)
def test_acc_12_a_person_who_is_let_in_again_has_to_sign_in_again(
    engine: str, owner: User, sign_in: SignIn, settings: LazySettings
) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    browser, token = sign_in(owner), bearer(owner)
    end_all_of(owner)
    assert get_user_model().objects.get(pk=owner.pk).is_active
    assert browser.get("/cases/").status_code == 302
    assert Client().get("/api/v1/cases/", headers=token).status_code == 401
    assert sign_in(owner).get("/cases/").status_code == 200


@pytest.mark.parametrize("engine", ENGINES)
def test_acc_12_a_session_that_a_cache_has_brought_back_is_over_all_the_same(
    engine: str, owner: User, sign_in: SignIn, settings: LazySettings
) -> None:
    """Another request may have put it back into the cache between the deletion and the commit."""
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    browser = sign_in(owner)
    kept = dict(browser.session)
    end_all_of(owner)
    revived = browser.session
    revived.update(kept)
    revived.save(must_create=True)
    browser.cookies["sessionid"] = revived.session_key
    assert revived["_auth_user_id"] == str(owner.pk)
    assert browser.get("/cases/").headers["Location"].endswith("over=ended")


def test_acc_12_ending_everything_touches_nobody_else(owner: User, colleague: User, sign_in: SignIn) -> None:
    other, token = sign_in(colleague), bearer(colleague)
    sign_in(owner)
    end_all_of(owner)
    assert other.get("/cases/").status_code == 200
    assert Client().get("/api/v1/cases/", headers=token).status_code == 200


def test_acc_12_each_ending_is_recorded(owner: User, sign_in: SignIn) -> None:
    sign_in(owner)
    sign_in(owner)
    bearer(owner)
    token = ApiToken.objects.get()
    assert end_all_of(owner, reason="role-changed") == 3
    assert reasons() == ["role-changed"] * 2
    event = AuditEvent.objects.get(action=Action.REVOKE_TOKEN)
    assert (event.object_id_text, event.detail) == (
        str(token.public_id),
        {"of": str(owner.public_id), "reason": "role-changed"},
    )
    assert not Session.objects.exists()


def test_acc_12_a_new_password_ends_everything_but_this_session(owner: User, sign_in: SignIn) -> None:
    here, there, token = sign_in(owner), sign_in(owner), bearer(owner)
    new = {"oldpassword": PASSWORD, "password1": "quite another phrase", "password2": "quite another phrase"}
    assert here.post(reverse("account_change_password"), new).status_code == 302
    assert here.get("/cases/").status_code == 200
    assert there.get("/cases/").status_code == 302
    assert Client().get("/api/v1/cases/", headers=token).status_code == 401
    assert reasons() == ["password-changed"]


def test_acc_10_pages_that_set_up_a_second_factor_may_ask_as_well(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner, second_factor=False)
    assert browser.get("/cases/").status_code == 302
    assert browser.get(reverse("session-left")).status_code == 200
    assert browser.post(reverse("session-extend")).status_code == 200


def test_acc_13_a_person_sees_where_they_are_signed_in(owner: User, colleague: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    sign_in(owner)
    sign_in(colleague)
    SignedInSession.objects.filter(user=colleague).update(ip="203.0.113.9")
    first = SignedInSession.objects.filter(user=owner).order_by("id")[0]
    SignedInSession.objects.filter(pk=first.pk).update(ip="198.51.100.7", user_agent=FIREFOX)
    page = browser.get(reverse("session-list")).content.decode()
    assert "Firefox on Windows" in page
    assert "198.51.100.7" in page
    assert page.count("This one") == 1
    assert "203.0.113.9" not in page
    assert page.count("/end/") == 2


def test_acc_13_no_page_shows_a_sessions_key(owner: User, admin: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    keys = [browser.cookies["sessionid"].value]
    pages = [browser.get(reverse(name)).content.decode() for name in ("session-list", "account-profile")]
    pages.append(sign_in(admin).get(reverse("person-sessions", args=[owner.public_id])).content.decode())
    assert all(key not in page for key in keys for page in pages)
    assert str(SignedInSession.objects.get(user=owner).public_id) in pages[0]


def test_acc_13_a_person_ends_one_of_their_sessions(owner: User, sign_in: SignIn) -> None:
    here, there = sign_in(owner), sign_in(owner)
    other = SignedInSession.objects.get(session_key=there.cookies["sessionid"].value)
    answer = here.post(reverse("session-end", args=[other.public_id]))
    assert answer.headers["Location"] == reverse("session-list")
    assert there.get("/cases/").status_code == 302
    assert here.get("/cases/").status_code == 200
    assert reasons() == ["ended-by-its-person"]


def test_acc_13_a_person_ends_all_but_this_one(owner: User, sign_in: SignIn) -> None:
    here, others = sign_in(owner), [sign_in(owner), sign_in(owner)]
    here.post(reverse("session-end-others"))
    assert here.get("/cases/").status_code == 200
    assert [browser.get("/cases/").status_code for browser in others] == [302, 302]
    assert "You are signed in nowhere else" in here.get(reverse("session-list")).content.decode()


def test_acc_13_ending_this_one_is_signing_out(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    answer = browser.post(reverse("session-end", args=[SignedInSession.objects.get().public_id]))
    assert answer.headers["Location"] == reverse("account_login")
    assert browser.get("/cases/").status_code == 302
    assert not SignedInSession.objects.exists()
    assert AuditEvent.objects.filter(action=Action.SIGN_OUT).count() == 1


def test_acc_13_somebody_elses_session_does_not_exist(
    owner: User, colleague: User, outsider: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    browser = sign_in(owner)
    away_admin = make_user("away", Role.ADMIN, AWAY)
    url = reverse("session-end", args=[SignedInSession.objects.get().public_id])
    for stranger in (colleague, outsider, away_admin):
        assert sign_in(stranger).post(url).status_code == 404
    assert browser.get("/cases/").status_code == 200
    assert sign_in(owner).post(reverse("session-end", args=[uuid.uuid4()])).status_code == 404


def test_acc_13_an_administrator_sees_and_ends_those_of_the_institutions_people(
    owner: User, outsider: User, admin: User, sign_in: SignIn
) -> None:
    first, second, boss = sign_in(owner), sign_in(owner), sign_in(admin)
    token = bearer(owner)
    page_url = reverse("person-sessions", args=[owner.public_id])
    assert boss.get(page_url).content.decode().count("Chrome on") == 0
    one = SignedInSession.objects.get(session_key=first.cookies["sessionid"].value)
    assert boss.post(reverse("session-end", args=[one.public_id])).headers["Location"] == page_url
    assert first.get("/cases/").status_code == 302
    assert second.get("/cases/").status_code == 200
    boss.post(reverse("person-sessions-end", args=[owner.public_id]))
    assert second.get("/cases/").status_code == 302
    assert Client().get("/api/v1/cases/", headers=token).status_code == 401
    assert reasons() == ["ended-by-administrator"] * 2
    assert boss.get(reverse("person-sessions", args=[outsider.public_id])).status_code == 404
    assert boss.post(reverse("person-sessions-end", args=[outsider.public_id])).status_code == 404


def test_acc_13_an_administrator_who_ends_their_own_stays_here(admin: User, sign_in: SignIn) -> None:
    here, there = sign_in(admin), sign_in(admin)
    here.post(reverse("person-sessions-end", args=[admin.public_id]))
    assert here.get("/models/").status_code == 200
    assert there.get("/models/").status_code == 302


def test_acc_13_sessions_whose_time_is_over_are_not_listed(owner: User, sign_in: SignIn) -> None:
    here, _ = sign_in(owner), sign_in(owner)
    old = SignedInSession.objects.order_by("-id")[0]
    SignedInSession.objects.filter(pk=old.pk).update(last_active_at=timezone.now() - timedelta(minutes=16))
    page = here.get(reverse("session-list")).content.decode()
    assert str(old.public_id) not in page


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 "
                "Safari/605.1.15"
            ),
            "Safari on a Mac",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 "
                "Safari/537.36 Edg/137.0.0.0"
            ),
            "Edge on Windows",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile "
                "Safari/537.36"
            ),
            "Chrome on Android",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                "CriOS/137.0.0.0 Mobile/15E148 Safari/604.1"
            ),
            "Chrome on an iPhone",
        ),
        ("curl/8.5.0", "An unknown browser on an unknown device"),
        ("", "An unknown browser on an unknown device"),
    ],
)
def test_acc_13_browsers_and_devices_are_said_in_words(user_agent: str, words: str) -> None:
    assert in_words(user_agent) == words
