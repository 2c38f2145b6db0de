"""Jobs over HTTP: who reaches them by API and by page fragment, and what they can do there."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Role, User
from jobs.claims import claim
from jobs.models import Job, JobStatus

MakeJob = Callable[..., Job]
MakeUser = Callable[..., User]
SignIn = Callable[[User], Client]
Api = Callable[[User], APIClient]
pytestmark = pytest.mark.django_db

NORTH, SOUTH = "North Hospital", "South Hospital"
CAST = [
    (Role.CLINICIAN, NORTH, 200),
    (Role.ADMIN, NORTH, 200),
    (Role.RESEARCHER, NORTH, 404),
    (Role.AUDITOR, NORTH, 403),
    (Role.CLINICIAN, SOUTH, 404),
    (Role.ADMIN, SOUTH, 404),
]


def url_of(job: Job, name: str) -> str:
    return reverse(name, args=[job.public_id])


def fail(job: Job) -> None:
    Job.objects.filter(pk=job.pk).end(JobStatus.FAILED, error_code="model_withdrawn", error_message="Withdrawn.")


def test_the_owner_reads_a_job_and_finds_it_in_the_list(make_job: MakeJob, owner: User, api: Api) -> None:
    job = make_job(total=7)
    client = api(owner)

    answer = client.get(url_of(job, "api-job-detail"))

    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["status"], body["progress_done"], body["progress_total"]) == (
        str(job.public_id),
        "queued",
        0,
        7,
    )
    listed = client.get(reverse("api-job-list"), {"status": "queued"}).json()["results"]
    assert [row["id"] for row in listed] == [str(job.public_id)]
    assert client.get(reverse("api-job-list"), {"status": "failed"}).json()["results"] == []


@pytest.mark.parametrize("who", CAST)
def test_who_reaches_a_job_by_api(make_job: MakeJob, make_user: MakeUser, api: Api, who: tuple[str, str, int]) -> None:
    role, hospital, status = who
    job = make_job()
    client = api(make_user("other", role=role, hospital=hospital))

    assert client.get(url_of(job, "api-job-detail")).status_code == status
    assert client.post(url_of(job, "api-job-retry")).status_code == (409 if status == 200 else status)
    assert client.post(url_of(job, "api-job-cancel")).status_code == status
    job.refresh_from_db()
    assert job.status == (JobStatus.CANCELLED if status == 200 else JobStatus.QUEUED)


@pytest.mark.parametrize("who", CAST)
def test_who_reaches_a_job_by_page(
    make_job: MakeJob, make_user: MakeUser, sign_in: SignIn, who: tuple[str, str, int]
) -> None:
    role, hospital, status = who
    job = make_job()
    browser = sign_in(make_user("other", role=role, hospital=hospital))

    assert browser.get(url_of(job, "job-status")).status_code == status
    assert browser.post(url_of(job, "job-cancel")).status_code == (302 if status == 200 else status)
    job.refresh_from_db()
    assert job.status == (JobStatus.CANCELLED if status == 200 else JobStatus.QUEUED)


def test_the_anonymous_reach_nothing(make_job: MakeJob) -> None:
    job = make_job()
    anonymous = Client()

    assert anonymous.get(url_of(job, "api-job-detail")).status_code == 401
    assert anonymous.post(url_of(job, "api-job-cancel")).status_code == 401
    for name in ("job-status", "job-cancel", "job-retry"):
        method = anonymous.get if name == "job-status" else anonymous.post
        answer = method(url_of(job, name))
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED


def test_an_unknown_job_is_not_found(owner: User, api: Api, sign_in: SignIn) -> None:
    assert api(owner).get(reverse("api-job-detail", args=[uuid.uuid4()])).status_code == 404
    assert sign_in(owner).get(reverse("job-status", args=[uuid.uuid4()])).status_code == 404


def test_the_api_only_reads_cancels_and_starts_again(make_job: MakeJob, owner: User, api: Api) -> None:
    job = make_job()
    client = api(owner)

    assert client.post(reverse("api-job-list"), {"kind": "count-up"}).status_code == 405
    for method in (client.put, client.patch, client.delete):
        assert method(url_of(job, "api-job-detail"), {"status": "succeeded"}).status_code == 405


def test_cancelling_twice_is_a_conflict_that_says_why(make_job: MakeJob, owner: User, api: Api) -> None:
    job = make_job()
    client = api(owner)
    client.post(url_of(job, "api-job-cancel"))

    answer = client.post(url_of(job, "api-job-cancel"))

    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "job_already_ended"


def test_a_failed_job_is_started_again_by_api(make_job: MakeJob, owner: User, api: Api) -> None:
    job = make_job()
    fail(job)

    answer = api(owner).post(url_of(job, "api-job-retry"))

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["error_message"]) == ("queued", "")


def test_the_fragment_of_a_running_job_asks_for_itself_again(make_job: MakeJob, owner: User, sign_in: SignIn) -> None:
    job = make_job(total=2500)
    holder = claim(job_id=job.public_id, worker="host:1")
    assert holder is not None
    holder.report_progress(1200, note="reading the table")

    answer = sign_in(owner).get(url_of(job, "job-status"), headers={"HX-Request": "true"})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "HX-Refresh" not in answer
    assert f'hx-get="{url_of(job, "job-status")}"' in html
    assert 'hx-trigger="every 1s"' in html
    assert "X-Lobule-Poll" in html
    assert "1,200 of 2,500" in html
    assert "reading the table" in html
    assert 'value="1200" max="2500"' in html


@pytest.mark.parametrize("status", [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED])
def test_the_fragment_of_an_ended_job_stops_asking_and_renews_the_page(
    make_job: MakeJob, owner: User, sign_in: SignIn, status: JobStatus
) -> None:
    job = make_job()
    if status == JobStatus.FAILED:
        fail(job)
    else:
        Job.objects.filter(pk=job.pk).end(status)

    answer = sign_in(owner).get(url_of(job, "job-status"), headers={"HX-Request": "true"})

    html = answer.content.decode()
    assert (answer.status_code, answer["HX-Refresh"]) == (286, "true")
    assert "hx-get" not in html
    assert ("Start again" in html) is (status != JobStatus.SUCCEEDED)
    assert ("Withdrawn." in html) is (status == JobStatus.FAILED)


def test_polling_writes_no_audit_event(make_job: MakeJob, owner: User, sign_in: SignIn) -> None:
    job = make_job()
    browser = sign_in(owner)
    before = AuditEvent.objects.count()

    for _ in range(3):
        browser.get(url_of(job, "job-status"), headers={"X-Lobule-Poll": "1"})

    assert AuditEvent.objects.count() == before


def test_cancelling_in_the_page_answers_with_the_fragment(make_job: MakeJob, owner: User, sign_in: SignIn) -> None:
    job = make_job()
    claim(job_id=job.public_id, worker="host:1")

    answer = sign_in(owner).post(url_of(job, "job-cancel"), headers={"HX-Request": "true"})

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "Stopping" in html
    assert "hx-get" in html
    assert url_of(job, "job-cancel") not in html


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [("/worklist/?page=2", "/worklist/?page=2"), ("https://elsewhere.example/", None), ("", None)],
)
def test_without_a_script_cancelling_goes_back_to_the_page(
    make_job: MakeJob, owner: User, sign_in: SignIn, wanted: str, goes_to: str | None
) -> None:
    answer = sign_in(owner).post(url_of(make_job(), "job-cancel"), {"next": wanted})

    assert answer.status_code == 302
    assert answer["Location"] == (goes_to or reverse("home"))


def test_a_changing_request_must_be_a_post(make_job: MakeJob, owner: User, sign_in: SignIn) -> None:
    job = make_job()
    browser = sign_in(owner)

    assert browser.get(url_of(job, "job-cancel")).status_code == 405
    assert browser.get(url_of(job, "job-retry")).status_code == 405
    job.refresh_from_db()
    assert job.status == JobStatus.QUEUED
