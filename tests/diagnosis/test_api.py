"""The API: samples in, answers out, errors that name the field, repeats that change nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Action, AuditEvent, Role, User
from diagnosis.models import Case, FnaBatch, Prediction
from jobs.runner import run
from ml.fna.schema import FEATURE_NAMES
from tests.cast import PASSWORD, MakeUser, SignIn, csv_of, wdbc

pytestmark = pytest.mark.django_db
SAMPLES = "/api/v1/fna-samples/"
Api = Callable[[User], APIClient]


def sample(number: int = 0, **changes: Any) -> dict[str, Any]:
    rows, _ = wdbc(number + 1)
    return {
        "reference": f"A-{number}",
        "measurements": {**dict(zip(FEATURE_NAMES, rows[number].tolist(), strict=True)), **changes},
    }


def is_problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"].startswith("application/problem+json")
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    return body


def test_from_sign_in_to_answer(owner: User, settings: LazySettings) -> None:
    settings.MFA_REQUIRED = False
    client = APIClient()
    signed_in = client.post("/api/v1/auth/token/", {"email": owner.email, "password": PASSWORD}, format="json")
    assert signed_in.status_code == 201
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {signed_in.json()['token']}")

    accepted = client.post(SAMPLES, sample(), format="json")
    assert accepted.status_code == 202
    assert accepted["Location"] == accepted.json()["job_url"]
    assert client.get(accepted.json()["job_url"]).json()["status"] == "queued"
    run(FnaBatch.objects.get().job.public_id, worker="test")
    assert client.get(accepted.json()["job_url"]).json()["status"] == "succeeded"

    (prediction,) = client.get(accepted.json()["predictions_url"]).json()["results"]
    stored = Prediction.objects.get()
    assert prediction["probability_malignant"] == stored.probability
    assert prediction["trained_on"].startswith("569 cases")
    assert set(prediction["contributions"]) == set(FEATURE_NAMES)
    case = client.get(f"/api/v1/cases/{accepted.json()['cases'][0]}/").json()
    assert (case["reference"], case["status"], case["prediction"]) == ("A-0", stored.status, prediction["id"])
    kept = client.get(f"{SAMPLES}{case['id']}/").json()
    assert kept["measurements"] == sample()["measurements"]

    assert client.post("/api/v1/auth/token/revoke/").status_code == 204
    assert client.get("/api/v1/cases/").status_code == 401


def test_a_wrong_password_is_a_problem_and_an_event(owner: User) -> None:
    response = APIClient().post("/api/v1/auth/token/", {"email": owner.email, "password": "no"}, format="json")
    assert is_problem(response, 401)["code"] == "authentication_failed"
    assert AuditEvent.objects.get(action=Action.SIGN_IN_FAILED)


def test_several_samples_and_a_file(owner: User, api: Api) -> None:
    client = api(owner)
    many = client.post(SAMPLES, [sample(0), sample(1)], format="json").json()
    assert (many["samples"], len(many["cases"])) == (2, 2)
    rows, _ = wdbc(3)
    file = SimpleUploadedFile("samples.csv", csv_of(rows.tolist()))
    from_file = client.post(SAMPLES, {"file": file}, format="multipart")
    assert from_file.status_code == 202
    assert from_file.json()["samples"] == 3


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({}, "measurements", "required"),
        ({"measurements": {}}, "measurements.radius_mean", "required"),
        (sample(radius_mean="wide"), "measurements.radius_mean", "valid number"),
        (sample(radius_mean=-1), "measurements.radius_mean", "Radius"),
        (sample(radius_mena=1), "measurements.radius_mena", "not one of the 30"),
        ([sample(), sample(1, area_worst=None)], "[1].measurements.area_worst", "null"),
        ({**sample(), "known_outcome": "maybe"}, "known_outcome", "valid choice"),
        ([], "non_field_errors", "empty"),
    ],
)
def test_a_bad_body_names_the_field(body: Any, field: str, message: str, owner: User, api: Api) -> None:
    problem = is_problem(api(owner).post(SAMPLES, body, format="json"), 400)
    (fault, *_) = [p for p in problem["problems"] if p["field"] == field]
    assert message in fault["message"]
    assert not Case.objects.exists()


def test_what_is_possible_but_makes_no_sense_is_left_to_the_model(owner: User, api: Api) -> None:
    """As in a file: a worst below its mean is stored and refused with its reason, and the rest of the batch goes on."""
    accepted = api(owner).post(SAMPLES, [sample(0, radius_worst=5.0), sample(1)], format="json").json()
    run(FnaBatch.objects.get().job.public_id, worker="test")
    answers = api(owner).get(accepted["predictions_url"]).json()["results"]
    assert [answer["status"] == "refused" for answer in answers] == [True, False]
    assert "worst is below the mean" in answers[0]["reason"]


def test_a_bad_file_names_row_and_column(owner: User, api: Api) -> None:
    rows, _ = wdbc(2)
    file = SimpleUploadedFile("samples.csv", csv_of(rows.tolist()).replace(b"17.99", b"?"))
    problem = is_problem(api(owner).post(SAMPLES, {"file": file}, format="multipart"), 422)
    assert problem["code"] == "unreadable_table"
    assert (problem["problems"][0]["row"], problem["problems"][0]["column"]) == (2, "radius_mean")


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"<x/>", "application/xml", 415),
        (b"\xff\xfe", "application/json", 400),
    ],
)
def test_a_body_that_is_no_json_is_a_problem(
    content: bytes, content_type: str, status: int, owner: User, api: Api
) -> None:
    is_problem(api(owner).post(SAMPLES, content, content_type=content_type), status)


def test_rel_09_the_same_key_gives_the_same_answer(owner: User, api: Api) -> None:
    client = api(owner)
    first = client.post(SAMPLES, sample(), format="json", headers={"Idempotency-Key": "k"})
    again = client.post(SAMPLES, sample(), format="json", headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again["Idempotency-Replayed"] == "true"
    assert Case.objects.count() == 1


def test_rel_09_the_same_key_for_another_body_is_refused(owner: User, api: Api) -> None:
    client = api(owner)
    client.post(SAMPLES, sample(), format="json", headers={"Idempotency-Key": "k"})
    other = client.post(SAMPLES, sample(1), format="json", headers={"Idempotency-Key": "k"})
    assert is_problem(other, 422)["code"] == "idempotency_key_reused"
    assert Case.objects.count() == 1


def test_rel_09_a_refused_request_does_not_use_its_key_up(owner: User, api: Api) -> None:
    client = api(owner)
    is_problem(client.post(SAMPLES, {}, format="json", headers={"Idempotency-Key": "k"}), 400)
    mended = client.post(SAMPLES, sample(), format="json", headers={"Idempotency-Key": "k"})
    assert mended.status_code == 202


def test_rel_09_a_key_belongs_to_one_person(owner: User, colleague: User, api: Api) -> None:
    for user in (owner, colleague):
        api(user).post(SAMPLES, sample(), format="json", headers={"Idempotency-Key": "k"})
    assert Case.objects.count() == 2


def test_rel_09_a_file_sent_again_is_the_same_request(owner: User, api: Api) -> None:
    rows, _ = wdbc(2)
    for _ in range(2):
        file = SimpleUploadedFile("samples.csv", csv_of(rows.tolist()))
        api(owner).post(SAMPLES, {"file": file}, format="multipart", headers={"Idempotency-Key": "k"})
    assert FnaBatch.objects.count() == 1


def test_rel_09_a_key_of_unreasonable_length_is_refused(owner: User, api: Api) -> None:
    response = api(owner).post(SAMPLES, sample(), format="json", headers={"Idempotency-Key": "k" * 101})
    assert is_problem(response, 422)["code"] == "idempotency_key_too_long"


def test_cases_are_found_by_sample_number_in_the_body(owner: User, api: Api, scored_batch: FnaBatch) -> None:
    found = api(owner).post("/api/v1/cases/search/", {"reference": "S-3"}, format="json").json()
    assert [case["reference"] for case in found["results"]] == ["S-3"]


def test_lists_filter_and_are_recorded(owner: User, api: Api, scored_batch: FnaBatch) -> None:
    client = api(owner)
    malignant = client.get("/api/v1/predictions/", {"finding": "malignant"}).json()["results"]
    assert {row["finding"] for row in malignant} == {"malignant"}
    assert client.get("/api/v1/cases/", {"status": "waiting"}).json()["count"] == 0
    is_problem(client.get("/api/v1/cases/", {"status": "nonsense"}), 400)
    searched = AuditEvent.objects.filter(action=Action.SEARCH)
    assert searched.count() == 2


def test_acc_16_another_hospitals_ids_do_not_exist(outsider: User, api: Api, scored_batch: FnaBatch) -> None:
    case = Case.objects.get(reference="S-1")
    answer = Prediction.objects.get(case=case)
    for url in (
        f"/api/v1/cases/{case.public_id}/",
        f"/api/v1/predictions/{answer.public_id}/",
        f"/api/v1/jobs/{scored_batch.job.public_id}/",
        f"{SAMPLES}{case.public_id}/",
    ):
        is_problem(api(outsider).get(url), 404)
    for url in ("/api/v1/cases/", "/api/v1/predictions/", "/api/v1/jobs/"):
        assert api(outsider).get(url).json()["count"] == 0


def test_models_are_for_every_role(make_user: MakeUser, api: Api, scored_batch: FnaBatch) -> None:
    for role in Role.values:
        (model,) = api(make_user(f"some-{role}", role)).get("/api/v1/models/").json()["results"]
        assert model["is_active"]
        assert model["card"]["training_data"]["cases"] == 569


def test_the_schema_describes_every_endpoint(client: Any) -> None:
    schema = client.get(reverse("api-schema"), {"format": "json"}).json()
    paths = set(schema["paths"])
    assert {
        "/api/v1/fna-samples/",
        "/api/v1/cases/",
        "/api/v1/predictions/",
        "/api/v1/jobs/",
        "/api/v1/models/",
        "/api/v1/auth/token/",
    } <= paths
    for path, operations in schema["paths"].items():
        for method in operations:
            if method != "parameters":
                assert operations[method]["responses"], f"{method} {path}"


def test_rel_09_a_browser_may_repeat_a_file_with_its_key(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner, client=Client(enforce_csrf_checks=True))
    browser.get("/fna/upload/")
    rows, _ = wdbc(2)
    headers = {"Idempotency-Key": "file", "X-CSRFToken": browser.cookies["csrftoken"].value}

    def send(table: bytes) -> Any:
        file = SimpleUploadedFile("samples.csv", table, "text/csv")
        return browser.post("/api/v1/fna-samples/", {"file": file}, headers=headers)

    first, again, other = send(csv_of(rows)), send(csv_of(rows)), send(csv_of(rows[:1]))
    assert (first.status_code, again.status_code, other.status_code) == (202, 202, 422)
    assert again.json()["batch"] == first.json()["batch"]
