"""Exports of the trail: as many events in each format, inert in every program that opens them, and recorded."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from fhir.resources.R4B.auditevent import AuditEvent as FhirAuditEvent

from accounts import audit
from accounts.audit.export import ROWS_AT_ONCE, export_events
from accounts.models import Action, AuditEvent, User
from tests.accounts.trail_rows import event_of, pseudonym
from tests.cast import MakeUser, SignIn

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NASTY = (
    '=HYPERLINK("http://evil.example")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r\n2026-01-01,forged",
    " =1+1",
    "\uff1dcmd",
    "a\nb",
    "line\u2028separator",
    "\0nul",
)


def exported(browser: Client, file_format: str, **query: Any) -> str:
    response = browser.get(reverse("audit-export-file", args=[file_format]), query)
    assert response.status_code == 200
    return b"".join(response).decode()  # type: ignore[arg-type] # nothing here is asynchronous


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_aud_11_three_formats_agree_on_the_count(auditor: User, owner: User, outsider: User, sign_in: SignIn) -> None:
    for number in range(7):
        event_of(owner, NOON, patient_pseudonym=pseudonym(), object_id_text=str(number))
    event_of(owner, NOON, Action.EXPORT)
    event_of(outsider, NOON)
    browser = sign_in(auditor)
    asked = {"action": "view", "until": "2026-03-02"}
    as_csv = rows_of(exported(browser, "csv", **asked))
    as_jsonl = [json.loads(line) for line in exported(browser, "jsonl", **asked).splitlines()]
    as_fhir = [json.loads(line) for line in exported(browser, "fhir", **asked).splitlines()]
    ids = {row["event"] for row in as_csv}
    assert len(as_csv) == len(as_jsonl) == len(as_fhir) == len(ids) == 7
    assert ids == {row["event"] for row in as_jsonl} == {row["id"] for row in as_fhir}


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "fhir"])
def test_aud_11_an_export_is_recorded_with_its_filter_and_count(
    file_format: str, auditor: User, owner: User, sign_in: SignIn
) -> None:
    event_of(owner, NOON)
    exported(sign_in(auditor), file_format, actor="owner", until="2026-03-02")
    event = AuditEvent.objects.get(action=Action.EXPORT)
    assert (event.actor, event.object_type, event.object_id_text) == (auditor.email, "audit-trail", file_format)
    assert event.detail == {"events": 1, "filters": {"actor": "owner", "until": "2026-03-02"}}


def test_aud_11_what_is_appended_while_a_file_is_sent_is_not_in_it(auditor: User, owner: User) -> None:
    for _ in range(3):
        event_of(owner, NOON)
    with audit.acting(audit.context_for(auditor)):
        count, lines = export_events(AuditEvent.objects.visible_to(auditor), file_format="jsonl", filters={})
    event_of(owner, NOON)
    assert count == len(list(lines)) == 3


def test_aud_11_a_file_longer_than_one_piece_is_whole(auditor: User, owner: User) -> None:
    template = event_of(owner, NOON)
    values = {field.attname: getattr(template, field.attname) for field in AuditEvent._meta.concrete_fields}
    for name in ("id", "public_id", "transaction_id"):
        del values[name]
    AuditEvent.objects.bulk_create(AuditEvent(**values) for _ in range(ROWS_AT_ONCE + 3))
    count, lines = export_events(AuditEvent.objects.visible_to(auditor), file_format="csv", filters={})
    assert len(list(lines)) == count + 1 == ROWS_AT_ONCE + 5


def test_aud_11_fhir_resources_are_valid_and_say_what_happened(auditor: User, owner: User, sign_in: SignIn) -> None:
    patient = pseudonym()
    for action in Action:
        detail = {"filters": {"status": "malignant"}, "shown": 3, "empty": ""}
        event_of(owner, NOON, action, patient_pseudonym=patient, object_id_text="x", detail=detail)
    event_of(owner, NOON, Action.DENIED, outcome="failure", ip=None, role="", purpose="", object_type="")
    event_of(owner, NOON, Action.VIEW, purpose="emergency", patient_pseudonym=patient)
    lines = exported(sign_in(auditor), "fhir", until="2026-03-02").splitlines()
    resources = [FhirAuditEvent.model_validate_json(line) for line in lines]
    assert len(resources) == len(Action) + 2
    viewed = next(r for r in resources if r.type.code == "110110" and r.action == "R")
    assert viewed.agent[0].who.display == owner.email
    assert viewed.agent[0].network.address == "192.0.2.1"
    assert viewed.entity[0].what.identifier.value == f"urn:uuid:{patient}"
    assert viewed.purposeOfEvent[0].coding[0].code == "TREAT"
    assert resources[-1].purposeOfEvent[0].coding[0].code == "BTG"
    assert [r.outcome for r in resources].count("4") == 1
    login = next(r for r in resources if r.subtype[0].code == "110122")
    assert login.type.code == "110114"


def test_an_export_asks_who_one_is_when_the_sign_in_is_old(auditor: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor, minutes_ago=30)  # type: ignore[call-arg] # the cast's own
    response = browser.get(reverse("audit-export-file", args=["csv"]))
    assert response.status_code == 302
    assert "reauthenticate" in response["Location"]
    assert not AuditEvent.objects.filter(action=Action.EXPORT).exists()


def test_an_export_holds_ones_own_institution_alone(
    auditor: User, owner: User, outsider: User, sign_in: SignIn
) -> None:
    event_of(owner, NOON)
    event_of(outsider, NOON)
    rows = rows_of(exported(sign_in(auditor), "csv", until="2026-03-02"))
    assert {row["actor"] for row in rows} == {owner.email}


@pytest.mark.parametrize("nasty", NASTY)
def test_aud_13_no_value_forges_a_row_or_a_formula(
    nasty: str, auditor: User, owner: User, sign_in: SignIn, make_user: MakeUser
) -> None:
    with audit.acting(audit.AuditContext(**vars(audit.context_for(owner)) | {"actor": nasty, "request_id": nasty})):
        texts = dict.fromkeys(("object_type", "object_id", "purpose", "patient_pseudonym"), nasty)
        audit.record(Action.VIEW, detail={nasty: nasty}, **texts)
    browser = sign_in(auditor)
    text = exported(browser, "csv", actor="owner", action="view")
    assert len(text.splitlines()) == 2
    (row,) = rows_of(text)
    for value in row.values():
        assert not value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))
    for file_format in ("jsonl", "fhir"):
        (line,) = exported(browser, file_format, actor="owner", action="view").splitlines()
        json.loads(line)
    page = browser.get(reverse("audit-list"), {"action": "view"}).content.decode()
    assert page.count('<td class="nhsuk-table__cell lobule-table__roomy">') == 1
    assert "\0" not in page


def test_aud_13_what_was_written_past_the_site_is_inert_too(auditor: User, owner: User, sign_in: SignIn) -> None:
    event_of(owner, NOON, object_type="=1+1", object_id_text="a\r\nb,c", request_id="=2")
    text = exported(sign_in(auditor), "csv", until="2026-03-02")
    (row,) = rows_of(text)
    assert len(text.splitlines()) == 2
    assert (row["object_type"], row["request_id"]) == ("'=1+1", "'=2")
    assert "\n" not in row["object_id"]


@pytest.mark.parametrize("name", ["password", "new_passphrase", "api_token", "Authorization", "pixel_data", "otp"])
def test_aud_02_no_password_token_or_pixel_stays_in_an_event(name: str, owner: User) -> None:
    with audit.acting(audit.context_for(owner)):
        audit.record(Action.VIEW, detail={"kept": "yes", name: "hunter2", "deep": {name: "hunter2"}, "raw": b"hunter2"})
    event = AuditEvent.objects.get(action=Action.VIEW)
    assert "hunter2" not in json.dumps(event.detail)
    assert event.detail["kept"] == "yes"
