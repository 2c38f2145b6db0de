"""Passwords: long ones of any kind are taken, guessable ones are not, and each is kept as argon2id (ACC-1, 2, 3)."""

import pytest
from django.conf import LazySettings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import Institution, Role, User
from tests.cast import PASSWORD, SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(db: None) -> User:
    """Somebody with a name and a workplace to guess with."""
    return User.objects.create_user(
        email="ada.lovelace@northgate.example",
        password=PASSWORD,
        full_name="Dr Ada Lovelace",
        institution=Institution.objects.create(name="Northgate Breast Clinic"),
        role=Role.CLINICIAN,
    )


@pytest.mark.parametrize(
    "password",
    [
        "seven77",
        "elevenchars",
        "",
    ],
)
def test_acc_01_too_short(password: str, ada: User) -> None:
    with pytest.raises(ValidationError, match="at least 12 characters"):
        validate_password(password, ada)


@pytest.mark.parametrize(
    "password",
    [
        "twelve chars",
        "onlysmallletters",
        "ONLY CAPITALS HERE",
        "829104775620",
        "grün blåbær 茶 ☕ träd",
        "four words of any kind " * 3,  # 69
        "x7#" * 40 + "qwrt",
        " spaces at both ends ",
    ],
)
def test_acc_01_long_ones_of_any_kind_are_taken(password: str, ada: User) -> None:
    validate_password(password, ada)


def test_acc_01_every_character_of_a_long_one_counts(ada: User, client: Client, settings: LazySettings) -> None:
    settings.MFA_REQUIRED = False
    long = "a pass phrase that goes on and on, past sixty-four characters and even past seventy-two"
    assert len(long) > 72
    ada.set_password(long)
    ada.save()
    for password, status in ((long[:-1], 200), (long, 302)):
        form = {"login": ada.email, "password": password}
        assert client.post(reverse("account_login"), form).status_code == status


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "aaaaaaaaaaaaaa",
        "121212121212",
        "lobulelobule",
        "L0bule-2026-2026",
        "lobule-password1",
        "Northgate2026!",
        "northgate-breast-clinic",
        "n0rthg4te.breast",
        "AdaLovelace1815",
        "ada.lovelace@northgate.example",
        "lovelace-lovelace",
    ],
)
def test_acc_02_common_and_context_words_are_refused(password: str, ada: User) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, ada)


@pytest.mark.parametrize(
    "password", ["my lobule is a purple giraffe", "northern lights over tromso", "lovely green bicycles"]
)
def test_acc_02_a_word_of_the_place_within_a_long_phrase_is_no_harm(password: str, ada: User) -> None:
    validate_password(password, ada)


def test_acc_02_the_form_says_the_rule_and_refuses_by_it(ada: User, sign_in: SignIn) -> None:
    browser = sign_in(ada)
    page = browser.get(reverse("account_change_password")).content.decode()
    assert "At least 12 characters" in page
    assert "capital" not in page
    form = {"oldpassword": PASSWORD, "password1": "lovelace-lovelace", "password2": "lovelace-lovelace"}
    assert "mostly a name" in browser.post(reverse("account_change_password"), form).content.decode()
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


@pytest.fixture
def as_in_production(settings: LazySettings) -> None:
    """The hashers that the site has, not the tests' quick one."""
    from webapp.settings import sign_in

    settings.PASSWORD_HASHERS = sign_in.PASSWORD_HASHERS
    settings.MFA_REQUIRED = False


def test_acc_03_a_password_is_kept_as_argon2id(ada: User, as_in_production: None) -> None:
    ada.set_password("a new pass phrase")
    assert ada.password.startswith("argon2$argon2id$v=19$")
    parameters = identify_hasher(ada.password).decode(ada.password)
    # OWASP's least for argon2id: 19 MiB and two passes.
    assert parameters["memory_cost"] >= 19 * 1024
    assert parameters["time_cost"] >= 2


def test_acc_03_an_old_hash_is_renewed_at_sign_in(ada: User, client: Client, as_in_production: None) -> None:
    old = PBKDF2PasswordHasher()
    User.objects.update(password=old.encode(PASSWORD, old.salt(), iterations=1000))
    client.post(reverse("account_login"), {"login": ada.email, "password": "wrong"})
    ada.refresh_from_db()
    assert ada.password.startswith("pbkdf2_sha256$")
    assert client.post(reverse("account_login"), {"login": ada.email, "password": PASSWORD}).status_code == 302
    ada.refresh_from_db()
    assert ada.password.startswith("argon2$argon2id$")
    assert ada.check_password(PASSWORD)
