"""Second factors: nobody goes on without one, codes count once, secrets are unreadable at rest."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, InvalidToken
from django.conf import LazySettings
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Action, AuditEvent, User
from accounts.sign_in import encryption
from diagnosis.models import Case, FnaBatch
from tests.cast import PASSWORD, SignIn
from tests.one_time_codes import code_of

pytestmark = pytest.mark.django_db

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Codes that counted in one test do not count as used in the next."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def app_of_owner(owner: User) -> str:
    """The owner has an authenticator app with this secret, and recovery codes."""
    TOTP.activate(owner, SECRET)
    RecoveryCodes.activate(owner)
    return SECRET


def give_password(client: Client, user: User, password: str = PASSWORD) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": password})


def give_code(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code})


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("action", flat=True))


def test_acc_04_a_password_alone_leads_to_setting_up_a_second_factor(client: Client, owner: User) -> None:
    assert give_password(client, owner).headers["Location"] == reverse("home")
    response = client.get(reverse("worklist"))
    assert response.headers["Location"] == reverse("mfa_index")
    page = client.get(reverse("mfa_index")).content.decode()
    assert reverse("mfa_activate_totp") in page
    assert reverse("mfa_add_webauthn") in page


def test_acc_04_a_session_without_one_gets_nothing_from_the_api(
    owner: User, sign_in: SignIn, scored_batch: FnaBatch
) -> None:
    case = Case.objects.get(reference="S-1")
    for url in (reverse("api-case-list"), reverse("api-case-detail", args=[case.public_id])):
        response = sign_in(owner, second_factor=False).get(url)
        assert response.status_code == 403
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "second_factor_missing"
        assert b"S-1" not in response.content


def test_acc_04_a_session_from_before_the_factor_must_show_it(owner: User, sign_in: SignIn, app_of_owner: str) -> None:
    browser = sign_in(owner, second_factor=False)
    response = browser.get(reverse("worklist"))
    assert response.headers["Location"] == f"{reverse('mfa_reauthenticate')}?next=%2Fcases%2F"
    assert browser.get(reverse("api-case-list")).json()["code"] == "second_factor_required"
    # A thief with the password must not add a factor of their own, or take away the person's.
    for name in ("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "mfa_deactivate_totp", "account_reauthenticate"):
        assert browser.get(reverse(name)).status_code == 302, name
    shown = browser.post(response.headers["Location"], {"code": code_of(app_of_owner), "next": reverse("worklist")})
    assert shown.headers["Location"] == reverse("worklist")
    assert browser.get(reverse("worklist")).status_code == 200


def test_acc_04_the_demo_asks_only_those_who_have_one(
    owner: User, colleague: User, app_of_owner: str, settings: LazySettings, client: Client
) -> None:
    settings.MFA_REQUIRED = False
    give_password(client, colleague)
    assert client.get(reverse("worklist")).status_code == 200
    other = Client()
    assert give_password(other, owner).headers["Location"] == reverse("mfa_authenticate")
    assert other.get(reverse("worklist")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_setting_up_an_app_opens_the_site_and_is_recorded_and_told(client: Client, owner: User) -> None:
    give_password(client, owner)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    (secret,) = re.findall(r'id="authenticator_secret">([A-Z2-7 ]+)<', page)
    assert "data:image/svg+xml;base64," in page
    response = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert response.headers["Location"] == reverse("mfa_view_recovery_codes")
    assert client.get(reverse("worklist")).status_code == 200
    added = AuditEvent.objects.get(action=Action.ADD_SECOND_FACTOR)
    assert (added.actor, added.detail) == (owner.email, {"kind": "totp"})
    assert AuditEvent.objects.filter(action=Action.MAKE_RECOVERY_CODES).count() == 1
    (letter,) = mail.outbox
    assert letter.to == [owner.email]
    assert letter.subject == "[Lobule] An authenticator app was added"


def test_a_wrong_code_sets_nothing_up(client: Client, owner: User) -> None:
    give_password(client, owner)
    client.get(reverse("mfa_activate_totp"))
    assert "not correct" in client.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_signing_in_with_app_accepts_the_neighbouring_codes(
    steps: int, client: Client, owner: User, app_of_owner: str
) -> None:
    assert give_password(client, owner).headers["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("worklist")).status_code == 302
    give_code(client, code_of(app_of_owner, steps=steps))
    assert client.get(reverse("worklist")).status_code == 200
    signed_in = AuditEvent.objects.get(action=Action.SIGN_IN)
    assert signed_in.detail == {"by": ["password", "totp"]}


@pytest.mark.parametrize("steps", [-3, 3])
def test_an_old_or_future_code_is_refused_and_recorded_once(
    steps: int, client: Client, owner: User, app_of_owner: str
) -> None:
    give_password(client, owner)
    response = give_code(client, code_of(app_of_owner, steps=steps))
    assert "not correct" in response.content.decode()
    failed = AuditEvent.objects.get(action=Action.SECOND_FACTOR_FAILED)
    assert (failed.actor, failed.outcome) == (owner.email, "failure")
    assert Action.SIGN_IN not in actions()


def test_acc_05_a_code_counts_once_also_when_it_stays_good_for_longer(
    client: Client, owner: User, app_of_owner: str
) -> None:
    code = code_of(app_of_owner, steps=1)
    give_password(client, owner)
    give_code(client, code)
    assert client.get(reverse("worklist")).status_code == 200
    # allauth itself remembers a code for 30 seconds only; this one is good for 30 to 60 more.
    for key in list(cache._cache):  # type: ignore[attr-defined]
        if "allauth.mfa.totp.used" in key:
            del cache._cache[key]  # type: ignore[attr-defined]
    thief = Client()
    give_password(thief, owner)
    assert "not correct" in give_code(thief, f" {code[:3]}-{code[3:]} ").content.decode()
    assert thief.get(reverse("worklist")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_acc_05_the_code_that_set_the_app_up_signs_nobody_in(client: Client, owner: User) -> None:
    give_password(client, owner)
    page = client.get(reverse("mfa_activate_totp")).content.decode()
    (secret,) = re.findall(r'id="authenticator_secret">([A-Z2-7 ]+)<', page)
    code = code_of(secret)
    client.post(reverse("mfa_activate_totp"), {"code": code})
    other = Client()
    give_password(other, owner)
    assert "not correct" in give_code(other, code).content.decode()


def test_acc_06_nothing_of_a_secret_stands_in_the_database(owner: User, app_of_owner: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CAST(data AS TEXT) FROM mfa_authenticator ORDER BY type")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert app_of_owner not in stored
    recovery = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES)
    seed = encryption.decrypt(recovery.data["seed"])
    assert len(seed) == 80
    assert seed not in stored
    assert encryption.decrypt(Authenticator.objects.get(type="totp").data["secret"]) == app_of_owner


def test_acc_06_nor_in_the_session_while_an_app_is_being_set_up(client: Client, owner: User) -> None:
    give_password(client, owner)
    for _ in range(2):
        page = client.get(reverse("mfa_activate_totp")).content.decode()
        page += client.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
        shown = re.findall(r'id="authenticator_secret">([A-Z2-7 ]+)<', page)
        assert len(shown) == 2
        assert shown[0] == shown[1]
        kept = client.session["mfa.totp.secret"]
        assert shown[0].replace(" ", "") not in str(dict(client.session))
        assert encryption.decrypt(kept) == shown[0].replace(" ", "")


def test_acc_06_the_key_can_be_changed_and_without_it_nothing_is_readable(settings: LazySettings) -> None:
    old = settings.MFA_ENCRYPTION_KEY
    kept = encryption.encrypt("secret")
    settings.MFA_ENCRYPTION_KEY = Fernet.generate_key().decode()
    with pytest.raises(InvalidToken):
        encryption.decrypt(kept)
    settings.MFA_FORMER_ENCRYPTION_KEYS = [old]
    assert encryption.decrypt(kept) == "secret"
    anew = encryption.encrypt_anew(kept)
    settings.MFA_FORMER_ENCRYPTION_KEYS = []
    assert encryption.decrypt(anew) == "secret"


def test_acc_06_a_command_encrypts_everything_with_the_new_key(
    owner: User, client: Client, app_of_owner: str, settings: LazySettings
) -> None:
    settings.MFA_FORMER_ENCRYPTION_KEYS = [settings.MFA_ENCRYPTION_KEY]
    settings.MFA_ENCRYPTION_KEY = Fernet.generate_key().decode()
    call_command("encrypt_second_factors_anew")
    settings.MFA_FORMER_ENCRYPTION_KEYS = []
    give_password(client, owner)
    give_code(client, code_of(app_of_owner))
    assert client.get(reverse("worklist")).status_code == 200
    settings.MFA_ENCRYPTION_KEY = Fernet.generate_key().decode()
    with pytest.raises(CommandError, match="MFA_FORMER_ENCRYPTION_KEYS"):
        call_command("encrypt_second_factors_anew")


def test_recovery_codes_are_shown_once_and_each_counts_once(
    client: Client, owner: User, sign_in: SignIn, app_of_owner: str
) -> None:
    browser = sign_in(owner)
    page = browser.get(reverse("mfa_view_recovery_codes")).content.decode()
    codes = re.findall(r"<code>(\d{4} \d{4})</code>", page)
    assert len(codes) == 10
    assert "data:text/plain" in page
    assert codes[0] not in browser.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert browser.get(reverse("mfa_download_recovery_codes")).status_code == 403
    for expected in (200, 302):
        client = Client()
        give_password(client, owner)
        give_code(client, codes[0])
        assert client.get(reverse("worklist")).status_code == expected
    assert "<strong>9</strong> of 10" in browser.get(reverse("mfa_index")).content.decode()


def test_the_last_factor_stays_where_one_is_required(owner: User, sign_in: SignIn, app_of_owner: str) -> None:
    browser = sign_in(owner)
    page = browser.get(reverse("mfa_deactivate_totp")).content.decode()
    assert "your only second factor" in page
    browser.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(type="totp").exists()


def test_a_factor_beside_another_goes_with_an_event_and_a_letter(
    owner: User, sign_in: SignIn, app_of_owner: str
) -> None:
    passkey = Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Phone", "credential": {}})
    browser = sign_in(owner)
    browser.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(type="totp").exists()
    assert AuditEvent.objects.get(action=Action.REMOVE_SECOND_FACTOR).detail == {"kind": "totp"}
    assert mail.outbox[-1].subject == "[Lobule] Your authenticator app was removed"
    assert browser.post(reverse("mfa_remove_webauthn", args=[passkey.pk])).status_code == 403
    assert Authenticator.objects.filter(pk=passkey.pk).exists()


def test_acc_14_factors_are_changed_only_after_a_fresh_sign_in(owner: User, sign_in: SignIn, app_of_owner: str) -> None:
    browser = sign_in(owner, minutes_ago=6)
    for name in ("mfa_add_webauthn", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"):
        response = browser.get(reverse(name))
        assert (
            response.headers["Location"] == f"{reverse('account_reauthenticate')}?next={quote_plus(reverse(name))}"
        ), name
    answer = browser.post(response.headers["Location"], {"password": PASSWORD, "next": reverse("mfa_add_webauthn")})
    assert answer.headers["Location"] == reverse("mfa_add_webauthn")
    assert browser.get(reverse("mfa_add_webauthn")).status_code == 200
    assert AuditEvent.objects.get(action=Action.CONFIRM_IDENTITY).detail == {"kind": "password"}


def test_acc_07_a_new_password_does_not_open_the_site(client: Client, owner: User, app_of_owner: str) -> None:
    client.post(reverse("account_reset_password"), {"email": owner.email})
    (link,) = re.findall(r"http://testserver(/\S+)", mail.outbox[-1].body)
    form = client.get(link, follow=True)
    new = "seven green bicycles"
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert client.get(reverse("worklist")).headers["Location"].startswith(reverse("account_login"))
    assert give_password(client, owner, new).headers["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("worklist")).status_code == 302
    changed = AuditEvent.objects.get(action=Action.CHANGE_PASSWORD)
    assert (changed.actor, changed.detail) == (owner.email, {"kind": "reset"})


def test_acc_11_a_thief_of_the_first_step_has_nothing_after_the_second(
    client: Client, owner: User, app_of_owner: str
) -> None:
    give_password(client, owner)
    between = client.cookies["sessionid"].value
    give_code(client, code_of(app_of_owner))
    assert client.cookies["sessionid"].value != between
    thief = Client()
    thief.cookies["sessionid"] = between
    assert thief.get(reverse("worklist")).status_code == 302
