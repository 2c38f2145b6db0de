"""The pages of studies and uploads: what they show, narrow, search and export, and to whom."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Action, AuditEvent, User
from diagnosis.models import Case, Instance, Study, Upload, UploadedFile
from jobs.models import Job
from jobs.services import claim, enqueue
from tests.cast import SignIn
from tests.dicom_files import dicom_image, encapsulated_pdf, new_uid, zip_of
from tests.studies import ramp, store_answer, store_image, store_series, store_study
from webapp.storage import aliases

pytestmark = pytest.mark.django_db

Api = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    settings.UPLOAD_SPOOL_DIR = tmp_path / "arriving"
    settings.STORAGES = aliases(tmp_path.as_uri())


@pytest.fixture
def browser(sign_in: SignIn, owner: User) -> Client:
    return sign_in(owner)


@pytest.fixture
def send(api: Api, owner: User) -> Callable[[bytes], Any]:
    """Sends one file by the API; its result."""
    client = api(owner)

    def one(data: bytes) -> Any:
        return client.generic("POST", "/api/v1/studies/", data, content_type="application/dicom").json()["files"][0]

    return one


def enqueue_reading(owner: User, image: Instance) -> Job:
    return enqueue(
        kind="image-reading",
        subject_id=str(image.public_id),
        requested_by=owner,
        institution=owner.institution,
        total=1,
    )


def text(browser: Client, url: str) -> str:
    response = browser.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_an_empty_list_says_what_to_do(browser: Client) -> None:
    assert "No studies yet" in text(browser, "/studies/")
    assert "No uploads yet" in text(browser, "/uploads/")


def test_the_list_names_patient_modality_images_and_answer(browser: Client, owner: User) -> None:
    study = store_study(owner, name="Doe^Jane", patient_id="P-77")
    image = store_image(owner, store_series(study), [ramp()])
    answer = store_answer(image, evidence=np.zeros((4, 6, 4), np.uint8))
    Case.objects.filter(study=study).update(answer=answer)
    page = text(browser, "/studies/")
    assert "Doe, Jane" in page
    assert "P-77" in page
    assert 'class="lobule-modality"' in page
    assert f"{100 * answer.probability:.1f}%" in page


def test_the_list_is_narrowed_by_what_is_asked(browser: Client, send: Callable[[bytes], Any]) -> None:
    send(dicom_image(patient_name="Early^Ann", StudyDate="20200101"))
    send(dicom_image(modality="MG", patient_id="P-2", patient_name="Late^Bea", StudyDate="20260101"))
    for query, shown, hidden in (
        ("modality=MG", "Late, Bea", "Early, Ann"),
        ("date_to=2021-01-01", "Early, Ann", "Late, Bea"),
        ("description=both&date_from=2025-01-01", "Late, Bea", "Early, Ann"),
        ("answer=not-read", "Late, Bea", None),
    ):
        page = text(browser, f"/studies/?{query}")
        assert shown in page, query
        assert hidden is None or hidden not in page, query
    assert "No study fits" in text(browser, "/studies/?modality=CT")


def test_a_patient_is_searched_for_without_standing_in_a_url(browser: Client, send: Callable[[bytes], Any]) -> None:
    send(dicom_image(patient_name="Doe^Jane"))
    send(dicom_image(patient_id="P-2", patient_name="Roe^Mary"))
    response = browser.post("/studies/search/", {"patient": "jane, doe"})
    assert (response.status_code, response["Location"]) == (302, "/studies/")
    page = text(browser, "/studies/")
    assert "Doe, Jane" in page
    assert "Roe, Mary" not in page
    browser.post("/studies/search/", {"patient": ""})
    assert "Roe, Mary" in text(browser, "/studies/")
    searches = AuditEvent.objects.filter(action=Action.SEARCH, object_type="study")
    assert "jane" not in str(list(searches.values_list("detail", flat=True)))


def test_a_study_shows_patient_series_readings_and_documents(browser: Client, send: Callable[[bytes], Any]) -> None:
    study = new_uid()
    send(dicom_image(modality="MG", study=study, ImageLaterality="R", ViewPosition="MLO", patient_id="P-9"))
    send(encapsulated_pdf(study=study, patient_id="P-9"))
    public_id = Study.objects.get().public_id
    page = text(browser, f"/studies/{public_id}/")
    for words in ("Doe, Jane", "P-9", "1 Jan 1960, female", "2 Jan 2026 10:15", "R MLO", "Open viewer", "Not read"):
        assert words in page, words
    image, document = Instance.objects.get(kind="image"), Instance.objects.get(kind="document")
    assert f"/instances/{image.public_id}/thumbnail.png" in page
    assert f"/instances/{document.public_id}/file" in page
    assert f"/instances/{document.public_id}/thumbnail.png" not in page
    event = AuditEvent.objects.filter(action=Action.VIEW, object_type="study").get()
    assert event.patient_pseudonym == str(Study.objects.get().patient.public_id)


def test_contradictions_and_files_held_back_are_flagged(browser: Client, send: Callable[[bytes], Any]) -> None:
    ids = {"study": new_uid(), "series": new_uid(), "uid": new_uid()}
    send(dicom_image(**ids))
    send(dicom_image(**ids, seed=5))
    page = text(browser, f"/studies/{Study.objects.get().public_id}/")
    assert "1 file contradicts an earlier one" in page
    assert send(dicom_image(study=ids["study"], patient_id="somebody-else"))["status"] == "quarantined"
    page = text(browser, f"/studies/{Study.objects.get().public_id}/")
    assert "1 file held back for review" in page
    held = Instance.objects.get(state="quarantined")
    assert f"/instances/{held.public_id}/thumbnail.png" not in page
    assert "1 image held back for review" in text(browser, "/studies/")


def test_earlier_studies_of_the_patient_are_named_and_nobody_elses(
    browser: Client, send: Callable[[bytes], Any]
) -> None:
    send(dicom_image(patient_id="P-1", StudyDescription="Now"))
    send(dicom_image(patient_id="P-1", StudyDescription="Before", StudyDate="20190505"))
    send(dicom_image(patient_id="P-2", StudyDescription="Stranger"))
    page = text(browser, f"/studies/{Study.objects.get(description='Now').public_id}/")
    assert "5 May 2019" in page
    assert "Before" in page
    assert "Stranger" not in page


def test_a_long_series_shows_its_first_images_and_all_when_asked(browser: Client, owner: User) -> None:
    series = store_series(store_study(owner))
    for _ in range(30):
        store_image(owner, series, [ramp(4, 6)])
    url = f"/studies/{series.study.public_id}/"
    page = text(browser, url)
    assert page.count("thumbnail.png") == 24
    assert "Show all 30 images" in page
    assert text(browser, f"{url}?series={series.public_id}").count("thumbnail.png") == 30


def test_an_upload_tells_what_became_of_each_file(browser: Client, api: Api, owner: User) -> None:
    archive = zip_of({"good.dcm": dicom_image(), "notes.txt": b"hello"})
    client = api(owner)
    client.generic("POST", "/api/v1/studies/", archive, content_type="application/zip")
    upload = Upload.objects.get()
    waiting = text(browser, f"/uploads/{upload.public_id}/")
    assert "Unpacking an archive" in waiting
    from jobs.runner import run

    run(Job.objects.get().public_id, worker="test")
    page = text(browser, f"/uploads/{upload.public_id}/")
    for words in ("good.dcm", "notes.txt", "not_an_image_file", "Studies in this upload", "Doe, Jane"):
        assert words in page, words
    refused = text(browser, f"/uploads/{upload.public_id}/?show=refused")
    assert "notes.txt" in refused
    assert "good.dcm" not in refused
    assert ">2<" in text(browser, "/uploads/").replace(" ", "")
    csv = browser.get(f"/uploads/{upload.public_id}/results.csv").content.decode("utf-8-sig")
    assert "notes.txt" in csv
    assert AuditEvent.objects.filter(action=Action.EXPORT, object_type="image-upload").count() == 1


def test_missing_files_of_a_disc_are_named_on_the_study(
    browser: Client, send: Callable[[bytes], Any], owner: User
) -> None:
    from diagnosis.services.upload_remarks import LISTED

    stored = send(dicom_image())
    upload = Upload.objects.get(public_id=stored["upload"])
    warning = {"code": LISTED, "message": "", "files": ["DICOM/IM1", "DICOM/IM2"]}
    UploadedFile.objects.create(
        upload=upload, name="DICOMDIR", size=1, status="kept", code="directory", warnings=[warning]
    )
    page = text(browser, f"/studies/{stored['study']}/")
    assert "2 files that the disc’s directory (DICOMDIR) lists did not come: DICOM/IM1, DICOM/IM2" in page


def test_the_same_disc_sent_twice_is_judged_as_one(browser: Client, send: Callable[[bytes], Any]) -> None:
    from diagnosis.services.upload_remarks import LISTED

    data = dicom_image()
    stored, again = send(data), send(data)
    warning = {"code": LISTED, "message": "", "files": ["DICOM/IM1", "DICOM/IM2"]}
    for result, came in ((stored, "disc/DICOM/IM1"), (again, "disc/DICOM/IM2")):
        upload = Upload.objects.get(public_id=result["upload"])
        UploadedFile.objects.create(
            upload=upload, name="DICOMDIR", size=1, status="kept", code="directory", warnings=[warning]
        )
        UploadedFile.objects.create(upload=upload, name=came, size=1, status="stored")
    assert "did not come" not in text(browser, f"/studies/{stored['study']}/")


def test_a_reading_that_gave_up_is_started_again(browser: Client, owner: User) -> None:
    study = store_study(owner)
    image = store_image(owner, store_series(study), [ramp()])
    Instance.objects.update(reading="waiting", reading_reason="")
    job = enqueue_reading(owner, image)
    url = f"/studies/{study.public_id}/"
    assert "The study is being read" in text(browser, url)
    claim(job_id=job.public_id, worker="test").fail("broken", "The model's file is gone.")
    page = text(browser, url)
    assert "The reading of 1 image stopped: The model&#x27;s file is gone." in page
    assert browser.post(f"{url}read-again/").status_code == 302
    job.refresh_from_db()
    assert job.status == "queued"
    assert "The study is being read" in text(browser, url)


def test_a_waiting_page_follows_the_reading_and_is_one_more_view_when_it_ends(browser: Client, owner: User) -> None:
    study = store_study(owner)
    series = store_series(study)
    first, second = (store_image(owner, series, [ramp(shift=shift)]) for shift in (0, 1))
    for image in (first, second):
        enqueue_reading(owner, image)
    url = f"/studies/{study.public_id}/"
    page = text(browser, url)
    assert f'hx-get="{url}reading/"' in page
    assert """hx-headers='{"X-Lobule-Poll": "1"}'""" in page
    views = AuditEvent.objects.filter(action=Action.VIEW)
    assert views.count() == 1

    store_answer(first)
    Job.objects.filter(subject_id=str(first.public_id)).update(status="succeeded", finished_at=timezone.now())
    waiting = browser.get(f"{url}reading/", headers={"X-Lobule-Poll": "1"})
    assert "1 of 2 images done" in waiting.content.decode()
    assert "HX-Retarget" not in waiting
    assert "Doe" not in waiting.content.decode()
    assert views.count() == 1, "how far the reading is names no patient"

    answer = store_answer(second, probability=0.91)
    Case.objects.filter(study=study).update(answer=answer)
    Job.objects.filter(subject_id=str(second.public_id)).update(status="succeeded", finished_at=timezone.now())
    ended = browser.get(f"{url}reading/", headers={"X-Lobule-Poll": "1"})
    assert ended["HX-Retarget"] == "#findings"
    shown = ended.content.decode()
    assert shown.lstrip().startswith('<div id="findings"')
    assert "91.0%" in shown
    assert "hx-get" not in shown, "it asks no more"
    assert views.count() == 2
    assert set(views.values_list("patient_pseudonym", flat=True)) == {str(study.patient.public_id)}
    assert 'id="findings"' in text(browser, url)
    assert "hx-get" not in text(browser, url)


def test_the_upload_page_asks_for_nothing_by_itself(browser: Client) -> None:
    page = text(browser, "/images/upload/")
    assert 'data-uploads-url="/api/v1/uploads/"' in page
    assert "csrfmiddlewaretoken" in page


def test_a_browser_sends_files_with_its_session_and_token_and_not_without(browser: Client) -> None:
    client = browser
    client.handler.enforce_csrf_checks = True
    client.get("/images/upload/")
    token = client.cookies["csrftoken"].value
    data = dicom_image()

    def announce(files_url: str, **headers: str) -> Any:
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(data))} | headers
        return client.generic("POST", files_url, data, "application/offset+octet-stream", headers=tus)

    upload = client.post("/api/v1/uploads/", "{}", "application/json", headers={"X-CSRFToken": token}).json()
    assert announce(upload["files_url"]).status_code == 403
    assert announce(upload["files_url"], **{"X-CSRFToken": token}).json()["status"] == "stored"
    raw = client.generic("POST", "/api/v1/studies/", data, "application/dicom", headers={"X-CSRFToken": token})
    assert raw.status_code == 200
    assert client.generic("POST", "/api/v1/studies/", data, "application/dicom").status_code == 403
