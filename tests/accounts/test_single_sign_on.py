"""Signing in with the institution's own account (ACC-20), against providers that answer over real HTTP."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import Fernet
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Action, AuditEvent, Institution, Role, SingleSignOn, User
from accounts.sign_in.encryption import decrypt
from accounts.sso.configuration import configure
from accounts.sso.outbound import UnreachableAddress, require_allowed
from tests.cast import AWAY, MakeUser, SignIn
from tests.oidc_provider import Provider, new_key, running

pytestmark = pytest.mark.django_db

SECRET = "the-hospitals-secret"


@pytest.fixture(autouse=True)
def local_providers(settings: LazySettings) -> None:
    """The tests' providers answer on this machine, without TLS."""
    settings.SSO_ALLOW_LOCAL = True


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as found:
        yield found


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def service(admin: User, provider: Provider) -> SingleSignOn:
    """The hospital's service, which knows the owner."""
    provider.person = {"sub": "staff-17", "email": "owner@example.org", "email_verified": True}
    return configure(user=admin, issuer=provider.issuer, client_id="lobule", client_secret=SECRET, is_enabled=True)


def leave(client: Client, service: SingleSignOn) -> dict[str, list[str]]:
    """Begins a sign-in; what the service is asked."""
    away = client.get(reverse("sso-login", args=[service.provider_id]))
    assert away.status_code == 302, away.content
    return parse_qs(urlsplit(away["Location"]).query)


def come_back(client: Client, provider: Provider, query: dict[str, list[str]]) -> Any:
    """The service signs the person in and sends the browser back."""
    return client.get(provider.authorize(query).replace("http://testserver", ""))


def sign_in_at(client: Client, provider: Provider, service: SingleSignOn) -> Any:
    return come_back(client, provider, leave(client, service))


def who(client: Client) -> int | None:
    found = client.session.get("_auth_user_id")
    return int(found) if found else None


def test_acc_20_a_person_of_the_institution_signs_in(owner: User, provider: Provider, service: SingleSignOn) -> None:
    client = Client()

    answer = sign_in_at(client, provider, service)

    assert answer.status_code == 302
    assert who(client) == owner.pk
    linked = SocialAccount.objects.get()
    assert (linked.user, linked.provider, linked.uid) == (owner, service.provider_id, "staff-17")
    assert linked.extra_data == {"iss": provider.issuer}
    signed_in = AuditEvent.objects.get(action=Action.SIGN_IN)
    assert (signed_in.actor, signed_in.institution) == (owner.email, owner.institution.name)


def test_acc_20_what_is_asked_carries_state_nonce_and_a_code_challenge(
    provider: Provider, service: SingleSignOn
) -> None:
    first, second = (leave(Client(), service) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 16
        assert first[name] != second[name]


def test_acc_20_nothing_in_the_address_changes_what_is_asked(provider: Provider, service: SingleSignOn) -> None:
    address = reverse("sso-login", args=[service.provider_id])
    away = Client().get(address, {"auth_params": "nonce=chosen&redirect_uri=https://evil.example", "scope": "admin"})
    query = parse_qs(urlsplit(away["Location"]).query)
    assert "chosen" not in query["nonce"]
    assert query["redirect_uri"] == [f"http://testserver{reverse('sso-callback', args=[service.provider_id])}"]
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}


@pytest.mark.parametrize(
    ("claim", "lie"),
    [
        ("aud", "another-client"),
        ("aud", ["lobule", "another-client"]),
        ("aud", None),
        ("azp", "another-client"),
        ("iss", "https://another.example"),
        ("iss", None),
        ("nonce", "another-nonce"),
        ("nonce", None),
        ("exp", 1),
        ("exp", None),
        ("sub", None),
    ],
)
def test_acc_20_a_token_for_another_is_refused(
    owner: User, provider: Provider, service: SingleSignOn, claim: str, lie: Any
) -> None:
    client = Client()
    provider.lies = {claim: lie}

    answer = sign_in_at(client, provider, service)

    assert "gave no answer that this site can trust" in answer.content.decode()
    assert who(client) is None
    assert not SocialAccount.objects.exists()
    provider.lies = {}
    sign_in_at(client, provider, service)
    assert who(client) == owner.pk


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_acc_20_a_token_without_the_issuers_own_signature_is_refused(
    owner: User, provider: Provider, service: SingleSignOn, algorithm: str
) -> None:
    client = Client()
    provider.algorithm = algorithm
    assert "gave no answer" in sign_in_at(client, provider, service).content.decode()
    assert who(client) is None


def test_acc_20_a_token_signed_with_another_key_is_refused(
    owner: User, provider: Provider, service: SingleSignOn
) -> None:
    client = Client()
    provider.signing_key = new_key()
    assert "gave no answer" in sign_in_at(client, provider, service).content.decode()
    assert who(client) is None


def test_acc_20_an_answer_to_another_browsers_sign_in_is_refused(
    owner: User, provider: Provider, service: SingleSignOn
) -> None:
    attacker, victim = Client(), Client()
    answer = come_back(victim, provider, leave(attacker, service))
    assert "gave no answer" in answer.content.decode()
    assert who(victim) is None


def test_acc_20_an_answer_counts_once(owner: User, provider: Provider, service: SingleSignOn) -> None:
    client = Client()
    address = provider.authorize(leave(client, service)).replace("http://testserver", "")
    client.get(address)
    client.logout()
    assert "gave no answer" in client.get(address).content.decode()
    assert who(client) is None


def test_acc_20_user_info_about_somebody_else_is_refused(
    owner: User, provider: Provider, service: SingleSignOn
) -> None:
    client = Client()
    provider.lies = {"email": None, "email_verified": None}
    provider.user_info = {"sub": "staff-18", "email": owner.email, "email_verified": True}
    assert "gave no answer" in sign_in_at(client, provider, service).content.decode()
    assert who(client) is None
    provider.user_info["sub"] = "staff-17"
    sign_in_at(client, provider, service)
    assert who(client) == owner.pk


def test_acc_20_the_key_is_issuer_and_subject_not_the_address(
    owner: User, colleague: User, provider: Provider, service: SingleSignOn
) -> None:
    sign_in_at(Client(), provider, service)
    provider.person["email"] = colleague.email
    client = Client()
    sign_in_at(client, provider, service)
    assert who(client) == owner.pk

    provider.person = {"sub": "staff-99", "email": owner.email, "email_verified": True}
    newcomer = Client()
    answer = sign_in_at(newcomer, provider, service)
    assert answer.status_code == 403
    assert who(newcomer) is None


def test_acc_20_with_another_issuer_nobodys_link_still_fits(
    owner: User, admin: User, provider: Provider, service: SingleSignOn
) -> None:
    sign_in_at(Client(), provider, service)
    with running() as other:
        other.person = {"sub": "staff-17", "email": "somebody.else@example.org", "email_verified": True}
        moved = configure(user=admin, issuer=other.issuer, client_id="lobule", client_secret="x", is_enabled=True)
        client = Client()
        assert sign_in_at(client, other, moved).status_code == 403
        assert who(client) is None


@pytest.mark.parametrize("verified", [False, "true", None])
def test_an_address_that_the_service_does_not_vouch_for_leads_to_nobody(
    owner: User, provider: Provider, service: SingleSignOn, verified: Any
) -> None:
    client = Client()
    provider.person |= {"email_verified": verified}
    answer = sign_in_at(client, provider, service)
    assert answer.status_code == 403
    assert "invite you" in answer.content.decode()
    assert who(client) is None
    refused = AuditEvent.objects.get(action=Action.SIGN_IN_FAILED)
    assert refused.detail == {"single_sign_on": "unknown"}


def test_acc_16_a_service_signs_in_nobody_of_another_institution(
    outsider: User, provider: Provider, service: SingleSignOn
) -> None:
    client = Client()
    provider.person = {"sub": "staff-1", "email": outsider.email, "email_verified": True}
    assert sign_in_at(client, provider, service).status_code == 403
    assert who(client) is None


def test_a_person_who_moved_away_is_refused(owner: User, provider: Provider, service: SingleSignOn) -> None:
    sign_in_at(Client(), provider, service)
    owner.institution, _ = Institution.objects.get_or_create(name=AWAY)
    owner.save()
    client = Client()
    assert sign_in_at(client, provider, service).status_code == 403
    assert who(client) is None


def test_a_deactivated_person_is_refused(owner: User, provider: Provider, service: SingleSignOn) -> None:
    sign_in_at(Client(), provider, service)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    client = Client()
    assert sign_in_at(client, provider, service).status_code == 403
    assert who(client) is None


def test_nobody_gets_an_account_by_signing_in(provider: Provider, service: SingleSignOn) -> None:
    provider.person = {"sub": "staff-5", "email": "new@example.org", "email_verified": True}
    before = User.objects.count()
    assert sign_in_at(Client(), provider, service).status_code == 403
    assert User.objects.count() == before


def test_acc_04_no_page_opens_after_single_sign_on_without_a_second_factor(
    owner: User, provider: Provider, service: SingleSignOn, settings: LazySettings
) -> None:
    settings.MFA_REQUIRED = True
    client = Client()
    sign_in_at(client, provider, service)
    answer = client.get(reverse("worklist"))
    assert answer.status_code == 302
    assert "2fa" in answer["Location"]


def test_a_service_that_is_off_signs_nobody_in(admin: User, provider: Provider, service: SingleSignOn) -> None:
    configure(user=admin, issuer=provider.issuer, client_id="lobule", client_secret="", is_enabled=False)
    assert Client().get(reverse("sso-login", args=[service.provider_id])).status_code == 404
    assert service.institution.name not in Client().get(reverse("sso-choose")).content.decode()


def test_the_choice_of_hospitals_leads_on(provider: Provider, service: SingleSignOn) -> None:
    page = Client().get(reverse("sso-choose"), {"next": "/cases/"}).content.decode()
    assert re.search(rf'href="{reverse("sso-login", args=[service.provider_id])}\?next=/cases/"|next=%2Fcases%2F', page)


def form_of(issuer: str, **changed: Any) -> dict[str, Any]:
    return {"issuer": issuer, "client_id": "lobule", "client_secret": SECRET, "is_enabled": "on"} | changed


def test_an_administrator_connects_the_service(admin: User, sign_in: SignIn, provider: Provider) -> None:
    browser = sign_in(admin)

    answer = browser.post(reverse("single-sign-on"), form_of(provider.issuer), follow=True)

    stored = SingleSignOn.objects.get()
    assert (stored.institution, stored.issuer, stored.is_enabled) == (admin.institution, provider.issuer, True)
    page = answer.content.decode()
    assert reverse("sso-callback", args=[stored.provider_id]) in page
    assert SECRET not in page
    changed = AuditEvent.objects.get(object_type="single-sign-on")
    assert changed.detail == {"issuer": provider.issuer, "on": True}


def test_the_secret_is_encrypted_at_rest_and_kept_when_left_empty(
    admin: User, sign_in: SignIn, provider: Provider, service: SingleSignOn
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM accounts_singlesignon")
        (stored,) = cursor.fetchone()
    assert SECRET not in stored
    sign_in(admin).post(reverse("single-sign-on"), form_of(provider.issuer, client_secret="", client_id="renamed"))
    service.refresh_from_db()
    assert (service.client_id, service.client_secret) == ("renamed", stored)
    leave_and_return = Client()
    sign_in_at(leave_and_return, provider, service)
    sent = next(form for path, form in provider.asked if path == "/token")
    assert sent["client_secret"] == [SECRET]


def test_the_secret_is_encrypted_anew_with_a_new_key(service: SingleSignOn, settings: LazySettings) -> None:
    former, settings.MFA_ENCRYPTION_KEY = settings.MFA_ENCRYPTION_KEY, Fernet.generate_key().decode()
    with pytest.raises(CommandError, match="MFA_FORMER_ENCRYPTION_KEYS"):
        call_command("encrypt_second_factors_anew")
    settings.MFA_FORMER_ENCRYPTION_KEYS = [former]
    call_command("encrypt_second_factors_anew")
    settings.MFA_FORMER_ENCRYPTION_KEYS = []
    service.refresh_from_db()
    assert decrypt(service.client_secret) == SECRET


def test_the_secret_never_goes_to_another_service(
    admin: User, sign_in: SignIn, provider: Provider, service: SingleSignOn
) -> None:
    with running() as other:
        answer = sign_in(admin).post(reverse("single-sign-on"), form_of(other.issuer, client_secret=""))
    assert answer.status_code == 422
    assert "Enter the secret that belongs to this service" in answer.content.decode()


def test_a_service_of_another_name_is_not_saved(admin: User, sign_in: SignIn, provider: Provider) -> None:
    provider.published_issuer = "https://another.example"
    answer = sign_in(admin).post(reverse("single-sign-on"), form_of(provider.issuer))
    assert answer.status_code == 422
    assert "The service calls itself https://another.example" in answer.content.decode()
    assert not SingleSignOn.objects.exists()


@pytest.mark.parametrize(("path", "says"), [("/moved", "redirect"), ("/nothing", "answered 404")])
def test_an_address_that_leads_elsewhere_is_not_saved(
    admin: User, sign_in: SignIn, provider: Provider, path: str, says: str
) -> None:
    answer = sign_in(admin).post(reverse("single-sign-on"), form_of(provider.issuer + path))
    assert answer.status_code == 422
    assert says in answer.content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "http://login.hospital.example",
        "https://169.254.169.254/latest",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
    ],
)
def test_this_machines_neighbourhood_is_not_asked(settings: LazySettings, url: str) -> None:
    settings.SSO_ALLOW_LOCAL = False
    with pytest.raises(UnreachableAddress):
        require_allowed(url)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.RESEARCHER, Role.AUDITOR])
def test_only_an_administrator_sets_it_up(make_user: MakeUser, sign_in: SignIn, role: str, provider: Provider) -> None:
    browser = sign_in(make_user("somebody", role))
    assert browser.get(reverse("single-sign-on")).status_code == 403
    assert browser.post(reverse("single-sign-on"), form_of(provider.issuer)).status_code == 403
    assert browser.post(reverse("single-sign-on-remove")).status_code == 403
    assert not SingleSignOn.objects.exists()


def test_it_can_be_removed(admin: User, sign_in: SignIn, service: SingleSignOn) -> None:
    sign_in(admin).post(reverse("single-sign-on-remove"))
    assert not SingleSignOn.objects.exists()


@pytest.fixture
def honest_provider() -> Iterator[str]:
    """oidc-provider-mock in a process of its own: written by others, so it does not share our mistakes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    claims = '{"sub": "staff-7", "email": "owner@example.org", "email_verified": true}'
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--user-claims", claims]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://localhost:{port}"
    try:
        give_up = time.monotonic() + 60
        while True:
            try:
                requests.get(f"{issuer}/.well-known/openid-configuration", timeout=2)
                break
            except requests.ConnectionError:
                assert process.poll() is None
                assert time.monotonic() < give_up
                time.sleep(0.2)
        yield issuer
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_acc_20_a_provider_written_by_others_signs_a_person_in(owner: User, admin: User, honest_provider: str) -> None:
    service = configure(user=admin, issuer=honest_provider, client_id="lobule", client_secret=SECRET, is_enabled=True)
    client = Client()
    away = client.get(reverse("sso-login", args=[service.provider_id]))

    consent = requests.post(away["Location"], data={"sub": "staff-7"}, allow_redirects=False, timeout=10)
    answer = client.get(consent.headers["Location"].replace("http://testserver", ""))

    assert answer.status_code == 302, answer.content
    assert who(client) == owner.pk
    assert SocialAccount.objects.get().uid == "staff-7"
