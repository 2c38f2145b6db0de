"""Errors tell people and programs what to do, and nobody what happened inside (ACC-25)."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.cast import SignIn

pytestmark = pytest.mark.django_db

PLANTED = "PLANTED-secret-value"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Listing cases fails inside."""

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError(PLANTED)

    monkeypatch.setattr("diagnosis.models.visibility.ClinicalQuerySet.visible_to", fail)


def test_acc_25_a_page_that_fails_says_nothing_of_the_inside(broken: None, owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    browser.raise_request_exception = False
    answer = browser.get(reverse("worklist"))
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "The fault is ours" in page
    for inside in (PLANTED, "Traceback", "RuntimeError", "visible_to", "site-packages", ".py"):
        assert inside not in page
    assert answer["Cache-Control"] == "no-store"


def test_acc_25_an_api_call_that_fails_gets_a_problem_document(broken: None, owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    browser.raise_request_exception = False
    answer = browser.get(reverse("api-case-list"))
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "server_error"
    for inside in (PLANTED, "Traceback", "RuntimeError", ".py"):
        assert inside not in answer.content.decode()


def test_acc_25_an_unknown_address_is_answered_in_kind() -> None:
    page, document = Client().get("/no/such/page/"), Client().get("/api/v1/no/such/thing/")
    assert page.status_code == document.status_code == 404
    assert page["Content-Type"].startswith("text/html")
    assert document.json()["code"] == "not_found"
    assert "worklist" not in page.content.decode(), "the list of routes is nobody's business"


def test_acc_25_a_forged_form_is_refused_without_detail(owner: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post(reverse("account_login"), {"login": owner.email, "password": "x"})
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "CSRF verification failed" not in page
    assert "cookie not set" not in page
