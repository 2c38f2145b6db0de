"""Studies by the API: sent by scripts, listed, searched, read."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from accounts.models import Action, AuditEvent, User
from diagnosis.models import Instance, Patient, Study, UploadedFile
from jobs.models import Job
from jobs.runner import run
from tests.cast import AWAY, MakeUser
from tests.dicom_files import (
    SHARED,
    dicom_image,
    encapsulated_pdf,
    new_uid,
    picture,
    structured_report,
    zip_of,
)
from tests.trail import unwritable_trail

pytestmark = pytest.mark.django_db

URL = "/api/v1/studies/"
Api = Callable[[User], APIClient]


def send(client: APIClient, *files: tuple[str, bytes], key: str = "", **stated: str) -> Any:
    parts = [SimpleUploadedFile(name, data) for name, data in files]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(URL, {"file": parts, **stated}, format="multipart", headers=headers)


def send_raw(client: APIClient, data: bytes, content_type: str = "application/dicom", **headers: str) -> Any:
    return client.generic("POST", URL, data, content_type=content_type, headers=headers)


@pytest.fixture
def client(api: Api, owner: User) -> APIClient:
    return api(owner)


def test_one_file_is_stored(client: APIClient) -> None:
    data = dicom_image()
    response = send(client, ("a.dcm", data))
    assert response.status_code == 201
    (file,) = response.json()["files"]
    assert (file["name"], file["status"], file["sha256"]) == ("a.dcm", "stored", hashlib.sha256(data).hexdigest())
    assert file["study"] == str(Study.objects.get().public_id)
    assert response["Location"] == f"/api/v1/uploads/{response.json()['upload']}/"


def test_a_body_may_be_the_file_itself(client: APIClient) -> None:
    response = send_raw(client, dicom_image(), **{"Content-Disposition": 'attachment; filename="one.dcm"'})
    assert (response.status_code, response.json()["files"][0]["name"]) == (201, "one.dcm")


def test_upl_12_same_bytes_are_known_and_other_bytes_contradict(client: APIClient) -> None:
    ids = {"study": new_uid(), "series": new_uid(), "uid": new_uid()}
    first, other = dicom_image(**ids, seed=1), dicom_image(**ids, seed=2)
    stored = send_raw(client, first)
    again = send_raw(client, first)
    assert (stored.status_code, again.status_code) == (201, 200)
    assert again.json()["files"][0]["status"] == "duplicate"
    assert again.json()["files"][0]["instance"] == stored.json()["files"][0]["instance"]
    differing = send_raw(client, other)
    assert differing.status_code == 409
    assert differing["Content-Type"] == "application/problem+json"
    kept = Instance.objects.get(public_id=differing.json()["files"][0]["instance"])
    assert kept.differs_from == Instance.objects.get(public_id=stored.json()["files"][0]["instance"])
    assert Instance.objects.count() == 2
    assert send_raw(client, other).status_code == 200
    assert Instance.objects.count() == 2


def test_a_refused_file_is_a_problem_with_a_stable_code(client: APIClient) -> None:
    data = dicom_image()[:-500]
    response = send_raw(client, data)
    problem = response.json()
    assert (response.status_code, response["Content-Type"]) == (422, "application/problem+json")
    assert (problem["code"], problem["status"]) == ("truncated", 422)
    assert problem["detail"] == problem["files"][0]["message"]
    row = UploadedFile.objects.get()
    assert (row.status, row.code, row.sha256) == ("refused", "truncated", hashlib.sha256(data).hexdigest())
    assert Instance.objects.count() == 0


def test_several_files_each_have_their_own_result(client: APIClient) -> None:
    good = dicom_image()
    response = send(client, ("a.dcm", good), ("b.dcm", b"nonsense"), ("c.dcm", good), ("d.dcm", structured_report()))
    assert response.status_code == 207
    results = [(file["name"], file["status"], file["http_status"]) for file in response.json()["files"]]
    assert results == [
        ("a.dcm", "stored", 201),
        ("b.dcm", "refused", 422),
        ("c.dcm", "duplicate", 200),
        ("d.dcm", "kept", 201),
    ]


def test_documents_are_kept_as_such_and_never_scored(client: APIClient) -> None:
    assert send_raw(client, encapsulated_pdf()).status_code == 201
    instance = Instance.objects.get()
    assert (instance.kind, instance.kept_as, instance.reading) == ("document", "encapsulated_document", "not-read")
    assert not Job.objects.filter(kind="image-reading").exists()
    assert not hasattr(instance.series.study, "case")


def test_an_archive_is_queued(client: APIClient) -> None:
    response = send_raw(client, zip_of({"a": dicom_image(), "b": dicom_image()}), "application/zip")
    (file,) = response.json()["files"]
    assert (response.status_code, file["status"]) == (202, "received")
    run(Job.objects.get(public_id=file["job"]).public_id, worker="test")
    assert Instance.objects.count() == 2


def test_pictures_come_with_their_modality(client: APIClient) -> None:
    response = send(client, ("a.png", picture()), modality="US", body_part="BREAST", reference="P-3")
    assert response.status_code == 201
    refused = send(client, ("a.png", picture(seed=2)))
    assert (refused.status_code, refused.json()["code"]) == (422, "modality_not_stated")


def test_equal_patient_numbers_at_two_hospitals_are_two_people(client: APIClient, api: Api, outsider: User) -> None:
    data = dicom_image(patient_id="1")
    assert send_raw(client, data).status_code == 201
    assert send_raw(api(outsider), data).status_code == 201
    assert sorted(Patient.objects.values_list("institution__name", "patient_id")) == [
        ("North Hospital", "1"),
        (AWAY, "1"),
    ]
    assert Study.objects.count() == 2


class TestIdempotencyKey:
    def test_the_same_request_is_answered_the_same(self, client: APIClient) -> None:
        data = dicom_image()
        first = send(client, ("a.dcm", data), key="k")
        again = send(client, ("a.dcm", data), key="k")
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again["Idempotency-Replayed"] == "true"
        assert UploadedFile.objects.count() == 1

    def test_a_refusal_too(self, client: APIClient) -> None:
        first, again = (send_raw(client, b"nonsense", **{"Idempotency-Key": "k"}) for _ in range(2))
        assert (first.status_code, again.status_code) == (422, 422)
        assert again["Content-Type"] == first["Content-Type"] == "application/problem+json"
        assert again.json() == first.json()

    def test_another_file_needs_another_key(self, client: APIClient) -> None:
        send(client, ("a.dcm", dicom_image()), key="k")
        response = send(client, ("a.dcm", dicom_image()), key="k")
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")

    def test_a_twin_that_is_still_worked_on_is_told_so(self, client: APIClient, owner: User) -> None:
        from datetime import timedelta

        from django.utils import timezone

        from accounts.models import IdempotencyKey

        data = dicom_image()
        first = send(client, ("a.dcm", data), key="k")
        IdempotencyKey.objects.update(status=0)
        assert send(client, ("a.dcm", data), key="k").json()["code"] == "still_working"
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=1))
        taken_over = send(client, ("a.dcm", data), key="k")
        assert taken_over.json()["files"][0]["instance"] == first.json()["files"][0]["instance"]


def test_what_is_no_file_is_refused(client: APIClient) -> None:
    assert client.post(URL, {}, format="multipart").json()["code"] == "no_files"
    assert send_raw(client, b"x", "text/plain").status_code == 415


def test_upl_18_addresses_are_never_fetched(client: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    def no_socket(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", no_socket)
    monkeypatch.setattr(socket, "getaddrinfo", no_socket)
    for url in ("http://169.254.169.254/latest/", "http://localhost:1/", "file:///etc/passwd"):
        for body in ({"url": url}, {"file": url}):
            for kind in ("json", "multipart"):
                response = client.post(URL, body, format=kind)
                assert (response.status_code, response.json()["code"]) == (422, "addresses_refused")
        upload = client.post("/api/v1/uploads/", {"url": url, "reference": url}, format="json")
        assert upload.status_code == 201
    assert UploadedFile.objects.count() == 0


def test_lists_are_filtered_and_searched(client: APIClient, outsider: User, api: Api) -> None:
    send_raw(client, dicom_image(patient_id="P-1", patient_name="Doe^Jane", StudyDate="20260102"))
    send_raw(client, dicom_image(modality="MG", patient_id="P-2", patient_name="Roe^Mary", StudyDate="20250601"))
    send_raw(api(outsider), dicom_image(patient_id="P-1"))

    def found(response: Any) -> list[str]:
        assert response.status_code == 200
        return [study["patient"]["patient_id"] for study in response.json()["results"]]

    assert found(client.get(URL)) == ["P-2", "P-1"]
    assert found(client.get(URL, {"modality": "mg"})) == ["P-2"]
    assert found(client.get(URL, {"date_from": "2026-01-01"})) == ["P-1"]
    assert found(client.get(URL, {"date_to": "2025-12-31"})) == ["P-2"]
    assert found(client.get(URL, {"description": "both"})) == ["P-2", "P-1"]
    assert found(client.get(URL, {"description": "knee"})) == []
    for words in ("jane doe", "DOE, Jane", "p-1"):
        assert found(client.post(f"{URL}search/", {"patient": words}, format="json")) == ["P-1"]
    (study,) = client.get(URL, {"modality": "MG"}).json()["results"]
    assert (study["modalities"], study["images"], study["answer"]) == (["MG"], 1, None)


@pytest.mark.parametrize("text", ["' OR 1=1 --", '"; DROP TABLE x; --', "%", "_", "*)(uid=*", "\\", "' UNION SELECT 1"])
def test_upl_17_metacharacters_find_nothing_and_break_nothing(client: APIClient, text: str) -> None:
    send_raw(client, dicom_image(patient_id="P-1", patient_name="Doe^Jane"))
    response = client.post(f"{URL}search/", {"patient": text}, format="json")
    assert (response.status_code, response.json()["results"]) == (200, [])
    assert client.get(URL, {"description": text, "modality": text}).json()["results"] == []
    named = send_raw(client, dicom_image(patient_id=text.replace("\\", ""), StudyDescription=text.replace("\\", "/")))
    assert named.status_code == 201
    assert Study.objects.count() == 2


def test_a_study_is_read_with_its_series_files_and_readings(client: APIClient) -> None:
    study = new_uid()
    send_raw(client, dicom_image(study=study, ImageLaterality="L"))
    send_raw(client, structured_report(study=study))
    body = client.get(f"{URL}{Study.objects.get().public_id}/").json()
    assert (body["study_instance_uid"], body["images"]) == (study, 1)
    files = [
        (series["modality"], file["kind"], file["laterality"])
        for series in body["series"]
        for file in series["instances"]
    ]
    assert sorted(files) == [("SR", "document", ""), ("US", "image", "L")]


def test_every_read_is_recorded(client: APIClient) -> None:
    send_raw(client, dicom_image())
    study = Study.objects.get()
    AuditEvent.objects.all()._raw_delete("default")
    client.get(URL)
    client.post(f"{URL}search/", {"patient": "Doe"}, format="json")
    client.get(f"{URL}{study.public_id}/")
    events = list(AuditEvent.objects.order_by("pk").values_list("action", "object_type", "patient_pseudonym"))
    assert events == [
        (Action.SEARCH, "study", ""),
        (Action.SEARCH, "study", ""),
        (Action.VIEW, "study", str(study.patient.public_id)),
    ]
    assert "Doe" not in str(list(AuditEvent.objects.values()))


def test_aud_03_nothing_is_shown_or_stored_while_the_trail_cannot_be_written(client: APIClient) -> None:
    send_raw(client, dicom_image())
    public_id = Study.objects.get().public_id

    with unwritable_trail():
        responses = (client.get(URL), client.get(f"{URL}{public_id}/"), send_raw(client, dicom_image(seed=9)))
    for response in responses:
        assert response.status_code == 503
        assert b"Doe" not in response.content
    assert Instance.objects.count() == 1


def test_other_roles_see_no_studies(api: Api, make_user: MakeUser, client: APIClient) -> None:
    send_raw(client, dicom_image())
    public_id = Study.objects.get().public_id
    for role in ("researcher", "auditor", "admin"):
        other = api(make_user(role, role))
        assert other.get(URL).status_code == 403
        assert other.get(f"{URL}{public_id}/").status_code == 403
        assert send_raw(other, dicom_image()).status_code == 403
    assert api(make_user("far", hospital=AWAY)).get(f"{URL}{public_id}/").status_code == 404


def test_real_files_are_stored(client: APIClient) -> None:
    folder = SHARED / "dicom-mg-wg04"
    if not folder.exists():
        pytest.skip("the shared DICOM files are not here")
    response = send(client, *((path.name, path.read_bytes()) for path in sorted(folder.glob("US1_*.dcm"))))
    assert {file["status"] for file in response.json()["files"]} <= {"stored", "conflict"}, response.json()
    assert Instance.objects.filter(kind="image").count() == len(response.json()["files"])
