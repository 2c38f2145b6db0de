"""Images come in: stored with their frames and rows, known again, flagged, kept or refused; nothing half-done."""

import threading
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.db import connections

from accounts import audit
from accounts.errors import AuditUnavailable
from accounts.models import AuditEvent, User
from diagnosis.models import Case, Instance, Patient, Study, Upload, UploadedFile
from diagnosis.services import studies
from diagnosis.services.image_objects import read_frame
from diagnosis.services.studies import register_file, store_file
from jobs.models import Job
from tests.dicom_files import dicom_image, dicomdir, new_uid, picture, structured_report
from tests.trail import unwritable_trail

pytestmark = pytest.mark.django_db


def send(user: User, data: bytes, tmp_path: Path, *, name: str = "image.dcm", modality: str = "") -> UploadedFile:
    """One file on its way through intake, as the API and the browser send it."""
    upload = Upload.objects.create(
        institution=user.institution, created_by=user, source=Upload.Source.API, stated_modality=modality
    )
    path = tmp_path / f"{threading.get_ident()}-{name.rsplit('/', 1)[-1]}"
    path.write_bytes(data)
    with audit.acting(audit.context_for(user, request_id="test")):
        return store_file(file=register_file(upload=upload, name=name, size=len(data)), path=path)


def test_a_file_gets_its_patient_study_series_instance_frames_and_case(owner: User, tmp_path: Path) -> None:
    file = send(owner, dicom_image(patient_id="P-1", patient_name="DOE^JANE"), tmp_path)

    assert (file.status, file.code, file.message) == ("stored", "", "")
    instance = Instance.objects.get()
    assert file.instance == instance
    study = instance.series.study
    assert (study.patient.patient_id, study.patient.display_name) == ("P-1", "DOE, JANE")
    assert study.institution == owner.institution
    assert (study.case.kind, study.case.reference) == ("imaging", "P-1")
    frames = instance.frames
    assert frames is not None
    assert len(read_frame(instance, 1)) == frames.rows * frames.columns * frames.samples * frames.numpy_dtype.itemsize
    with storages["phi"].open(instance.object_key) as kept:
        assert kept.read()[128:132] == b"DICM"
    with storages["phi"].open(instance.frame_key(frames.thumbnail)) as thumbnail:
        assert thumbnail.read(8) == b"\x89PNG\r\n\x1a\n"


def test_the_upload_is_recorded_under_the_patients_pseudonym(owner: User, tmp_path: Path) -> None:
    send(owner, dicom_image(patient_id="P-1"), tmp_path)

    event = AuditEvent.objects.get(action="upload")
    assert event.patient_pseudonym == str(Patient.objects.get().public_id)
    assert "P-1" not in str(event.detail)


def test_upl_12_the_same_bytes_again_change_nothing(owner: User, colleague: User, tmp_path: Path) -> None:
    data = dicom_image()
    first = send(owner, data, tmp_path)
    second = send(colleague, data, tmp_path)

    assert (first.status, second.status) == ("stored", "duplicate")
    assert second.instance == first.instance
    assert Instance.objects.count() == 1


def test_upl_12_other_bytes_under_the_same_uid_are_both_kept_and_flagged(owner: User, tmp_path: Path) -> None:
    uid = new_uid()
    first = send(owner, dicom_image(uid=uid, seed=1), tmp_path)
    second = send(owner, dicom_image(uid=uid, seed=2), tmp_path)

    assert (first.status, second.status) == ("stored", "conflict")
    assert second.instance is not None
    assert second.instance.differs_from == first.instance
    assert second.instance.reading == "not-read"
    assert storages["phi"].exists(second.instance.object_key)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_upl_13_fifty_parallel_uploads_of_one_file_leave_one_row_and_one_object(owner: User, tmp_path: Path) -> None:
    data = dicom_image()
    outcomes: list[str] = []

    def upload() -> None:
        try:
            outcomes.append(send(owner, data, tmp_path).status)
        finally:
            connections.close_all()

    before = _stored_objects()
    threads = [threading.Thread(target=upload) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["duplicate"] * 49 + ["stored"]
    assert Instance.objects.count() == 1
    assert len(_stored_objects() - before) == 1


def _stored_objects() -> set[str]:
    phi = storages["phi"]
    return set(phi.listdir("images")[1]) if phi.exists("images") else set()


def test_equal_patient_ids_at_two_hospitals_are_two_people(owner: User, outsider: User, tmp_path: Path) -> None:
    data = dicom_image(patient_id="P-1")
    ours, theirs = send(owner, data, tmp_path), send(outsider, data, tmp_path)

    assert (ours.status, theirs.status) == ("stored", "stored")
    assert Patient.objects.filter(patient_id="P-1").count() == 2
    assert Study.objects.visible_to(owner).count() == Study.objects.visible_to(outsider).count() == 1


def test_equal_patient_ids_of_two_issuers_are_two_people(owner: User, tmp_path: Path) -> None:
    for issuer in ("A", "B"):
        send(owner, dicom_image(patient_id="P-1", IssuerOfPatientID=issuer), tmp_path)

    assert Patient.objects.count() == 2


def test_files_without_a_patient_id_are_not_taken_for_one_patient(owner: User, tmp_path: Path) -> None:
    for _ in range(2):
        send(owner, dicom_image(patient_id=""), tmp_path)

    assert Patient.objects.count() == 2


def test_a_file_that_names_another_patient_than_its_study_waits_for_review(owner: User, tmp_path: Path) -> None:
    study = new_uid()
    send(owner, dicom_image(study=study, patient_id="P-1"), tmp_path)
    odd = send(owner, dicom_image(study=study, patient_id="P-2"), tmp_path)

    assert odd.status == "quarantined"
    assert "another patient" in odd.message
    assert odd.instance is not None
    assert not Job.objects.filter(subject_id=str(odd.instance.public_id)).exists()


def test_a_refused_file_leaves_its_checksum_and_nothing_else(owner: User, tmp_path: Path) -> None:
    objects = _stored_objects()
    file = send(owner, b"hello, this is no image", tmp_path, name="../../etc/passwd")

    assert (file.status, file.code) == ("refused", "not_an_image_file")
    assert len(file.sha256) == 64
    assert file.message
    assert not Instance.objects.exists()
    assert _stored_objects() == objects


def test_a_picture_needs_its_modality(owner: User, tmp_path: Path) -> None:
    data = picture("PNG")
    assert send(owner, data, tmp_path, name="scan.png").code == "modality_not_stated"

    stored = send(owner, data, tmp_path, name="scan.png", modality="US")
    assert stored.status == "stored"
    assert stored.instance is not None
    assert stored.instance.series.modality == "US"


def test_a_report_is_kept_with_its_study_and_never_read(owner: User, tmp_path: Path) -> None:
    file = send(owner, structured_report(), tmp_path)

    assert (file.status, file.code) == ("kept", "structured_report")
    assert file.instance is not None
    assert (file.instance.kind, file.instance.reading) == ("document", "not-read")
    assert not Case.objects.exists()


def test_a_dicomdir_is_kept_by_name_and_belongs_to_no_patient(owner: User, tmp_path: Path) -> None:
    file = send(owner, dicomdir({"IMAGES/IM1": new_uid()}), tmp_path, name="DICOMDIR")

    assert (file.status, file.code, file.instance) == ("kept", "directory", None)
    assert not Patient.objects.exists()


def test_rel_11_no_object_stays_when_the_rows_cannot_be_written(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = _stored_objects()

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(studies, "add_instance", fail)
    with pytest.raises(RuntimeError, match="went away"):
        send(owner, dicom_image(), tmp_path)
    assert _stored_objects() == objects
    assert not Case.objects.exists()


def test_aud_03_nothing_is_stored_when_the_trail_cannot_be_written(owner: User, tmp_path: Path) -> None:
    objects = _stored_objects()
    with unwritable_trail(), pytest.raises(AuditUnavailable):
        send(owner, dicom_image(), tmp_path)
    assert not Instance.objects.exists()
    assert _stored_objects() == objects
