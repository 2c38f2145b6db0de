"""The trail's pages: what is found by what, paging without counting, timelines, and who may look."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import audit
from accounts.models import Action, ApiToken, AuditEvent, Role, User
from accounts.review.pages import EVENTS_PER_PAGE, event_page, how_many
from diagnosis.models import Case
from jobs import services
from jobs.models import Job, JobStatus
from jobs.registry import register
from jobs.runner import run
from tests.accounts.trail_rows import event_of, pseudonym
from tests.cast import MakeUser, SignIn
from tests.studies import store_study

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def listed(auditor: User, sign_in: SignIn, **query: Any) -> str:
    return sign_in(auditor).get(reverse("audit-list"), query).content.decode()


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ({"actor": "Owner"}, True),
        ({"actor": "owner@EXAMPLE"}, True),
        ({"actor": "colleague"}, False),
        ({"action": "annotate"}, True),
        ({"action": "review"}, False),
        ({"patient": "11111111-2222-4333-8444-555555555555"}, True),
        ({"patient": "21111111-2222-4333-8444-555555555555"}, False),
        ({"since": "2026-03-02", "until": "2026-03-02"}, True),
        ({"since": "2026-03-03"}, False),
        ({"until": "2026-03-01"}, False),
        ({"outcome": "failure"}, True),
        ({"outcome": "success"}, False),
        ({"role": "clinician"}, True),
        ({"role": "researcher"}, False),
        ({"purpose": "emergency"}, True),
        ({"purpose": "none"}, False),
        ({"ip": "2001:db8::7"}, True),
        ({"ip": "2001:db8::8"}, False),
        ({"request_id": "a-request"}, True),
        ({"request_id": "a-reques"}, False),
        ({"object_id": "an-object"}, True),
    ],
)
def test_events_are_found_by_each_field(
    query: dict[str, str], is_found: bool, auditor: User, owner: User, sign_in: SignIn
) -> None:
    event = event_of(
        owner,
        NOON,
        Action.ANNOTATE,
        patient_pseudonym="11111111-2222-4333-8444-555555555555",
        outcome="failure",
        purpose="emergency",
        ip="2001:db8::7",
        request_id="a-request",
        object_id_text="an-object",
    )
    assert (reverse("audit-event", args=[event.public_id]) in listed(auditor, sign_in, **query)) == is_found


def test_an_address_that_is_none_is_said_to_be_none(auditor: User, sign_in: SignIn) -> None:
    assert "Enter one whole IP address" in listed(auditor, sign_in, ip="10.0.0")


def test_events_of_a_person_whose_account_is_gone_are_found(
    auditor: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    leaver = make_user("leaver")
    event = event_of(leaver, NOON)
    leaver.delete()
    assert reverse("audit-event", args=[event.public_id]) in listed(auditor, sign_in, actor="leaver@")


def test_pages_hold_each_event_once_even_when_many_have_the_same_moment(auditor: User, owner: User) -> None:
    for number in range(23):
        event_of(owner, NOON + timedelta(seconds=number // 10))
    rows = AuditEvent.objects.visible_to(auditor)
    seen, page = [], event_page(rows, size=5)
    while True:
        seen += [event.pk for event in page.events]
        if not page.older:
            break
        page = event_page(rows, before=page.older, size=5)
    assert len(seen) == len(set(seen)) == 23
    assert seen == [event.pk for event in rows.order_by("-at", "-id")]
    back = event_page(rows, after=page.newer, size=5)
    assert [event.pk for event in back.events] == seen[15:20]


def test_a_page_stays_in_its_place_while_events_are_appended(auditor: User, owner: User) -> None:
    for number in range(8):
        event_of(owner, NOON + timedelta(seconds=number))
    rows = AuditEvent.objects.visible_to(auditor)
    older = event_page(rows, size=4).older
    before = [event.pk for event in event_page(rows, before=older, size=4).events]
    event_of(owner, NOON + timedelta(minutes=5))
    assert [event.pk for event in event_page(rows, before=older, size=4).events] == before


@pytest.mark.parametrize("nonsense", ["x", "2026-03-02", "~5", "2026-03-02T12:00:00+00:00~", "2026-03-02T12:00~5"])
def test_a_place_that_is_none_shows_the_newest(nonsense: str, auditor: User, owner: User, sign_in: SignIn) -> None:
    event_of(owner, NOON)
    assert sign_in(auditor).get(reverse("audit-list"), {"before": nonsense}).status_code == 200


def test_many_pages_cost_no_more_queries_than_one(
    auditor: User, owner: User, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(2 * EVENTS_PER_PAGE):
        event_of(owner, NOON + timedelta(seconds=number), patient_pseudonym=pseudonym())
    browser = sign_in(auditor)
    with django_assert_max_num_queries(30):
        browser.get(reverse("audit-list"))


def test_a_count_is_exact_while_it_is_small(auditor: User, owner: User) -> None:
    for _ in range(3):
        event_of(owner, NOON)
    counted = how_many(AuditEvent.objects.visible_to(auditor))
    assert (counted.number, counted.is_exact) == (3, True)


def test_beyond_ten_thousand_a_count_is_an_estimate(
    auditor: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.review.pages.COUNTED_EXACTLY", 2)
    for _ in range(3):
        event_of(owner, NOON)
    counted = how_many(AuditEvent.objects.visible_to(auditor))
    assert (counted.is_exact, counted.number >= 2) == (False, True)


def test_who_saw_a_patient_includes_older_events_about_her_cases(auditor: User, owner: User, sign_in: SignIn) -> None:
    study = store_study(owner)
    case, patient = Case.objects.get(study=study), str(study.patient.public_id)
    older = event_of(owner, NOON, patient_pseudonym=str(case.public_id))
    newer = event_of(owner, NOON + timedelta(days=1), patient_pseudonym=patient, purpose="emergency")
    browser = sign_in(auditor)
    for name in (patient, str(case.public_id)):
        page = browser.get(reverse("audit-patient", args=[name])).content.decode()
        assert reverse("audit-event", args=[older.public_id]) in page
        assert reverse("audit-event", args=[newer.public_id]) in page
        assert "Monday 2 March 2026" in page
        assert "Emergency access, Treatment" in page
        assert "DOE" not in page
        assert "P-1" not in page


def test_a_patient_is_found_by_the_hospitals_number_which_is_kept_nowhere(
    auditor: User, owner: User, outsider: User, sign_in: SignIn
) -> None:
    study = store_study(owner, patient_id="MRN-4711")
    store_study(outsider, patient_id="MRN-4711")
    event_of(owner, NOON, patient_pseudonym=str(study.patient.public_id))
    response = sign_in(auditor).post(reverse("audit-patient-search"), {"number": " mrn-4711 "})
    assert response["Location"] == reverse("audit-patient", args=[str(study.patient.public_id)])
    asked = AuditEvent.objects.get(object_type="patient-number")
    assert asked.detail == {"found": 1}
    assert "4711" not in "".join(str(vars(event)) for event in AuditEvent.objects.all())


def test_a_number_that_nobody_has(auditor: User, sign_in: SignIn) -> None:
    response = sign_in(auditor).post(reverse("audit-patient-search"), {"number": "MRN-0815"})
    assert "No patient or sample here has exactly this number." in response.content.decode()
    assert "MRN-0815" not in response.content.decode()


def test_a_patient_of_another_institution_is_not_there(auditor: User, outsider: User, sign_in: SignIn) -> None:
    patient = pseudonym()
    event_of(outsider, NOON, patient_pseudonym=patient)
    assert sign_in(auditor).get(reverse("audit-patient", args=[patient])).status_code == 404
    assert sign_in(auditor).get(reverse("audit-person", args=[outsider.public_id])).status_code == 404


def test_an_events_page_leads_through_its_request(auditor: User, owner: User, sign_in: SignIn) -> None:
    first, second, third = (event_of(owner, NOON, request_id="one") for _ in range(3))
    page = sign_in(auditor).get(reverse("audit-event", args=[second.public_id])).content.decode()
    assert f'href="{reverse("audit-event", args=[first.public_id])}" rel="prev"' in page
    assert f'href="{reverse("audit-event", args=[third.public_id])}" rel="next"' in page
    assert "Not sealed yet" in page


def test_activity_counts_in_the_institutions_time(auditor: User, owner: User, sign_in: SignIn) -> None:
    now = datetime.now(UTC)
    event_of(owner, now - timedelta(days=1), patient_pseudonym=pseudonym())
    event_of(owner, now - timedelta(days=1), Action.DENIED)
    event_of(owner, now - timedelta(days=20))
    context = sign_in(auditor).get(reverse("audit-activity"), {"days": "7"}).context
    activity = context["activity"]
    assert [sum(column) for column in zip(*(day[1:] for day in activity.days), strict=True)] == [
        activity.total,
        activity.refused,
    ]
    assert (activity.refused, activity.patients, len(activity.days)) == (1, 1, 7)
    assert sum(cell.count for _, cells in activity.heat for cell in cells) == activity.total
    assert activity.people[0].label in {owner.email, auditor.email}


def test_an_auditor_reads_the_trail_by_the_api(auditor: User, owner: User, api: Any, make_user: MakeUser) -> None:
    for number in range(3):
        event_of(owner, NOON + timedelta(seconds=number), object_id_text=str(number))
    client = api(auditor)
    body = client.get(reverse("api-audit-event-list"), {"actor": "owner", "page_size": 2}).json()
    assert [row["object_id"] for row in body["results"]] == ["2", "1"]
    rest = client.get(body["next"]).json()
    assert [row["object_id"] for row in rest["results"]] == ["0"]
    assert rest["next"] is None
    (search,) = AuditEvent.objects.filter(action=Action.SEARCH, detail__shown=2)
    assert search.detail["filters"] == {"actor": "owner"}
    assert client.get(reverse("api-audit-event-list"), {"ip": "nonsense"}).status_code == 400
    assert api(make_user("researcher", Role.RESEARCHER)).get(reverse("api-audit-event-list")).status_code == 403


def test_aud_02_a_token_acts_in_its_persons_name(owner: User, client: Any) -> None:
    _, token = ApiToken.objects.create(owner, name="program", scopes=["cases:read"], is_verified=True)
    program = APIClient(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert program.get(reverse("api-case-list")).status_code == 200
    event = AuditEvent.objects.get(action=Action.SEARCH)
    assert (event.actor, event.role, event.institution) == (owner.email, Role.CLINICIAN, "North Hospital")
    assert token not in str(vars(event))


def test_aud_02_a_wrong_token_is_a_failed_sign_in(db: None, client: Any) -> None:
    client.get(reverse("api-case-list"), headers={"Authorization": "Bearer lobule_wrong"})
    event = AuditEvent.objects.get()
    assert (event.action, event.object_type, event.detail) == (Action.SIGN_IN_FAILED, "api-token", {})


def test_aud_04_a_retried_job_acts_as_the_person_who_asked_for_it(owner: User, colleague: User) -> None:
    attempts: list[int] = []

    @register("records-then-fails-once")
    def handler(claimed: Any) -> None:
        audit.record(Action.PREDICT, object_type="case", patient_pseudonym="somebody")
        attempts.append(claimed.attempt)
        if len(attempts) == 1:
            raise RuntimeError

    job = services.enqueue(
        kind="records-then-fails-once", subject_id="1", requested_by=owner, institution=owner.institution, total=1
    )
    with audit.acting(audit.context_for(colleague)):
        run(job.public_id, worker="one")
        run(job.public_id, worker="two")
    assert attempts == [1, 2]
    assert Job.objects.get(pk=job.pk).status == JobStatus.SUCCEEDED
    events = AuditEvent.objects.filter(action=Action.PREDICT)
    assert [(event.actor, event.request_id) for event in events] == [(owner.email, f"job:{job.public_id}")] * 2
