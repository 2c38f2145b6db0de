"""Emergency access: asking for it, what it leaves in the trail, its end, and an auditor's judgement (ACC-19)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPException
from unittest import mock

import pytest
from django.core import mail
from django.db import IntegrityError, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import audit
from accounts.errors import AuditUnavailable, Conflict
from accounts.models import Action, AuditEvent, EmergencyAccess, Outcome, Role, User
from accounts.people import emergency
from accounts.people.emergency import NoSuchRecord, TooManyWrongNumbers, begin_access, events_under, unreviewed
from diagnosis.models import Case, FnaBatch, Study
from diagnosis.services.restriction import restrict
from tests.cast import AWAY, MakeUser, SignIn
from tests.restricted import EXPLANATION, opened_to
from tests.studies import ramp, store_image, store_series, store_study

pytestmark = pytest.mark.django_db

ASKED = {"number": "P-77", "reason": "emergency", "explanation": EXPLANATION, "minutes": "30"}
NOTHING = "No restricted record has this number."


@pytest.fixture
def study(owner: User) -> Study:
    """A study of a restricted patient."""
    study = store_study(owner, patient_id="P-77", name="ROE^ANN")
    store_image(owner, store_series(study), [ramp()])
    restrict(user=owner, record=study.patient, reason="staff")
    return study


def ask(browser: Client, **changes: str) -> tuple[int, str]:
    """Asks by the page: the status and the page that follows."""
    response = browser.post(reverse("emergency-access"), ASKED | changes)
    page = browser.get(response.headers["Location"]) if response.status_code == 302 else response
    return response.status_code, page.content.decode()


def begin(user: User, number: str = "P-77", minutes: int = 30) -> EmergencyAccess:
    """Asks by the service."""
    why = {"reason": "cover", "explanation": EXPLANATION, "minutes": minutes}
    with audit.acting(audit.context_for(user)):
        opened = begin_access(user=user, number=number, link_to=lambda access: "link", **why)
    return opened[0]


def test_acc_19_asking_opens_the_record_and_tells_the_auditors(
    study: Study, colleague: User, auditor: User, sign_in: SignIn
) -> None:
    browser, page = sign_in(colleague), reverse("study-detail", args=[study.public_id])
    assert browser.get(page).status_code == 404
    status, shown = ask(browser)
    assert status == 302
    assert page in shown
    assert browser.get(page).status_code == 200
    access = EmergencyAccess.objects.get()
    assert (access.patient_pseudonym, access.user) == (str(study.patient.public_id), colleague)
    assert timedelta(minutes=29) < access.ends_at - access.started_at <= timedelta(minutes=30)
    (letter,) = mail.outbox
    assert letter.to == [auditor.email]
    assert reverse("emergency-detail", args=[access.public_id]) in letter.body
    assert not re.search("P-77|ROE|ANN|Bleeding", f"{letter.subject} {letter.body}")
    assert access.notified_at is not None
    assert list(unreviewed(auditor.institution)) == [access]


def test_acc_19_a_reason_is_needed(study: Study, colleague: User, sign_in: SignIn) -> None:
    browser = sign_in(colleague)
    for missing in ({"reason": ""}, {"reason": "curiosity"}, {"explanation": "too short"}, {"minutes": "90"}):
        assert ask(browser, **missing)[0] == 422
    assert ask(browser, explanation=" " * 30)[0] == 422
    assert not EmergencyAccess.objects.exists()


def test_acc_19_an_old_sign_in_is_confirmed_first(study: Study, colleague: User, sign_in: SignIn) -> None:
    browser = sign_in(colleague, minutes_ago=30)
    for response in (browser.get(reverse("emergency-access")), browser.post(reverse("emergency-access"), ASKED)):
        assert "reauthenticate" in response.headers["Location"]
        assert "P-77" not in response.headers["Location"]
    assert not EmergencyAccess.objects.exists()


def test_acc_19_the_database_allows_an_hour_at_most(owner: User) -> None:
    opened_to(owner, minutes=59)
    with pytest.raises(IntegrityError, match="emergency_an_hour_at_most"), transaction.atomic():
        opened_to(owner, minutes=61)
    with pytest.raises(IntegrityError), transaction.atomic():
        EmergencyAccess.objects.update(ends_at=timezone.now() + timedelta(hours=2))
    with pytest.raises(IntegrityError), transaction.atomic():
        EmergencyAccess.objects.update(explanation="too short")


def test_a_wrong_number_sounds_as_an_unrestricted_one(
    study: Study, colleague: User, owner: User, sign_in: SignIn
) -> None:
    store_study(owner, patient_id="P-2")
    browser = sign_in(colleague)
    pages = set()
    for number in ("P-2", "P-99"):
        status, shown = ask(browser, number=number)
        assert status == 422
        assert NOTHING in shown
        pages.add(re.sub(r"hx-headers='.*?'|value=\"[^\"]*\"|data-[a-z-]+=\"[^\"]*\"", "", shown))
    assert len(pages) == 1
    failed = AuditEvent.objects.filter(action=Action.EMERGENCY_ACCESS, outcome=Outcome.FAILURE)
    assert failed.count() == 2
    assert not any("P-2" in str(event.detail) + event.object_id_text for event in failed)
    # Whoever sees the record anyway learns nothing here either.
    assert NOTHING in ask(sign_in(owner))[1]


def test_acc_16_another_hospitals_restricted_record_is_not_found(study: Study, outsider: User) -> None:
    with pytest.raises(NoSuchRecord):
        begin(outsider)


def test_acc_22_after_ten_wrong_numbers_in_an_hour_none_is_taken(
    study: Study, colleague: User, sign_in: SignIn
) -> None:
    for number in range(10):
        with pytest.raises(NoSuchRecord):
            begin(colleague, f"X-{number}")
    response = sign_in(colleague).post(reverse("emergency-access"), ASKED)
    assert response.status_code == 429
    assert 3500 < int(response.headers["Retry-After"]) <= 3601
    assert not EmergencyAccess.objects.exists()


def test_wrong_numbers_of_an_hour_ago_are_forgotten(study: Study, colleague: User, make_user: MakeUser) -> None:
    event = {"action": Action.EMERGENCY_ACCESS, "outcome": Outcome.FAILURE, "actor_id_text": str(colleague.public_id)}
    for _ in range(9):
        AuditEvent.objects.create(**event, at=timezone.now() - timedelta(minutes=59))
    AuditEvent.objects.create(**event, at=timezone.now() - timedelta(minutes=61))
    with pytest.raises(NoSuchRecord):
        begin(colleague, "X-1")
    with pytest.raises(TooManyWrongNumbers) as refused:
        begin(colleague)
    assert refused.value.retry_after <= 61
    assert begin(make_user("other"))  # one person's guessing stops nobody else


def test_aud_02_what_is_done_under_it_says_so(study: Study, colleague: User, owner: User, sign_in: SignIn) -> None:
    other = store_study(owner, patient_id="P-2")
    browser = sign_in(colleague)
    ask(browser)
    access = EmergencyAccess.objects.get()
    before = AuditEvent.objects.latest("pk").pk
    image = study.series.get().instances.get()
    for address in (
        reverse("study-viewer", args=[study.public_id]),
        reverse("instance-frame", args=[image.public_id, 1]),
        reverse("study-list"),
        reverse("study-detail", args=[other.public_id]),
    ):
        response = browser.get(address)
        assert response.status_code == 200
        b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
    events = AuditEvent.objects.filter(pk__gt=before, actor_id_text=str(colleague.public_id)).order_by("pk")
    told = [(event.object_type, event.purpose, event.detail.get("emergency_access")) for event in events]
    mine = str(access.public_id)
    assert told == [
        ("study", "emergency", mine),
        ("image", "emergency", mine),
        ("study", "emergency", mine),  # the list, where the record stands among others
        ("study", "treatment", None),  # another patient's
    ]
    begun = AuditEvent.objects.get(action=Action.EMERGENCY_ACCESS)
    assert begun.detail == {"emergency_access": mine, "reason": "emergency", "minutes": 30}
    assert events_under(access).count() == 4


def test_what_others_do_meanwhile_is_not_marked(study: Study, colleague: User, owner: User, sign_in: SignIn) -> None:
    begin(colleague)
    sign_in(owner).get(reverse("study-detail", args=[study.public_id]))
    assert AuditEvent.objects.filter(actor=owner.email, action=Action.VIEW).get().purpose == "treatment"


def test_acc_19_ending_it_closes_the_record(study: Study, colleague: User, sign_in: SignIn) -> None:
    browser, page = sign_in(colleague), reverse("study-detail", args=[study.public_id])
    access = begin(colleague)
    shown = browser.get(page).content.decode()
    assert f"until {access.ends_at:%H:%M} UTC" in shown
    end = reverse("emergency-end", args=[access.public_id])
    assert end in shown
    assert end in browser.get(reverse("study-viewer", args=[study.public_id])).content.decode()
    assert browser.post(end).status_code == 302
    assert browser.get(page).status_code == 404
    assert "data-emergency-seconds" not in browser.get(reverse("worklist")).content.decode()
    assert AuditEvent.objects.filter(action=Action.END_EMERGENCY_ACCESS).count() == 1
    browser.post(end)
    assert AuditEvent.objects.filter(action=Action.END_EMERGENCY_ACCESS).count() == 1


def test_the_banner_is_on_every_page_while_it_runs(study: Study, colleague: User, sign_in: SignIn) -> None:
    browser = sign_in(colleague)
    begin(colleague)
    for route in ("worklist", "study-list", "batch-list", "image-upload", "model-list", "account-profile"):
        assert browser.get(reverse(route)).content.decode().count("data-emergency-seconds") == 1


def test_a_sample_number_opens_every_restricted_sample_of_that_number(
    scored_batch: FnaBatch, owner: User, colleague: User, sign_in: SignIn
) -> None:
    Case.objects.filter(reference="S-2").update(reference="S-1")
    cases = list(Case.objects.filter(reference="S-1"))
    for case in cases:
        restrict(user=owner, record=case, reason="wish")
    browser = sign_in(colleague)
    assert "2 records with this number are open" in ask(browser, number=" s-1 ")[1]
    for case in cases:
        assert browser.get(reverse("case-detail", args=[case.public_id])).status_code == 200


def test_an_institution_without_auditors_tells_its_administrators(
    study: Study, colleague: User, make_user: MakeUser
) -> None:
    admin = make_user("admin", Role.ADMIN)
    make_user("away", Role.AUDITOR, hospital=AWAY)
    begin(colleague)
    assert [letter.to for letter in mail.outbox] == [[admin.email]]


def test_a_failing_mail_server_opens_and_closes_nothing(
    study: Study, colleague: User, auditor: User, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    with mock.patch("accounts.people.letters.get_connection", side_effect=SMTPException("to auditor@example.org")):
        access = begin(colleague)
    access.refresh_from_db()
    assert access.notified_at is None
    assert "SMTPException" in caplog.text
    assert "@" not in caplog.text
    page = sign_in(auditor).get(reverse("emergency-detail", args=[access.public_id])).content.decode()
    assert "Could not be sent" in page


def test_aud_03_nothing_opens_when_the_trail_cannot_be_written(
    study: Study, colleague: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*args: object, **kwargs: object) -> None:
        raise AuditUnavailable("not now")

    monkeypatch.setattr(emergency.audit, "record", unavailable)
    with pytest.raises(AuditUnavailable):
        begin(colleague)
    assert not EmergencyAccess.objects.exists()


def test_an_auditor_sees_what_was_looked_at_and_judges_once(
    study: Study, colleague: User, auditor: User, sign_in: SignIn
) -> None:
    access = begin(colleague)
    sign_in(colleague).get(reverse("study-viewer", args=[study.public_id]))
    browser, page = sign_in(auditor), reverse("emergency-detail", args=[access.public_id])
    assert "To be judged" in browser.get(reverse("emergency-list")).content.decode()
    shown = browser.get(page).content.decode()
    assert EXPLANATION in shown
    assert "Viewed" in shown
    assert "ROE" not in shown
    assert browser.post(page, {"verdict": "justified", "note": " "}).status_code == 422
    verdict = {"verdict": "not-justified", "note": "The patient was at home."}
    assert browser.post(page, verdict).status_code == 302
    assert "Not justified" in browser.get(page).content.decode()
    assert not unreviewed(auditor.institution).exists()
    assert browser.post(page, verdict | {"verdict": "justified"}).status_code == 409
    access.refresh_from_db()
    assert (access.verdict, access.reviewed_by) == ("not-justified", auditor)
    assert AuditEvent.objects.filter(action=Action.REVIEW).get().detail["verdict"] == "not-justified"


def test_nobody_judges_their_own_access(study: Study, colleague: User) -> None:
    access = begin(colleague)
    colleague.role = Role.AUDITOR
    with pytest.raises(Conflict, match="their own"):
        emergency.judge_access(access=access, auditor=colleague, verdict="justified", note="I was there.")
    with pytest.raises(IntegrityError), transaction.atomic():
        EmergencyAccess.objects.update(verdict="justified", reviewed_by=colleague, reviewed_at=timezone.now())


def test_acc_16_another_hospitals_auditor_finds_no_access(
    study: Study, colleague: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    access = begin(colleague)
    browser = sign_in(make_user("away", Role.AUDITOR, hospital=AWAY))
    assert "No emergency access yet" in browser.get(reverse("emergency-list")).content.decode()
    assert browser.get(reverse("emergency-detail", args=[access.public_id])).status_code == 404


def test_a_job_of_the_person_is_marked_too(study: Study, colleague: User) -> None:
    access = begin(colleague)
    with audit.acting(audit.context_for(colleague, request_id="job:1")):
        audit.record_each(
            Action.PREDICT, object_type="image", subjects=[("1", study.patient.public_id), ("2", "somebody else")]
        )
    events = AuditEvent.objects.filter(action=Action.PREDICT).order_by("pk")
    assert [event.purpose for event in events] == ["emergency", "treatment"]
    assert events[0].detail["emergency_access"] == str(access.public_id)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_wrong_numbers_sent_at_once_do_not_pass_the_limit(colleague: User) -> None:
    def guess(number: int) -> str:
        try:
            begin(colleague, f"X-{number}")
        except (NoSuchRecord, TooManyWrongNumbers) as error:
            return error.code
        finally:
            connections.close_all()
        return "opened"

    with ThreadPoolExecutor(8) as pool:
        results = sorted(pool.map(guess, range(16)))
    assert results == ["no_restricted_record"] * 10 + ["too_many_wrong_numbers"] * 6
