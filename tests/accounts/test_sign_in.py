"""Signing in, and making the accounts to sign in with."""

import io

import pytest
from django.conf import LazySettings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Action, AuditEvent, Role, SingleSignOn, User
from tests.cast import PASSWORD, MakeUser

pytestmark = pytest.mark.django_db


def attempt(client: Client, email: str, password: str) -> tuple[int, str]:
    response = client.post(reverse("account_login"), {"login": email, "password": password})
    return response.status_code, "".join(line for line in response.content.decode().splitlines() if "error" in line)


@pytest.mark.parametrize("role", Role.values)
def test_each_role_begins_where_its_work_is(
    role: str, client: Client, make_user: MakeUser, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED = False  # what comes between is told elsewhere
    user = make_user("someone", role)
    response = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}, follow=True)
    assert response.status_code == 200
    assert response.redirect_chain[0][0] == reverse("home")
    assert user.full_name in response.content.decode()


def test_acc_09_known_and_unknown_people_get_the_same_answer(client: Client, owner: User) -> None:
    known = attempt(client, owner.email, "wrong")
    unknown = attempt(Client(), "nobody@example.org", "wrong")
    assert known[0] == unknown[0] == 200
    assert known[1].replace(owner.email, "") == unknown[1].replace("nobody@example.org", "")


def test_a_person_who_left_cannot_sign_in(client: Client, owner: User) -> None:
    User.objects.update(is_active=False)
    attempt(client, owner.email, PASSWORD)
    assert client.get(reverse("worklist")).status_code == 302


def test_the_page_offers_the_institutions_account_where_there_is_one(client: Client, owner: User) -> None:
    url = reverse("account_login") + "?next=/cases/"
    assert reverse("sso-choose") not in client.get(url).content.decode()
    SingleSignOn.objects.create(
        institution=owner.institution,
        issuer="https://login.example",
        client_id="lobule",
        is_enabled=True,
        changed_by=owner,
    )
    assert f'{reverse("sso-choose")}?next=/cases/"' in client.get(url).content.decode()


def test_nobody_signs_up(client: Client) -> None:
    form = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), form)
    assert not User.objects.exists()


def test_one_address_is_one_person_however_it_is_written(make_user: MakeUser) -> None:
    make_user("owner")
    with pytest.raises(IntegrityError), transaction.atomic():
        get_user_model().objects.filter().update_or_create(
            email="OWNER@example.org",
            defaults={"full_name": "Twin", "institution": User.objects.get().institution, "role": Role.ADMIN},
        )


def test_acc_11_the_session_key_changes_at_sign_in_and_sign_out_ends_it(client: Client, owner: User) -> None:
    client.get(reverse("account_login"))
    attempt(client, owner.email, PASSWORD)
    signed_in = client.cookies["sessionid"].value
    client.post(reverse("account_logout"))
    replay = Client()
    replay.cookies["sessionid"] = signed_in
    assert replay.get(reverse("worklist")).status_code == 302


def add(monkeypatch: pytest.MonkeyPatch, password: str, **changes: str) -> None:
    options = {"name": "Ada Lovelace", "institution": "New Hospital", "role": "admin", **changes}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("add_user", "ada@example.org", **options)


def test_add_user_makes_an_institutions_first_account(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    add(monkeypatch, "correct horse battery")
    user = User.objects.get()
    assert (user.institution.name, user.role) == ("New Hospital", Role.ADMIN)
    assert user.check_password("correct horse battery")
    assert AuditEvent.objects.get(action=Action.ADD_USER).object_id_text == str(user.public_id)


@pytest.mark.parametrize("password", ["short", "password1234", "ada@example.org"])
def test_add_user_refuses_a_weak_password(password: str, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    with pytest.raises(CommandError, match="password"):
        add(monkeypatch, password)
    assert not User.objects.exists()


def test_add_user_refuses_an_address_that_is_taken(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    add(monkeypatch, "correct horse battery")
    with pytest.raises(CommandError, match="already exists"):
        add(monkeypatch, "correct horse battery")
