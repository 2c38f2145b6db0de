"""The audit trail: what is written, who sees it, and that nothing happens without it."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import audit
from accounts.models import Action, AuditEvent, Outcome, Role, User
from diagnosis.models import Case, FnaBatch
from ml.fna.schema import FEATURE_NAMES
from tests.cast import PASSWORD, MakeUser, SignIn, wdbc

pytestmark = pytest.mark.django_db


def events(action: Action) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action))


@pytest.fixture
def broken_trail(db: None) -> None:
    """The audit table is out of reach; the test's transaction puts it back."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditevent RENAME TO out_of_reach")


def test_aud_01_sign_in_and_sign_out_write_one_event_each(client: Client, owner: User) -> None:
    client.post(reverse("account_login"), {"login": owner.email.upper(), "password": PASSWORD})
    client.post(reverse("account_logout"))
    (signed_in,), (signed_out,) = events(Action.SIGN_IN), events(Action.SIGN_OUT)
    assert signed_in.actor == signed_out.actor == owner.email
    assert signed_in.object_id_text == str(owner.public_id)


def test_aud_01_a_failed_sign_in_is_filed_under_the_persons_institution(client: Client, owner: User) -> None:
    client.post(reverse("account_login"), {"login": owner.email, "password": "wrong"})
    (failed,) = events(Action.SIGN_IN_FAILED)
    assert failed.outcome == Outcome.FAILURE
    assert failed.institution == owner.institution.name


def test_an_unknown_name_at_the_sign_in_is_kept_as_a_digest_only(client: Client, db: None) -> None:
    client.post(reverse("account_login"), {"login": "jane.doe@example.org", "password": "wrong"})
    (failed,) = events(Action.SIGN_IN_FAILED)
    assert "jane" not in f"{failed.actor} {failed.detail} {failed.object_id_text}"
    assert len(failed.detail["unknown_account_sha256"]) == 16


def test_aud_02_an_event_says_who_what_whom_when_and_from_where(
    scored_batch: FnaBatch, colleague: User, sign_in: SignIn
) -> None:
    case = Case.objects.get(reference="S-1")
    response = sign_in(colleague).get(reverse("case-detail", args=[case.public_id]), REMOTE_ADDR="203.0.113.9")
    viewed = AuditEvent.objects.get(action=Action.VIEW, object_type="case")
    assert (viewed.actor, viewed.role, viewed.institution) == (
        colleague.email,
        Role.CLINICIAN,
        "North Hospital",
    )
    assert viewed.patient_pseudonym == viewed.object_id_text == str(case.public_id)
    assert (viewed.ip, viewed.request_id) == ("203.0.113.9", response["X-Request-ID"])
    assert viewed.at is not None
    assert viewed.purpose == "treatment"


def test_aud_04_a_job_acts_as_the_person_who_asked_for_it(scored_batch: FnaBatch, owner: User) -> None:
    predicted = events(Action.PREDICT)
    assert len(predicted) == scored_batch.row_count
    assert {event.actor for event in predicted} == {owner.email}
    assert {event.request_id for event in predicted} == {f"job:{scored_batch.job.public_id}"}


@pytest.mark.parametrize("route", ["worklist", "worklist-export", "batch-list"])
def test_aud_03_no_page_with_patients_data_without_its_event(
    route: str, scored_batch: FnaBatch, owner: User, sign_in: SignIn, broken_trail: None
) -> None:
    response = sign_in_quietly(owner, sign_in).get(reverse(route))
    assert response.status_code == 503
    assert response["Retry-After"] == "60"
    assert b"S-1" not in response.content


def test_aud_03_no_case_and_no_api_answer_without_its_event(
    scored_batch: FnaBatch, owner: User, sign_in: SignIn, broken_trail: None
) -> None:
    case = Case.objects.get(reference="S-1")
    browser = sign_in_quietly(owner, sign_in)
    for route in ("case-detail", "api-case-detail"):
        response = browser.get(reverse(route, args=[case.public_id]))
        assert response.status_code == 503
        assert b"S-1" not in response.content


def test_aud_03_an_upload_that_cannot_be_recorded_stores_nothing(
    owner: User, sign_in: SignIn, broken_trail: None
) -> None:
    browser = sign_in_quietly(owner, sign_in)
    rows, _ = wdbc(1)
    sample = {"measurements": dict(zip(FEATURE_NAMES, rows[0].tolist(), strict=True))}
    response = browser.post(reverse("api-fna-sample-list"), sample, "application/json")
    assert response.status_code == 503
    assert Case.objects.count() == 0


def sign_in_quietly(user: User, sign_in: SignIn) -> Client:
    """Signs in while the trail is out of reach, which a sign-in itself needs."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE out_of_reach RENAME TO accounts_auditevent")
        browser = sign_in(user)
        cursor.execute("ALTER TABLE accounts_auditevent RENAME TO out_of_reach")
    return browser


def test_an_event_is_neither_changed_nor_deleted(owner: User) -> None:
    audit.record(Action.VIEW, object_type="case")
    event = AuditEvent.objects.get()
    with pytest.raises(TypeError):
        event.save()
    with pytest.raises(TypeError):
        event.delete()


def test_an_event_outlives_its_actor(make_user: MakeUser) -> None:
    leaver = make_user("leaver", Role.RESEARCHER)
    with audit.acting(audit.context_for(leaver)):
        audit.record(Action.VIEW, object_type="model")
    leaver.delete()
    assert AuditEvent.objects.get().actor == "leaver@example.org"


@pytest.mark.parametrize(
    ("role", "hospital", "seen"),
    [
        (Role.AUDITOR, "North Hospital", 1),
        (Role.ADMIN, "North Hospital", 1),
        (Role.CLINICIAN, "North Hospital", 0),
        (Role.RESEARCHER, "North Hospital", 0),
        (Role.AUDITOR, "South Hospital", 0),
    ],
)
def test_who_sees_an_institutions_trail(role: str, hospital: str, seen: int, owner: User, make_user: MakeUser) -> None:
    with audit.acting(audit.context_for(owner)):
        audit.record(Action.VIEW, object_type="case")
    assert AuditEvent.objects.visible_to(make_user("reader", role, hospital)).count() == seen


def test_the_list_narrows_by_person_action_and_day(auditor: User, owner: User, sign_in: SignIn) -> None:
    with audit.acting(audit.context_for(owner)):
        audit.record(Action.EXPORT, object_type="case", patient_pseudonym="the-export")
        audit.record(Action.VIEW, object_type="case", patient_pseudonym="the-view")
    browser = sign_in(auditor)

    def listed(**query: Any) -> str:
        return browser.get(reverse("audit-list"), query).content.decode()

    assert "the-export" in listed()
    assert "the-view" not in listed(action="export")
    assert "the-export" not in listed(actor="nobody")
    assert "the-export" not in listed(until="2020-01-01")
    assert "the-export" in listed(since="2020-01-01")


def test_looking_at_the_trail_is_recorded(auditor: User, sign_in: SignIn) -> None:
    sign_in(auditor).get(reverse("audit-list"))
    assert AuditEvent.objects.get(object_type="audit-trail").actor == auditor.email


def test_a_denial_is_recorded_under_the_routes_name(make_user: MakeUser, sign_in: SignIn) -> None:
    researcher = make_user("researcher", Role.RESEARCHER)
    assert sign_in(researcher).get(reverse("worklist")).status_code == 403
    (denied,) = events(Action.DENIED)
    assert (denied.actor, denied.object_id_text, denied.outcome) == (
        researcher.email,
        "worklist",
        Outcome.FAILURE,
    )
