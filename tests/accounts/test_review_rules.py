"""What is unusual: each rule finds what it should, leaves the rest alone, and finds it once."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import (
    AccessRules,
    Action,
    AuditAlert,
    AuditEvent,
    DailyReview,
    EmergencyAccess,
    Institution,
    UnusualAccess,
    User,
)
from accounts.review.findings import review_institution
from diagnosis.models import Patient
from tests.accounts.trail_rows import event_of, pseudonym
from tests.cast import MakeUser, SignIn

pytestmark = pytest.mark.django_db

MONDAY = date(2026, 11, 16)


def at(hour: int, minute: int = 0, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=UTC)


def found(institution: Institution, **narrowed: Any) -> list[UnusualAccess]:
    review_institution(institution, since=MONDAY - timedelta(days=40))
    return list(UnusualAccess.objects.filter(institution=institution, **narrowed))


def set_rules(institution: Institution, **values: Any) -> AccessRules:
    return AccessRules.objects.create(institution=institution, **values)


def test_after_hours_means_the_institutions_own_hours(owner: User, colleague: User) -> None:
    set_rules(owner.institution, time_zone="Europe/London", starts_at=time(8), ends_at=time(18))
    event_of(owner, at(7, 59), patient_pseudonym=pseudonym())
    event_of(owner, at(18, 0), patient_pseudonym=pseudonym())
    event_of(colleague, at(8, 0), patient_pseudonym=pseudonym())
    event_of(colleague, at(17, 59), patient_pseudonym=pseudonym())
    event_of(colleague, at(3), Action.SIGN_IN)
    (finding,) = found(owner.institution, rule="after-hours")
    assert finding.actor == owner.email
    assert len(finding.events) == 2
    assert "07:59 to 18:00 (Europe/London)" in finding.summary


def test_after_hours_follows_summer_time(owner: User) -> None:
    set_rules(owner.institution, time_zone="Europe/London", starts_at=time(8), ends_at=time(18))
    july = date(2026, 7, 6)
    event_of(owner, datetime(2026, 7, 6, 7, 30, tzinfo=UTC), patient_pseudonym=pseudonym())
    event_of(owner, datetime(2026, 7, 6, 17, 30, tzinfo=UTC), patient_pseudonym=pseudonym())
    review_institution(owner.institution, since=july)
    (finding,) = UnusualAccess.objects.filter(rule="after-hours")
    assert len(finding.events) == 1
    assert "18:30" in finding.summary


@pytest.mark.parametrize(("weekend_is_work", "count"), [(False, 1), (True, 0)])
def test_after_hours_counts_the_weekend_unless_it_is_worked(weekend_is_work: bool, count: int, owner: User) -> None:
    set_rules(owner.institution, weekend_is_work=weekend_is_work)
    event_of(owner, at(12, day=MONDAY - timedelta(days=1)), patient_pseudonym=pseudonym())
    assert len(found(owner.institution, rule="after-hours")) == count


def test_a_job_at_night_is_nobodys_unusual_access(owner: User) -> None:
    event_of(owner, at(3), Action.PREDICT, patient_pseudonym=pseudonym(), request_id="job:1")
    assert found(owner.institution) == []


def test_many_patients_is_measured_against_the_person_and_the_role(owner: User, colleague: User) -> None:
    set_rules(owner.institution, patients_at_least=10, patients_factor=3)
    for back in range(1, 11):
        for _ in range(8):
            event_of(colleague, at(10, day=MONDAY - timedelta(days=back)), patient_pseudonym=pseudonym())
        event_of(owner, at(10, day=MONDAY - timedelta(days=back)), patient_pseudonym=pseudonym())
    for _ in range(24):
        event_of(colleague, at(10), patient_pseudonym=pseudonym())  # three times her usual eight, not more
    for _ in range(16):
        event_of(owner, at(11), patient_pseudonym=pseudonym())  # more than three times the role's 4.5
    (finding,) = found(owner.institution, rule="many-patients", day=MONDAY)
    assert finding.actor == owner.email
    assert finding.summary == "16 different patients; usually 1 a day, 4 for the role."


def test_one_patient_seen_often_is_one_patient(owner: User) -> None:
    set_rules(owner.institution, patients_at_least=10)
    patient = pseudonym()
    for minute in range(40):
        event_of(owner, at(10, minute), patient_pseudonym=patient)
    assert found(owner.institution, rule="many-patients") == []


@pytest.mark.parametrize(("name", "count"), [("OWNER^OLIVIA^^DR", 1), ("Ówner^Olivia", 1), ("OWNER^JANE", 0)])
def test_a_patient_with_the_persons_own_name(name: str, count: int, make_user: MakeUser) -> None:
    user = make_user("olivia")
    User.objects.filter(pk=user.pk).update(full_name="Dr Olivia Owner")
    patient = Patient.objects.create(institution=user.institution, identity="1", name=name)
    event_of(user, at(10), patient_pseudonym=str(patient.public_id))
    findings = found(user.institution, rule="own-name")
    assert len(findings) == count
    for finding in findings:
        assert "their own name" in finding.summary
        assert "olivia owner" not in finding.summary.lower()


def test_a_patient_with_a_colleagues_name(owner: User, make_user: MakeUser) -> None:
    colleague = make_user("maria")
    User.objects.filter(pk=colleague.pk).update(full_name="Maria Sol")
    patient = Patient.objects.create(institution=owner.institution, identity="1", name="SOL^MARIA")
    event_of(owner, at(10), patient_pseudonym=str(patient.public_id))
    (finding,) = found(owner.institution, rule="own-name")
    assert (finding.actor, "a colleague’s name" in finding.summary) == (owner.email, True)


def test_repeated_denials(owner: User, colleague: User) -> None:
    set_rules(owner.institution, denials_at_least=3)
    for number in range(3):
        event_of(owner, at(10), Action.DENIED, outcome="failure", object_id_text=f"page-{number % 2}")
    event_of(colleague, at(10), Action.DENIED, outcome="failure")
    (finding,) = found(owner.institution, rule="denials")
    assert (finding.actor, finding.summary) == (owner.email, "Refused 3 times, 2 different pages.")


def test_mass_export_counts_what_left_not_how_often(owner: User, colleague: User) -> None:
    set_rules(owner.institution, exports_at_least=100)
    event_of(owner, at(10), Action.EXPORT, detail={"cases": 60})
    event_of(owner, at(11), Action.EXPORT, detail={"files": 40})
    for _ in range(5):
        event_of(colleague, at(11), Action.DOWNLOAD)
    (finding,) = found(owner.institution, rule="mass-export")
    assert (finding.actor, "100" in finding.summary) == (owner.email, True)


def test_a_sign_in_from_a_new_address(owner: User, colleague: User) -> None:
    event_of(owner, at(9, day=MONDAY - timedelta(days=3)), Action.SIGN_IN, ip="192.0.2.1")
    event_of(owner, at(9), Action.SIGN_IN, ip="192.0.2.1")
    event_of(owner, at(10), Action.SIGN_IN, ip="203.0.113.5")
    event_of(colleague, at(10), Action.SIGN_IN, ip="203.0.113.5")  # the first of all
    (finding,) = found(owner.institution, rule="new-address")
    assert finding.actor == owner.email
    assert "203.0.113.5" in finding.summary
    assert len(finding.events) == 1


def test_an_alert_of_the_trail_is_found(owner: User) -> None:
    event_of(owner, datetime.now(UTC))
    AuditAlert.objects.create(kind="chain-broken", subject="1", detail="seq 7")
    review_institution(owner.institution)
    assert UnusualAccess.objects.get(rule="audit-alert").summary == "The chain of seals is broken."


def test_looking_again_finds_nothing_twice_and_follows_the_day(owner: User) -> None:
    event_of(owner, at(3), patient_pseudonym=pseudonym())
    since = MONDAY
    assert review_institution(owner.institution, since=since) == 1
    assert review_institution(owner.institution, since=since) == 0
    event_of(owner, at(4), patient_pseudonym=pseudonym())
    assert review_institution(owner.institution, since=since) == 0
    (finding,) = UnusualAccess.objects.all()
    assert len(finding.events) == 2
    review = DailyReview.objects.get(day=MONDAY)
    assert (review.event_count, review.patient_count, review.person_count) == (2, 2, 1)


def test_other_institutions_are_left_alone(owner: User, outsider: User) -> None:
    event_of(outsider, at(3), patient_pseudonym=pseudonym())
    assert found(owner.institution) == []


def test_the_command_takes_up_where_the_last_look_ended(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    event_of(owner, at(3), patient_pseudonym=pseudonym())
    call_command("review_access")
    assert "North Hospital: 1 new finding" in capsys.readouterr().out
    call_command("review_access")
    assert "North Hospital: 0 new findings" in capsys.readouterr().out


def rules_form(**changes: Any) -> dict[str, Any]:
    return {
        "time_zone": "Europe/London",
        "starts_at": "08:00",
        "ends_at": "18:00",
        "patients_at_least": 10,
        "patients_factor": 2,
        "denials_at_least": 3,
        "exports_at_least": 100,
        "address_days": 30,
    } | changes


def test_rules_are_tried_without_being_kept_and_kept_with_what_they_were(
    auditor: User, owner: User, sign_in: SignIn
) -> None:
    yesterday = datetime.now(UTC).replace(hour=3) - timedelta(days=1)
    event_of(owner, yesterday, patient_pseudonym=pseudonym())
    browser = sign_in(auditor)
    page = browser.post(reverse("review-rules"), rules_form() | {"preview": ""}).content.decode()
    assert "the last 30 days show 1 finding" in page
    assert not AccessRules.objects.exists()
    assert not UnusualAccess.objects.exists()
    browser.post(reverse("review-rules"), rules_form() | {"save": ""})
    assert AccessRules.objects.get().denials_at_least == 3
    changed = AuditEvent.objects.get(action=Action.CHANGE_SETTINGS).detail["changed"]
    assert changed["denials_at_least"] == {"from": "5", "to": "3"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_zone": "Mars/Olympus"}, "time zone by its name"),
        ({"ends_at": "07:00"}, "end after they begin"),
        ({"patients_factor": "0"}, "greater than or equal to 1"),
    ],
)
def test_rules_that_make_no_sense_are_refused(
    changes: dict[str, Any], message: str, auditor: User, sign_in: SignIn
) -> None:
    response = sign_in(auditor).post(reverse("review-rules"), rules_form(**changes) | {"save": ""})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not AccessRules.objects.exists()


def test_an_emergency_access_is_found_with_its_events(owner: User) -> None:
    patient = pseudonym()
    now = datetime.now(UTC)
    access = EmergencyAccess.objects.create(
        institution=owner.institution,
        user=owner,
        patient_pseudonym=patient,
        record_kind="study",
        reason=EmergencyAccess.Reason.COVER,
        explanation="I stand in for Dr Byrne this afternoon.",
        ends_at=now + timedelta(minutes=30),
    )
    event_of(owner, now, patient_pseudonym=patient, purpose="emergency")
    review_institution(owner.institution)
    (finding,) = UnusualAccess.objects.filter(rule="emergency")
    assert (finding.key, finding.actor, len(finding.events)) == (str(access.public_id), owner.email, 1)
    assert "Dr Byrne" not in finding.summary
