"""Twins sent at the same moment take effect once (PostgreSQL: SQLite's test database has one connection)."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from rest_framework.test import APIClient

from accounts.models import User
from diagnosis.models import Case, FnaBatch
from ml.fna.schema import FEATURE_NAMES
from tests.cast import wdbc

TWINS = 8


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rel_09_parallel_twins_are_one_request(owner: User) -> None:
    rows, _ = wdbc(1)
    body = {"measurements": dict(zip(FEATURE_NAMES, rows[0].tolist(), strict=True))}

    def send(_: int) -> tuple[int, str]:
        client = APIClient()
        client.force_authenticate(owner)
        try:
            response = client.post("/api/v1/fna-samples/", body, format="json", headers={"Idempotency-Key": "twin"})
            return response.status_code, response.json()["batch"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TWINS) as pool:
        answers = set(pool.map(send, range(TWINS)))
    assert answers == {(202, str(FnaBatch.objects.get().public_id))}
    assert Case.objects.count() == 1
