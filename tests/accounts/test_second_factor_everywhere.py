"""Not one address of the site shows a patient's data to a session without a second factor (ACC-4)."""

import pytest
from django.conf import LazySettings
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.sign_in.gate import ALWAYS_OPEN, TO_SET_ONE_UP
from diagnosis.models import FnaBatch
from tests.cast import MakeUser, SignIn
from tests.webapp.role_addresses import address
from tests.webapp.role_matrix import MATRIX, POSTS

pytestmark = pytest.mark.django_db

ENTRANCE = reverse("mfa_index")


def answer(client: Client, method: str, url: str) -> tuple[int, str]:
    """Status, and where it sends the browser or what it says to a program."""
    response = client.generic(method, url)
    if isinstance(response, StreamingHttpResponse):
        return response.status_code, b"".join(response).decode(errors="replace")  # type: ignore[arg-type]
    assert isinstance(response, HttpResponse)
    return response.status_code, response.headers.get("Location", "") or response.content.decode(errors="replace")


@pytest.mark.parametrize("route", sorted(set(MATRIX) - ALWAYS_OPEN - TO_SET_ONE_UP))
def test_acc_04_no_route_answers_before_the_second_factor(route: str, sign_in: SignIn, scored_batch: FnaBatch) -> None:
    url = address(route, scored_batch)
    browser = sign_in(scored_batch.created_by, second_factor=False)
    for method in ("GET", "POST") if route in POSTS else ("GET",):
        status, said = answer(browser, method, url)
        if url.startswith("/api/"):
            assert status == 403, method
            assert '"code": "second_factor_missing"' in said
        else:
            assert (status, said) == (302, ENTRANCE), method


@pytest.mark.parametrize("role", ["clinician", "researcher", "auditor", "admin"])
def test_acc_04_no_role_is_let_off(role: str, make_user: MakeUser, sign_in: SignIn) -> None:
    browser = sign_in(make_user("somebody", role), second_factor=False)
    for path in ("/", "/account/", "/audit/", "/models/", "/admin/"):
        assert answer(browser, "GET", path) == (302, ENTRANCE), path


def test_acc_04_a_single_sign_on_without_a_second_factor_is_stopped_as_well(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner, second_factor=False)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "socialaccount", "provider": "x", "uid": "1", "at": 0.0}]
    session.save()
    assert answer(browser, "GET", reverse("worklist")) == (302, ENTRANCE)


def test_acc_04_only_the_demos_settings_relax_it(settings: LazySettings) -> None:
    from webapp.settings import env

    assert settings.MFA_REQUIRED is True
    assert not any("REQUIRED" in variable.name for variable in env.VARIABLES)
