"""Dangerous acts need a fresh sign-in (ACC-14)."""

import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import User
from accounts.sign_in.second_factor import is_verified
from accounts.sign_in.step_up import recent_sign_in_required, signed_in_recently
from tests.cast import SignIn

pytestmark = pytest.mark.django_db


def request_of(user: User, sign_in: SignIn, **how: float) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    request.session = sign_in(user, **how).session
    return request


def test_acc_14_a_sign_in_is_fresh_for_five_minutes(owner: User, sign_in: SignIn) -> None:
    assert signed_in_recently(request_of(owner, sign_in, minutes_ago=4.9))
    assert not signed_in_recently(request_of(owner, sign_in, minutes_ago=5.1))


def test_a_record_of_somebody_else_counts_for_nothing(owner: User, colleague: User, sign_in: SignIn) -> None:
    request = request_of(owner, sign_in)
    request.user = colleague
    assert not signed_in_recently(request)
    assert not is_verified(request)
    request.user = AnonymousUser()
    assert not is_verified(request)


def test_a_password_alone_is_no_second_factor(owner: User, sign_in: SignIn) -> None:
    assert is_verified(request_of(owner, sign_in))
    assert not is_verified(request_of(owner, sign_in, second_factor=False))


def test_a_dangerous_page_lets_the_fresh_in_and_the_anonymous_sign_in(owner: User, sign_in: SignIn) -> None:
    @recent_sign_in_required
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(f"{time.time()}")

    assert page(request_of(owner, sign_in)).status_code == 200
    nobody = RequestFactory().get("/dangerous/")
    nobody.user = AnonymousUser()
    assert page(nobody).headers["Location"] == f"{reverse('account_login')}?next=/dangerous/"
