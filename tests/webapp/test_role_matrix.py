"""Who may open which route: a row for every route, or the suite fails (ACC-15).

The matrix gives the status of a GET by the anonymous, the clinician who owns the data, a colleague clinician, a
clinician of another hospital, and the researcher, auditor and administrator of the owner's hospital. Where a route
takes POST alone, the GET's 405 comes after the rights were checked.
"""

from collections.abc import Iterator

import pytest
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from rest_framework.test import APIClient

from accounts.models import Role
from diagnosis.models import FnaBatch
from tests.cast import AWAY, MakeUser, SignIn
from tests.webapp.role_addresses import address
from tests.webapp.role_matrix import CAST, MATRIX, POSTS

pytestmark = pytest.mark.django_db


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """The names of the site's own routes; allauth's and the routers' format twins are not ours.

    Django's admin has a test of its own, which walks through all of its tables.
    """
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == "admin":
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        elif pattern.name and not pattern.name.startswith("account_"):
            yield pattern.name


def test_acc_15_every_route_has_its_row() -> None:
    assert set(routes(get_resolver().url_patterns)) == set(MATRIX)


@pytest.fixture
def cast(make_user: MakeUser, sign_in: SignIn, scored_batch: FnaBatch) -> dict[str, Client]:
    people = {
        "owner": scored_batch.created_by,
        "colleague": make_user("colleague"),
        "outsider": make_user("outsider", hospital=AWAY),
        "researcher": make_user("researcher", Role.RESEARCHER),
        "auditor": make_user("auditor", Role.AUDITOR),
        "admin": make_user("admin", Role.ADMIN),
    }
    return {"anonymous": Client(), **{name: sign_in(user) for name, user in people.items()}}


def status_of(response: HttpResponseBase) -> int:
    """Its status; what it would still have sent is read, which lets go of the file behind it."""
    if isinstance(response, StreamingHttpResponse):
        b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
    return response.status_code


@pytest.mark.parametrize("route", MATRIX)
def test_acc_15_who_may_open_it(route: str, cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    url = address(route, scored_batch)
    answers = {name: status_of(client.get(url)) for name, client in cast.items()}
    assert answers == dict(zip(CAST, MATRIX[route], strict=True))


@pytest.mark.parametrize("route", POSTS)
def test_acc_15_who_may_post_to_it(route: str, cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    url = address(route, scored_batch)
    answers = {name: status_of(client.post(url)) for name, client in cast.items()}
    assert answers == dict(zip(CAST, POSTS[route], strict=True))


def test_a_route_that_names_no_roles_is_closed() -> None:
    from django.conf import settings

    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["accounts.permissions.Denied"]
    assert APIClient().get(reverse("api-case-list")).status_code == 401
