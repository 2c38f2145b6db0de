"""Health: what answers, what works, and the name of what does not."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_whole_site_is_ready(client: Client) -> None:
    response = client.get(reverse("health-ready"))
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "cache": "ok", "storage": "ok", "queue": "ok"},
    }


def test_storage_that_cannot_be_written_is_named(client: Client, settings: Any) -> None:
    nowhere = {"BACKEND": "webapp.storage.PhiFolder", "OPTIONS": {"location": "/dev/null/phi"}}
    settings.STORAGES = {**settings.STORAGES, "phi": nowhere}
    response = client.get(reverse("health-ready"))
    assert response.status_code == 503
    assert response.json()["checks"]["storage"] == "failing: NotADirectoryError"
    assert response.json()["checks"]["database"] == "ok"


def test_a_job_table_out_of_reach_is_named_and_the_process_is_still_alive(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE jobs_job RENAME TO out_of_reach")
    response = client.get(reverse("health-ready"))
    assert response.status_code == 503
    assert response.json()["checks"]["queue"].startswith("failing: ")
    assert client.get(reverse("health-live")).status_code == 200
