"""Lists of sources, orders and sets: the number of queries does not grow with them, and bad filters break nothing."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from synthesis.models import Stage
from tests.cast import SignIn
from tests.synthesis.stored import store_file, store_order, store_source

pytestmark = pytest.mark.django_db
SETS, SOURCES = "/api/v1/synthetic-sets/", "/api/v1/synthetic-sources/"


def store_published(researcher: User, admin: User, count: int) -> None:
    """So many published sets, each of its own source and with a version before it."""
    for number in range(count):
        source = store_source(admin, name=f"Source {researcher.pk} {number}")
        first = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin)
        second = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin, replaces=first, version=2)
        store_file(second)
        store_order(researcher, source, stage=Stage.AWAITING_APPROVAL)


@pytest.mark.parametrize("route", ["source-list", "order-list", "order-new", "synthetic-set-list"])
def test_pages_take_as_many_queries_for_many_rows_as_for_one(
    route: str, researcher: User, fellow: User, admin: User, sign_in: SignIn
) -> None:
    browser, taken = sign_in(researcher), []
    for orderer, count in ((researcher, 1), (fellow, 5)):
        store_published(orderer, admin, count)
        browser.get(reverse(route))  # whatever is read once is read
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(reverse(route)).status_code == 200
        taken.append(len(queries))
    assert taken[0] == taken[1]


@pytest.mark.parametrize("address", [SETS, SOURCES])
def test_api_takes_as_many_queries_for_many_rows_as_for_one(
    address: str, researcher: User, fellow: User, admin: User, api: Callable[[User], APIClient]
) -> None:
    client, taken = api(researcher), []
    for orderer, count in ((researcher, 1), (fellow, 5)):
        store_published(orderer, admin, count)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).json()["results"]
        taken.append(len(queries))
    assert taken[0] == taken[1]


@pytest.mark.parametrize("query", ["page=abc", "page=99", "kind=nonesuch", "text=%00", "stage=", "holds=x", "whose=x"])
def test_pages_take_a_bad_filter_or_page_for_none(query: str, researcher: User, sign_in: SignIn) -> None:
    browser = sign_in(researcher)
    for route in ("source-list", "order-list", "synthetic-set-list"):
        assert browser.get(f"{reverse(route)}?{query}").status_code == 200
    assert browser.get(f"{reverse('order-compare')}?order=x&order=%00").status_code == 200
    assert browser.get(f"{reverse('order-new')}?source=x").status_code == 404
    assert browser.get(f"{reverse('order-new')}?source=%00").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [("page=abc", 404), ("page=0", 404), ("page_size=-3", 200), ("kind=x", 400), ("text=%00", 400), ("stage=x", 400)],
)
def test_api_says_what_is_wrong_with_a_filter(
    query: str, status: int, researcher: User, api: Callable[[User], APIClient]
) -> None:
    response = api(researcher).get(f"{SETS}?{query}")
    assert response.status_code == status
    if status != 200:
        assert response["Content-Type"] == "application/problem+json"
