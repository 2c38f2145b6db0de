"""API tokens: made by a form, shown once, kept as hashes, expiring, revocable (ACC-21)."""

import hashlib
import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.db.migrations import RunSQL
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.errors import DomainError
from accounts.models import Action, ApiToken, AuditEvent, Role, User
from accounts.sign_in.tokens import MOST_PER_PERSON, make_token
from tests.cast import MakeUser, SignIn

pytestmark = pytest.mark.django_db

ASKED = {"name": "laboratory system", "scopes": ["cases:read", "cases:write"], "hours": "12"}
CASES = "/api/v1/cases/"


def use(text: str, path: str = CASES) -> int:
    return Client().get(path, headers={"Authorization": f"Bearer {text}"}).status_code


def made(browser: Client, **changes: Any) -> str:
    page = browser.post(reverse("token-create"), {**ASKED, **changes})
    assert page.status_code == 200
    (text,) = re.findall(r">(lobule_[0-9a-f]{64})<", page.content.decode())
    return str(text)


def test_acc_21_a_token_is_shown_once_and_kept_as_a_hash(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    text = made(browser)
    assert use(text) == 200
    profile = browser.get(reverse("account-profile")).content.decode()
    assert "laboratory system" in profile
    assert text not in profile
    stored = ApiToken.objects.get()
    assert stored.digest == hashlib.sha512(text.encode()).hexdigest()
    assert text not in repr([stored.__dict__, *AuditEvent.objects.values_list("detail", "object_id_text")])
    assert (stored.scopes, stored.is_verified) == (["cases:read", "cases:write"], True)


def test_acc_21_its_making_is_recorded_with_what_it_may_do(owner: User, sign_in: SignIn) -> None:
    made(sign_in(owner))
    event = AuditEvent.objects.get(action=Action.MAKE_TOKEN)
    assert (event.actor, event.object_id_text) == (owner.email, str(ApiToken.objects.get().public_id))
    assert event.detail["scopes"] == ["cases:read", "cases:write"]


@pytest.mark.parametrize(("hours", "lifetime"), [("1", timedelta(hours=1)), ("2160", timedelta(days=90))])
def test_acc_21_it_works_for_as_long_as_was_chosen(
    hours: str, lifetime: timedelta, owner: User, sign_in: SignIn
) -> None:
    text = made(sign_in(owner), hours=hours)
    token = ApiToken.objects.get()
    assert token.expiry is not None
    assert abs(token.expiry - timezone.now() - lifetime) < timedelta(minutes=1)
    ApiToken.objects.update(expiry=timezone.now() + timedelta(seconds=30))
    assert use(text) == 200
    ApiToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    assert use(text) == 401


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Say what will use the token."),
        ({"scopes": []}, "Choose at least one thing that it may do."),
        ({"scopes": ["models:write", "everything"]}, "everything is not one of the available choices"),
        ({"hours": "100000"}, "100000 is not one of the available choices"),
        ({"hours": "0"}, "0 is not one of the available choices"),
    ],
)
def test_acc_21_the_form_says_what_is_wrong(changes: dict[str, Any], words: str, owner: User, sign_in: SignIn) -> None:
    page = sign_in(owner).post(reverse("token-create"), {**ASKED, **changes})
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not ApiToken.objects.exists()


def test_acc_21_only_what_the_role_may_do_is_offered(make_user: MakeUser, sign_in: SignIn) -> None:
    browser = sign_in(make_user("auditor", Role.AUDITOR))
    page = browser.get(reverse("token-create")).content.decode()
    assert "models:read" in page
    assert "cases:read" not in page
    assert browser.post(reverse("token-create"), ASKED).status_code == 422


@pytest.mark.parametrize(
    ("scopes", "lifetime", "code"),
    [
        ([], timedelta(hours=1), "bad_scope"),
        (["cases:read", "root"], timedelta(hours=1), "bad_scope"),
        (["cases:read"], timedelta(minutes=59), "bad_lifetime"),
        (["cases:read"], timedelta(days=90, seconds=1), "bad_lifetime"),
    ],
)
def test_acc_21_the_service_holds_the_bounds_itself(
    scopes: list[str], lifetime: timedelta, code: str, owner: User
) -> None:
    with pytest.raises(DomainError) as refused:
        make_token(user=owner, name="x", scopes=scopes, lifetime=lifetime, is_verified=True)
    assert refused.value.code == code


def test_acc_21_a_person_has_a_limited_number(owner: User) -> None:
    for _ in range(MOST_PER_PERSON):
        make_token(user=owner, name="x", scopes=["cases:read"], is_verified=True)
    with pytest.raises(DomainError, match="Revoke one first"):
        make_token(user=owner, name="x", scopes=["cases:read"], is_verified=True)
    ApiToken.objects.update(expiry=timezone.now())
    make_token(user=owner, name="x", scopes=["cases:read"], is_verified=True)


def test_acc_21_making_one_needs_a_fresh_sign_in(owner: User, sign_in: SignIn) -> None:
    answer = sign_in(owner, minutes_ago=10).post(reverse("token-create"), ASKED)
    assert answer.status_code == 302
    assert not ApiToken.objects.exists()


def test_acc_21_only_its_person_revokes_it(owner: User, colleague: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    text = made(browser)
    url = reverse("token-revoke", args=[ApiToken.objects.get().public_id])
    assert sign_in(colleague).post(url).status_code == 404
    assert use(text) == 200
    assert browser.post(url).status_code == 302
    assert use(text) == 401
    event = AuditEvent.objects.get(action=Action.REVOKE_TOKEN)
    assert (event.actor, event.detail["reason"]) == (owner.email, "revoked")


def test_acc_21_its_last_use_is_noted_once_a_minute(owner: User, django_assert_num_queries: Any) -> None:
    _, text = make_token(user=owner, name="x", scopes=["models:read"], is_verified=True)
    assert ApiToken.objects.get().last_used_at is None
    assert use(text, "/api/v1/models/") == 200
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    use(text, "/api/v1/models/")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    use(text, "/api/v1/models/")
    assert ApiToken.objects.get().last_used_at > first  # type: ignore[operator]


def test_acc_21_signing_in_by_the_api_gives_what_is_asked_for(owner: User, settings: Any) -> None:
    settings.MFA_REQUIRED = False
    asked = {"email": owner.email, "password": "a long pass phrase"}
    url = reverse("api-token")
    usual = Client().post(url, asked, content_type="application/json").json()
    assert "cases:write" in usual["scopes"]
    assert ApiToken.objects.get().expiry - timezone.now() < timedelta(hours=12)  # type: ignore[operator]
    narrow = Client().post(
        url, {**asked, "scopes": ["jobs:read"], "hours": 1, "name": "watcher"}, content_type="application/json"
    )
    assert narrow.json()["scopes"] == ["jobs:read"]
    assert use(narrow.json()["token"], "/api/v1/jobs/") == 200
    assert use(narrow.json()["token"]) == 403
    for wrong in ({"hours": 2161}, {"scopes": ["root"]}):
        answer = Client().post(url, {**asked, **wrong}, content_type="application/json")
        assert answer.status_code == 400


def test_acc_21_a_wrong_token_opens_nothing(owner: User) -> None:
    _, text = make_token(user=owner, name="x", scopes=["cases:read"], is_verified=True)
    assert use(text[:-1] + ("0" if text[-1] != "0" else "1")) == 401
    assert use(ApiToken.objects.get().digest) == 401
    assert use("") == 401


def test_acc_21_tokens_of_before_go_with_their_table_where_there_is_one() -> None:
    """They had no scopes. A database made since never had the table."""
    migration = import_module("accounts.migrations.0005_sessions_and_tokens").Migration
    (drop,) = [operation for operation in migration.operations if isinstance(operation, RunSQL)]
    assert "knox_authtoken" not in connection.introspection.table_names()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE knox_authtoken (digest varchar(128) PRIMARY KEY)")
        for _ in range(2):
            cursor.execute(drop.sql)
    assert "knox_authtoken" not in connection.introspection.table_names()
    assert "accounts_apitoken" in connection.introspection.table_names()
