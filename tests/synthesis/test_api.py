"""The API of synthetic sets: who may, with which scope, what is answered, and the same order sent twice."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Action, AuditEvent, User
from accounts.sign_in.tokens import make_token
from synthesis.models import SourceDataset, Stage, SyntheticSet
from tests.synthesis.stored import store_file, store_order, store_source

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]
SETS, SOURCES = "/api/v1/synthetic-sets/", "/api/v1/synthetic-sources/"


@pytest.fixture
def source(admin: User) -> SourceDataset:
    return store_source(admin)


def body(of: SourceDataset, **changes: Any) -> dict[str, Any]:
    """An order."""
    counts = {"benign": 60, "malignant": 40}
    asked = {"source": str(of.public_id), "title": "For teaching", "architecture": "tabular-gan", "counts": counts}
    return asked | changes


def with_token(user: User, *scopes: str) -> APIClient:
    """A program of this person."""
    _, token = make_token(user=user, name="script", scopes=list(scopes), lifetime=timedelta(hours=1), is_verified=True)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_order_is_accepted_and_followed_at_its_job(source: SourceDataset, researcher: User, api: Api) -> None:
    response = api(researcher).post(SETS, body(source, seed=4), format="json")
    assert response.status_code == 202
    told = response.json()
    made = SyntheticSet.objects.get()
    assert (told["id"], told["stage"], told["seed"]) == (str(made.public_id), "making", 4)
    assert response["Location"] == told["job"] == f"/api/v1/jobs/{made.job.public_id}/"
    assert api(researcher).get(told["job"]).json()["status"] == "queued"
    assert api(researcher).post(f"{told['job']}cancel/").json()["status"] == "cancelled"
    assert api(researcher).post(f"{told['job']}retry/").json()["status"] == "queued"


def test_jobs_are_seen_by_their_orderer_and_the_institutions_admins(
    source: SourceDataset, inside: tuple[User, ...], foreign_admin: User, api: Api
) -> None:
    researcher, fellow, admin, _ = inside
    job = api(researcher).post(SETS, body(source), format="json").json()["job"]
    assert {user.full_name: api(user).get(job).status_code for user in (researcher, admin, fellow, foreign_admin)} == {
        "Researcher": 200,
        "Admin": 200,
        "Fellow": 404,
        "Foreign-Admin": 404,
    }


def test_clinicians_neither_see_nor_stop_the_making_of_sets(
    source: SourceDataset, researcher: User, owner: User, api: Api
) -> None:
    job = api(researcher).post(SETS, body(source), format="json").json()["job"]
    client = api(owner)
    assert client.get(job).status_code == client.post(f"{job}cancel/").status_code == 404
    assert client.get("/api/v1/jobs/").json()["results"] == []
    assert SyntheticSet.objects.get().job.status == "queued"


def test_budget_is_a_number_however_it_is_written(source: SourceDataset, researcher: User, api: Api) -> None:
    for written in (3, 3.0, "3", "3.0"):
        made = api(researcher).post(SETS, body(source, epsilon=written), format="json")
        assert (made.status_code, made.json()["epsilon"], made.json()["delta"]) == (202, 3.0, 1e-5)
    refused = api(researcher).post(SETS, body(source, epsilon=2), format="json")
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (400, "epsilon")


def test_same_key_orders_once(source: SourceDataset, researcher: User, api: Api) -> None:
    client, key = api(researcher), str(uuid.uuid4())
    first = client.post(SETS, body(source), format="json", HTTP_IDEMPOTENCY_KEY=key)
    again = client.post(SETS, body(source), format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert SyntheticSet.objects.count() == 1
    other = client.post(SETS, body(source, title="Other"), format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_orders_that_cannot_be_made_are_problems(source: SourceDataset, researcher: User, api: Api) -> None:
    client = api(researcher)
    response = client.post(SETS, body(source, counts={"benign": 60, "normal": 40}), format="json")
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert [problem["field"] for problem in response.json()["problems"]] == ["counts"]
    response = client.post(SETS, body(source, effort="endless", counts={"benign": -1}), format="json")
    assert response.status_code == 400
    assert {problem["field"] for problem in response.json()["problems"]} == {"effort", "counts.benign"}
    response = client.post(SETS, body(source, source=str(uuid.uuid4())), format="json")
    assert (response.status_code, response.json()["problems"][0]["field"]) == (400, "source")
    response = client.post(SETS, body(source, replaces=str(uuid.uuid4())), format="json")
    assert (response.status_code, response.json()["problems"][0]["field"]) == (400, "replaces")


def test_source_of_another_institution_does_not_exist(source: SourceDataset, stranger: User, api: Api) -> None:
    response = api(stranger).post(SETS, body(source), format="json")
    assert (response.status_code, response.json()["problems"][0]["field"]) == (400, "source")
    assert api(stranger).get(f"{SOURCES}{source.public_id}/").status_code == 404


def test_only_researchers_order(source: SourceDataset, admin: User, outside: tuple[User, ...], api: Api) -> None:
    owner, auditor, _, foreign_admin = outside
    for user in (admin, owner, auditor, foreign_admin):
        assert api(user).post(SETS, body(source), format="json").status_code == 403
    assert APIClient().post(SETS, body(source), format="json").status_code == 401
    assert not SyntheticSet.objects.exists()


def test_tokens_need_their_scopes(source: SourceDataset, researcher: User, admin: User) -> None:
    reads, writes = with_token(researcher, "synthesis:read"), with_token(researcher, "synthesis:write")
    refused = reads.post(SETS, body(source), format="json")
    assert (refused.status_code, "synthesis:write" in refused.json()["detail"]) == (403, True)
    made = writes.post(SETS, body(source), format="json")
    assert made.status_code == 202
    assert writes.get(SETS).status_code == 403
    for address in (SETS, SOURCES, f"{SETS}{made.json()['id']}/", f"{SOURCES}{source.public_id}/"):
        assert reads.get(address).status_code == 200
        assert with_token(admin, "synthesis:read").get(address).status_code == 200
        assert with_token(researcher, "jobs:read").get(address).status_code == 403


def test_lists_are_narrowed_and_recorded(source: SourceDataset, researcher: User, admin: User, api: Api) -> None:
    scans = store_source(admin, name="Scans", kind="image")
    table = store_order(researcher, source, title="Blue aspirates")
    store_order(researcher, scans, stage=Stage.BLOCKED, title="Grey scans")
    client = api(researcher)

    def titles(**asked: str) -> list[str]:
        return [found["title"] for found in client.get(SETS, asked).json()["results"]]

    assert titles() == ["Grey scans", "Blue aspirates"]
    assert titles(kind="fna") == titles(stage="making") == titles(text="aspirates blue") == ["Blue aspirates"]
    assert titles(text="aspirates", stage="blocked") == []
    assert client.get(SETS, {"stage": "lost"}).status_code == 400
    event = AuditEvent.objects.filter(action=Action.SEARCH).latest("id")
    assert event.detail["filters"] == {"stage": "blocked", "text": True}
    assert str(table.public_id) not in str(event.detail)


def test_detail_shows_passport_files_and_downloads_to_its_audience(
    source: SourceDataset, researcher: User, admin: User, stranger: User, api: Api
) -> None:
    made = store_order(researcher, source, stage=Stage.PUBLISHED, decided_by=admin, audience="everyone")
    store_file(made)
    store_file(made, "images/benign/0001.png", "picture")
    for user, follows in ((researcher, True), (stranger, False)):
        told = api(user).get(f"{SETS}{made.public_id}/").json()
        assert told["passport"]["version"] == 1
        assert [file["name"] for file in told["files"]] == ["set.zip"]
        assert told["downloads"] == 0
        assert (told["job"] is not None) is follows
    hidden = store_order(researcher, source, stage=Stage.AWAITING_APPROVAL)
    assert api(stranger).get(f"{SETS}{hidden.public_id}/").status_code == 404
    assert [one["id"] for one in api(stranger).get(SETS).json()["results"]] == [str(made.public_id)]


def test_sources_are_those_that_one_may_see(
    source: SourceDataset, researcher: User, admin: User, outside: tuple[User, ...], api: Api
) -> None:
    store_source(admin, name="Draft", status="draft", released_by=None, released_at=None)

    def names(user: User) -> list[str]:
        return [found["name"] for found in api(user).get(SOURCES).json()["results"]]

    assert names(admin) == ["Draft", "Aspirates"]
    assert names(researcher) == ["Aspirates"]
    owner, auditor, stranger, foreign_admin = outside
    assert names(stranger) == names(foreign_admin) == []
    for user in (owner, auditor):
        assert api(user).get(SOURCES).status_code == 403
    assert "problems" not in api(researcher).get(f"{SOURCES}{source.public_id}/").json()
