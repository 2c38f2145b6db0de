"""Legal holds as people place and lift them."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from accounts.models import Action, AuditEvent, LegalHold, User
from diagnosis.models import Case
from tests.cast import SignIn
from tests.studies import store_study

pytestmark = pytest.mark.django_db


def test_a_hold_on_a_patient_covers_every_pseudonym_of_hers(auditor: User, owner: User, sign_in: SignIn) -> None:
    study = store_study(owner)
    browser = sign_in(auditor)
    sent = {"patient": str(study.patient.public_id).upper(), "reason": "Case 12/2026", "until": "2026-03-02"}
    assert browser.post(reverse("hold-place"), sent).status_code == 302
    held = LegalHold.objects.in_force()
    assert {hold.patient_pseudonym for hold in held} == {
        str(study.patient.public_id),
        str(Case.objects.get(study=study).public_id),
    }
    assert {hold.period_until for hold in held} == {datetime(2026, 3, 2, 23, 59, 59, 999999, tzinfo=UTC)}
    assert AuditEvent.objects.filter(action=Action.PLACE_HOLD).count() == 2
    assert "Case 12/2026" in browser.get(reverse("audit-retention")).content.decode()


def test_a_hold_on_a_persons_acts_names_them_by_address(auditor: User, owner: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor)
    assert browser.post(reverse("hold-place"), {"person": "x@example.org", "reason": "?"}).status_code == 422
    browser.post(reverse("hold-place"), {"person": owner.email.upper(), "reason": "Complaint 7"})
    assert LegalHold.objects.get().person_id_text == str(owner.public_id)


def test_a_hold_without_a_reason_or_with_an_impossible_period_is_refused(auditor: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor)
    for sent in ({"reason": ""}, {"reason": "?", "since": "2026-03-02", "until": "2026-03-01"}):
        assert browser.post(reverse("hold-place"), sent).status_code == 422
    assert not LegalHold.objects.exists()


def test_a_hold_is_lifted_for_a_reason_that_stays(auditor: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor)
    browser.post(reverse("hold-place"), {"reason": "Inspection"})
    hold = LegalHold.objects.get()
    lift = reverse("hold-lift", args=[hold.public_id])
    browser.post(lift, {"reason": ""})
    assert LegalHold.objects.in_force().exists()
    browser.post(lift, {"reason": "The inspection is over"})
    assert not LegalHold.objects.in_force().exists()
    assert "The inspection is over" in browser.get(reverse("audit-retention")).content.decode()
    assert browser.post(lift, {"reason": "again"}).status_code == 409


def test_holds_ask_who_one_is_when_the_sign_in_is_old(auditor: User, sign_in: SignIn) -> None:
    browser = sign_in(auditor, minutes_ago=30)  # type: ignore[call-arg] # the cast's own
    assert browser.post(reverse("hold-place"), {"reason": "Inspection"}).status_code == 302
    assert not LegalHold.objects.exists()
