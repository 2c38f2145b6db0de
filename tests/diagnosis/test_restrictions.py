"""Restricted records: who goes on seeing them, and from where they vanish for everybody else."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.errors import Conflict, DomainError
from accounts.models import Action, AuditEvent, EmergencyAccess, Role, User
from diagnosis.models import (
    Annotation,
    Case,
    FnaBatch,
    Instance,
    Patient,
    Prediction,
    Restriction,
    Series,
    Study,
    Upload,
    UploadedFile,
)
from diagnosis.selectors import compare_with_known, probabilities
from diagnosis.services.restriction import lift_restriction, restrict
from jobs.models import Job
from tests.cast import MakeUser, SignIn
from tests.restricted import opened_to
from tests.studies import ramp, store_answer, store_image, store_series, store_study

pytestmark = pytest.mark.django_db
Api = Callable[[User], APIClient]
CLINICAL = (Annotation, Case, Instance, Patient, Prediction, Series, Study, Upload, UploadedFile)


@dataclass(frozen=True)
class Record:
    """An imaging patient with everything that may be known of one."""

    patient: Patient
    study: Study
    image: Instance
    answer: Prediction
    upload: Upload
    file: UploadedFile


@pytest.fixture
def record(owner: User) -> Record:
    """A study that the owner sent."""
    study = store_study(owner, patient_id="P-77", name="ROE^ANN")
    image = store_image(owner, store_series(study), [ramp()], overlays=True)
    answer = store_answer(image, evidence=np.zeros((4, 6, 4), np.uint8))
    mark = {"points": [[1, 1]], "label": ""}
    Annotation.objects.create(instance=image, tool="probe", data=mark, created_by=owner)
    upload = Upload.objects.create(institution=owner.institution, created_by=owner, source=Upload.Source.API)
    file = UploadedFile.objects.create(upload=upload, name="ROE.dcm", size=10, instance=image, status="stored")
    return Record(study.patient, study, image, answer, upload, file)


def pages(record: Record) -> list[str]:
    """Every address at which something of the record is to be had, by page and by API."""
    study, image, case = record.study.public_id, record.image.public_id, record.study.case.public_id
    return [
        reverse("study-detail", args=[study]),
        reverse("study-reading", args=[study]),
        reverse("study-restrict", args=[study]),
        reverse("study-viewer", args=[study]),
        reverse("study-viewer-manifest", args=[study]),
        reverse("instance-frame", args=[image, 1]),
        reverse("instance-thumbnail", args=[image]),
        reverse("instance-overlay", args=[image]),
        reverse("instance-evidence", args=[image]),
        reverse("instance-file", args=[image]),
        reverse("upload-detail", args=[record.upload.public_id]),
        reverse("upload-export", args=[record.upload.public_id]),
        reverse("job-status", args=[record.answer.job.public_id]),
        reverse("api-study-detail", args=[study]),
        reverse("api-case-detail", args=[case]),
        reverse("api-prediction-detail", args=[record.answer.public_id]),
        reverse("api-upload-detail", args=[record.upload.public_id]),
        reverse("api-upload-file-detail", args=[record.upload.public_id, record.file.public_id]),
        reverse("api-job-detail", args=[record.answer.job.public_id]),
    ]


def answers(client: Client, record: Record) -> set[int]:
    """Their statuses; what streams is read to the end."""
    found = set()
    for address in pages(record):
        response = client.get(address)
        if response.streaming:
            b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
        found.add(response.status_code)
    return found


def test_acc_16_a_restricted_patient_is_nowhere_for_a_colleague(
    record: Record, colleague: User, owner: User, sign_in: SignIn
) -> None:
    browser = sign_in(colleague)
    assert answers(browser, record) <= {200, 286}
    restrict(user=owner, record=record.patient, reason="staff")
    assert answers(browser, record) == {404}
    assert answers(sign_in(owner), record) <= {200, 286}


def test_nothing_of_a_restricted_patient_is_counted_or_listed(
    record: Record, colleague: User, owner: User, sign_in: SignIn, api: Api
) -> None:
    restrict(user=owner, record=record.patient, reason="public")
    assert {model.__name__: model.objects.visible_to(colleague).count() for model in CLINICAL} == {
        model.__name__: 0 for model in CLINICAL
    }
    assert all(model.objects.visible_to(owner).count() == 1 for model in CLINICAL)
    browser = sign_in(colleague)
    for route in ("worklist", "study-list", "upload-list", "quarantine-list", "worklist-export"):
        response = browser.get(reverse(route))
        shown = response.getvalue() if response.streaming else response.content
        assert response.status_code == 200
        assert b"ROE" not in shown
        assert b"P-77" not in shown
    for route in ("api-case-list", "api-prediction-list", "api-study-list", "api-job-list"):
        assert api(colleague).get(reverse(route)).json()["count"] == 0
        assert api(owner).get(reverse(route)).json()["count"] == 1


def test_searching_by_number_or_name_finds_nothing(
    record: Record, colleague: User, owner: User, sign_in: SignIn, api: Api
) -> None:
    restrict(user=owner, record=record.patient, reason="wish")
    browser = sign_in(colleague)
    browser.post(reverse("study-search"), {"patient": "ROE"})
    assert "No study" in browser.get(reverse("study-list")).content.decode()
    found = api(colleague).post(reverse("api-case-search"), {"reference": "P-77"}, format="json")
    assert found.json()["count"] == 0


def test_a_mark_on_a_restricted_image_is_refused(record: Record, colleague: User, owner: User, sign_in: SignIn) -> None:
    restrict(user=owner, record=record.patient, reason="staff")
    mark = {"instance": str(record.image.public_id), "frame": 1, "tool": "probe", "points": [[1, 1]]}
    response = sign_in(colleague).post(
        reverse("annotation-list", args=[record.study.public_id]), mark, content_type="application/json"
    )
    assert response.status_code == 404
    assert Annotation.objects.count() == 1


def test_a_file_sent_after_the_restriction_lets_its_sender_in_nowhere(
    record: Record, colleague: User, owner: User
) -> None:
    restrict(user=owner, record=record.patient, reason="staff")
    store_image(colleague, store_series(record.study), [ramp(shift=1)])
    again = store_study(colleague, patient_id="P-77")
    assert not Study.objects.visible_to(colleague).exists()
    assert not Instance.objects.visible_to(colleague).exists()
    assert Study.objects.visible_to(owner).filter(pk=again.pk).exists()


def test_whoever_sent_files_sees_what_they_sent_and_no_more(record: Record, colleague: User, owner: User) -> None:
    restrict(user=owner, record=record.patient, reason="staff")
    upload = Upload.objects.create(institution=owner.institution, created_by=colleague, source=Upload.Source.API)
    mine = UploadedFile.objects.create(upload=upload, name="a", size=1, instance=record.image, status="duplicate")
    assert list(UploadedFile.objects.visible_to(colleague)) == [mine]
    assert list(Upload.objects.visible_to(colleague)) == [upload]


def test_an_upload_of_several_patients_shows_the_others_alone(
    record: Record, colleague: User, owner: User, sign_in: SignIn
) -> None:
    other = store_image(owner, store_series(store_study(owner, patient_id="P-2")), [ramp()])
    UploadedFile.objects.create(upload=record.upload, name="OTHER.dcm", size=1, instance=other, status="stored")
    restrict(user=owner, record=record.patient, reason="staff")
    browser = sign_in(colleague)
    for route in ("upload-detail", "upload-export", "api-upload-detail"):
        shown = browser.get(reverse(route, args=[record.upload.public_id])).content.decode()
        assert "OTHER.dcm" in shown
        assert "ROE" not in shown


def test_a_restricted_sample_vanishes_from_its_batch(
    scored_batch: FnaBatch, colleague: User, owner: User, sign_in: SignIn
) -> None:
    case = Case.objects.get(reference="S-2")
    FnaBatch.objects.update(warnings=[{"row": 2, "column": "", "message": "Row 2: odd", "code": "odd"}])
    restrict(user=owner, record=case, reason="wish")
    scored_batch.refresh_from_db()
    browser = sign_in(colleague)
    assert browser.get(reverse("case-detail", args=[case.public_id])).status_code == 404
    assert browser.get(reverse("api-fna-sample-detail", args=[case.public_id])).status_code == 404
    shown = browser.get(reverse("batch-detail", args=[scored_batch.public_id])).content.decode()
    assert "S-1" in shown
    assert "S-2" not in shown
    assert "Odd" not in shown
    exported = browser.get(reverse("batch-export", args=[scored_batch.public_id])).content.decode()
    assert "S-1" in exported
    assert "S-2" not in exported
    assert compare_with_known(scored_batch, colleague).outcome_known == 4
    assert compare_with_known(scored_batch, owner).outcome_known == 5
    assert len(probabilities(scored_batch, owner)) - len(probabilities(scored_batch, colleague)) <= 1


def test_a_batch_of_restricted_samples_alone_is_hidden_with_its_job(
    scored_batch: FnaBatch, colleague: User, owner: User, sign_in: SignIn
) -> None:
    for case in Case.objects.all():
        restrict(user=owner, record=case, reason="wish")
    browser = sign_in(colleague)
    for route, name in (
        ("batch-detail", scored_batch.public_id),
        ("batch-export", scored_batch.public_id),
        ("job-status", scored_batch.job.public_id),
    ):
        assert browser.get(reverse(route, args=[name])).status_code == 404
    assert not Job.objects.visible_to(colleague).exists()
    assert Job.objects.visible_to(owner).exists()


def test_acc_19_a_running_access_opens_the_record_to_one_person(
    record: Record, colleague: User, owner: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    restrict(user=owner, record=record.patient, reason="staff")
    opened_to(colleague, record.patient.public_id)
    assert answers(sign_in(colleague), record) <= {200, 286}
    assert answers(sign_in(make_user("other")), record) == {404}


def test_acc_19_an_access_ends_by_itself_in_the_viewer_and_its_frames_too(
    record: Record, colleague: User, owner: User, sign_in: SignIn
) -> None:
    restrict(user=owner, record=record.patient, reason="staff")
    access = opened_to(colleague, record.patient.public_id)
    browser = sign_in(colleague)
    assert answers(browser, record) <= {200, 286}
    EmergencyAccess.objects.filter(public_id=access).update(
        started_at=Now() - timedelta(minutes=31), ends_at=Now() - timedelta(seconds=1)
    )
    assert answers(browser, record) == {404}


def test_acc_19_an_access_opens_nothing_of_another_patient_or_hospital(
    record: Record, colleague: User, owner: User, outsider: User, sign_in: SignIn
) -> None:
    other = store_study(owner, patient_id="P-2").patient
    restrict(user=owner, record=record.patient, reason="staff")
    restrict(user=owner, record=other, reason="staff")
    opened_to(colleague, other.public_id)
    opened_to(outsider, record.patient.public_id)
    assert answers(sign_in(colleague), record) == {404}
    assert answers(sign_in(outsider), record) == {404}


def test_a_clinician_restricts_from_the_page_and_lifts_it(
    record: Record, colleague: User, owner: User, sign_in: SignIn
) -> None:
    browser, theirs = sign_in(owner), sign_in(colleague)
    study = reverse("study-detail", args=[record.study.public_id])
    form = reverse("study-restrict", args=[record.study.public_id])
    assert form in browser.get(study).content.decode()
    assert "Owner (you)" in browser.get(form).content.decode()
    assert browser.post(form, {"reason": "other"}).status_code == 422
    assert theirs.get(study).status_code == 200
    assert browser.post(form, {"reason": "staff"}).status_code == 302
    assert theirs.get(study).status_code == 404
    restriction = Restriction.objects.get()
    assert reverse("restriction-lift", args=[restriction.public_id]) in browser.get(study).content.decode()
    assert browser.post(reverse("restriction-lift", args=[restriction.public_id])).headers["Location"] == study
    assert theirs.get(study).status_code == 200
    recorded = AuditEvent.objects.filter(action__in=[Action.RESTRICT, Action.LIFT_RESTRICTION]).order_by("pk")
    assert [event.action for event in recorded] == ["restrict", "lift-restriction"]
    assert {event.patient_pseudonym for event in recorded} == {str(record.patient.public_id)}


def test_the_person_who_restricts_goes_on_seeing_it(record: Record, colleague: User, owner: User) -> None:
    restriction = restrict(user=colleague, record=record.patient, reason="staff")
    assert set(restriction.seen_by.all()) == {colleague, owner}
    assert Study.objects.visible_to(colleague).exists()


def test_an_emergency_access_lifts_no_restriction(
    record: Record, colleague: User, owner: User, sign_in: SignIn
) -> None:
    restriction = restrict(user=owner, record=record.patient, reason="staff")
    opened_to(colleague, record.patient.public_id)
    browser = sign_in(colleague)
    assert (
        "Lift the restriction"
        not in browser.get(reverse("study-detail", args=[record.study.public_id])).content.decode()
    )
    assert browser.post(reverse("restriction-lift", args=[restriction.public_id])).status_code == 404
    with pytest.raises(DomainError, match="every day"):
        lift_restriction(restriction=restriction, user=colleague)


def test_an_administrator_lifts_what_they_do_not_see(
    record: Record, colleague: User, owner: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    restriction = restrict(user=owner, record=record.patient, reason="staff")
    browser = sign_in(make_user("admin", Role.ADMIN))
    shown = browser.get(reverse("restriction-list")).content.decode()
    assert str(record.patient.public_id) in shown
    assert "ROE" not in shown
    assert "P-77" not in shown
    assert browser.get(reverse("study-detail", args=[record.study.public_id])).status_code == 403
    assert browser.post(reverse("restriction-lift", args=[restriction.public_id])).status_code == 302
    assert Study.objects.visible_to(colleague).exists()


def test_acc_16_another_hospitals_restriction_cannot_be_lifted(
    record: Record, owner: User, outsider: User, make_user: MakeUser, sign_in: SignIn
) -> None:
    restriction = restrict(user=owner, record=record.patient, reason="staff")
    away = make_user("away", Role.ADMIN, hospital=outsider.institution.name)
    for stranger in (outsider, away):
        address = reverse("restriction-lift", args=[restriction.public_id])
        assert sign_in(stranger).post(address).status_code == 404
    restriction.refresh_from_db()
    assert restriction.lifted_at is None


def test_lifting_asks_for_a_fresh_sign_in(record: Record, owner: User, sign_in: SignIn) -> None:
    restriction = restrict(user=owner, record=record.patient, reason="staff")
    response = sign_in(owner, minutes_ago=30).post(reverse("restriction-lift", args=[restriction.public_id]))
    assert (response.status_code, "reauthenticate" in response.headers["Location"]) == (302, True)
    assert Restriction.objects.in_force().exists()


def test_a_record_is_restricted_once(record: Record, owner: User) -> None:
    restriction = restrict(user=owner, record=record.patient, reason="staff")
    with pytest.raises(Conflict):
        restrict(user=owner, record=record.patient, reason="wish")
    lift_restriction(restriction=restriction, user=owner)
    restriction.refresh_from_db()
    with pytest.raises(Conflict):
        lift_restriction(restriction=restriction, user=owner)
    restrict(user=owner, record=record.patient, reason="wish")
    with pytest.raises(IntegrityError), transaction.atomic():
        Restriction.objects.create(institution=owner.institution, restricted_by=owner, pseudonym="x", reason="staff")
