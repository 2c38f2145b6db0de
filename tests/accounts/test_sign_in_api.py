"""A program signs in with password and code."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import Action, ApiToken, AuditEvent, User
from tests.cast import PASSWORD
from tests.one_time_codes import code_of

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Codes and rates of one test do not count in the next."""
    cache.clear()
    yield
    cache.clear()


def ask(user: User, **body: Any) -> Any:
    sent = {"email": user.email, "password": PASSWORD, **body}
    return Client().post(reverse("api-token"), sent, "application/json")


def test_acc_04_a_password_alone_makes_no_token(owner: User) -> None:
    answer = ask(owner)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_missing")
    TOTP.activate(owner, SECRET)
    answer = ask(owner)
    assert (answer.status_code, answer.json()["code"]) == (401, "second_factor_required")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not ApiToken.objects.exists()


def test_acc_04_password_and_code_make_a_token_that_opens_the_api(owner: User) -> None:
    TOTP.activate(owner, SECRET)
    answer = ask(owner, code=code_of(SECRET))
    assert answer.status_code == 201
    assert ApiToken.objects.get().is_verified
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert Client().get(reverse("api-case-list"), headers=bearer).status_code == 200
    made = AuditEvent.objects.get(action=Action.MAKE_TOKEN)
    assert (made.actor, made.institution) == (owner.email, owner.institution.name)


def test_acc_05_a_code_makes_one_token(owner: User) -> None:
    TOTP.activate(owner, SECRET)
    code = code_of(SECRET)
    assert ask(owner, code=code).status_code == 201
    again = ask(owner, code=code)
    assert (again.status_code, again.json()["code"]) == (401, "second_factor_failed")
    assert AuditEvent.objects.filter(action=Action.SECOND_FACTOR_FAILED).count() == 1


def test_a_recovery_code_will_do_once(owner: User) -> None:
    Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Phone", "credential": {}})
    code = RecoveryCodes.activate(owner).generate_codes()[0]
    assert [ask(owner, code=code).status_code for _ in range(2)] == [201, 401]


def test_the_demo_asks_for_a_code_only_whom_has_one(owner: User, colleague: User, settings: LazySettings) -> None:
    settings.MFA_REQUIRED = False
    TOTP.activate(owner, SECRET)
    assert ask(owner).json()["code"] == "second_factor_required"
    assert ask(colleague).status_code == 201


def test_a_person_who_left_gets_the_answer_of_a_wrong_password(owner: User) -> None:
    wrong = ask(owner, password="wrong")
    User.objects.update(is_active=False)
    left = ask(owner)
    assert (left.status_code, left.json()) == (wrong.status_code, wrong.json())
