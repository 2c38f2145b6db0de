"""A new address or password asks who is there, is told by letter, and is recorded once (ACC-14)."""

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Action, AuditEvent, User
from tests.cast import PASSWORD, SignIn

pytestmark = pytest.mark.django_db

NEW = "somebody.else@example.org"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Rates that one test has used up are fresh in the next."""
    cache.clear()
    yield
    cache.clear()


def ask_for(browser: Client, address: str) -> None:
    browser.post(reverse("account_email"), {"action_add": "1", "email": address})


def sent_code() -> str:
    (code,) = re.findall(r"asked for it: (\S+)", mail.outbox[-1].body)
    return code


def confirm(browser: Client, code: str) -> str:
    return browser.post(reverse("account_email_verification_sent"), {"action": "verify", "code": code}).content.decode()


def test_acc_14_the_page_for_the_address_opens_after_a_fresh_sign_in_only(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner, minutes_ago=6)
    url = reverse("account_email")
    assert browser.get(url).headers["Location"].startswith(reverse("account_reauthenticate"))
    ask_for(browser, NEW)
    assert not mail.outbox
    wrong = browser.post(reverse("account_reauthenticate"), {"password": "wrong", "next": url})
    assert "not your password" in wrong.content.decode()
    assert AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED, actor=owner.email).count() == 1
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": url})
    assert browser.get(url).status_code == 200


def test_acc_14_a_new_address_counts_once_its_code_is_typed_and_the_old_one_is_told(
    owner: User, sign_in: SignIn
) -> None:
    browser, old = sign_in(owner), owner.email
    ask_for(browser, NEW)
    assert mail.outbox[-1].to == [NEW]
    assert User.objects.get(pk=owner.pk).email == old
    assert "not correct" in confirm(browser, "BBBB-BBBB")
    assert User.objects.get(pk=owner.pk).email == old
    confirm(browser, sent_code())
    assert User.objects.get(pk=owner.pk).email == NEW
    told = mail.outbox[-1]
    assert (told.to, told.subject) == ([old], "[Lobule] Your e-mail address was changed")
    assert NEW in told.body
    changed = AuditEvent.objects.get(action=Action.CHANGE_EMAIL)
    assert changed.object_id_text == str(owner.public_id)
    for address, signs_in in ((old, False), (NEW, True)):
        response = Client().post(reverse("account_login"), {"login": address, "password": PASSWORD})
        assert (response.status_code == 302) is signs_in


def test_three_wrong_codes_end_the_change(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    ask_for(browser, NEW)
    code = sent_code()
    for _ in range(3):
        confirm(browser, "BBBB-BBBB")
    confirm(browser, code)
    assert User.objects.get(pk=owner.pk).email != NEW


def test_acc_09_an_address_that_is_taken_is_not_given_away(owner: User, colleague: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    ask_for(browser, colleague.email)
    page = browser.get(reverse("account_email_verification_sent"), follow=True).content.decode()
    assert "taken" not in page
    assert "exists" not in page
    for letter in mail.outbox:
        found = re.findall(r"asked for it: (\S+)", letter.body)
        if found:
            confirm(browser, found[0])
    assert User.objects.get(pk=owner.pk).email == "owner@example.org"


def test_acc_14_a_new_password_asks_for_the_old_one_ends_other_sessions_and_is_told(
    owner: User, sign_in: SignIn
) -> None:
    browser, elsewhere = sign_in(owner), sign_in(owner)
    new = "seven green bicycles"
    form = {"password1": new, "password2": new}
    refused = browser.post(reverse("account_change_password"), {**form, "oldpassword": "wrong"})
    assert "not your current password" in refused.content.decode()
    browser.post(reverse("account_change_password"), {**form, "oldpassword": PASSWORD})
    assert mail.outbox[-1].subject == "[Lobule] Your password was changed"
    assert "testserver" in mail.outbox[-1].body
    assert AuditEvent.objects.get(action=Action.CHANGE_PASSWORD).detail == {"kind": "changed"}
    assert browser.get(reverse("account-profile")).status_code == 200
    assert elsewhere.get(reverse("account-profile")).status_code == 302


def test_acc_22_guessing_the_current_password_is_limited(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    form = {"oldpassword": "wrong", "password1": "seven green bicycles", "password2": "seven green bicycles"}
    answers = [browser.post(reverse("account_change_password"), form) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1]["Retry-After"] == "60"


def test_a_mail_server_that_fails_takes_nothing_back(
    owner: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", refuse)
    new = "seven green bicycles"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert sign_in(owner).post(reverse("account_change_password"), form).status_code == 302
    owner.refresh_from_db()
    assert owner.check_password(new)
