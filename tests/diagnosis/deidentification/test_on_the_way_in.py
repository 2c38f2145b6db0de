"""Identities are removed on the way in where the institution has it so."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.models import User
from diagnosis.models import Instance, Patient, Study, UploadedFile
from diagnosis.services import deidentify as deidentification
from jobs.models import Job
from ml.dicom.deidentification import NotDeidentified
from tests.cast import SignIn
from tests.dicom_files import SHARED, dicomdir, picture, structured_report
from tests.identities import PLANTED, everything_stored, objects, planted, send, ultrasound

pytestmark = pytest.mark.django_db


def test_deid_02_nothing_that_is_stored_names_the_patient(removing: User, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    before = objects()
    file = send(removing, planted(), tmp_path)
    assert (file.status, file.message) == ("stored", "")
    said = everything_stored(before) + caplog.text.encode()
    assert not [name for name in PLANTED if name.encode().lower() in said.lower()]
    study = Study.objects.get()
    assert study.is_deidentified
    assert study.patient.patient_id == study.patient.name == study.case.reference
    assert Instance.objects.get().laterality == "L"


def test_without_the_policy_identities_stay(owner: User, tmp_path: Path) -> None:
    send(owner, planted(), tmp_path)
    study = Study.objects.get()
    assert (study.is_deidentified, study.patient.patient_id) == (False, "MRN-7788991")
    assert UploadedFile.objects.get().name == "Plantedname.dcm"


def test_the_same_file_again_is_known(removing: User, tmp_path: Path) -> None:
    data = planted()
    assert [send(removing, data, tmp_path).status for _ in range(2)] == ["stored", "duplicate"]


def test_deid_04_two_files_of_one_patient_meet_again_under_one_pseudonym(removing: User, tmp_path: Path) -> None:
    send(removing, planted(), tmp_path)
    send(removing, planted(), tmp_path)
    assert (Patient.objects.count(), Study.objects.count()) == (1, 2)
    assert deidentification.pseudonym(removing.institution, "MRN-7788991") == Patient.objects.get().patient_id


def test_pictures_get_the_pseudonym_of_the_number_that_was_typed(removing: User, tmp_path: Path) -> None:
    before = objects()
    file = send(removing, picture("PNG"), tmp_path, name="Plantedname.png", modality="US")
    assert file.status == "quarantined"
    assert Patient.objects.get().patient_id == deidentification.pseudonym(removing.institution, "MRN-7788991")
    assert b"7788991" not in everything_stored(before)
    assert re.fullmatch(r"[0-9a-f]{8}\.png", file.name)


@pytest.mark.parametrize("kind", ["report", "directory"])
def test_deid_03_what_is_made_of_identities_is_refused(removing: User, tmp_path: Path, kind: str) -> None:
    before = objects()
    file = send(removing, structured_report() if kind == "report" else dicomdir({"A/1": "1.2.3"}), tmp_path)
    assert (file.status, file.code) == ("refused", "not_deidentifiable")
    assert objects() == before


@pytest.mark.parametrize("where", ["cleaning", "checking", "looking"])
def test_deid_10_a_failed_deidentification_publishes_nothing(
    removing: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise NotDeidentified("It did not work.") if where == "cleaning" else RuntimeError

    real = deidentification.inspect

    def inspect(path: Path, **options: object) -> object:
        return real(path, **options) if path.name == "arrived" else fail()  # type: ignore[arg-type]

    target = {"cleaning": "deidentify", "looking": "pixels_reason"}.get(where)
    if target:
        monkeypatch.setattr(deidentification, target, fail)
    else:
        monkeypatch.setattr(deidentification, "inspect", inspect)
    before = objects()
    if where == "cleaning":
        assert send(removing, planted(), tmp_path).status == "refused"
    else:
        with pytest.raises(RuntimeError):
            send(removing, planted(), tmp_path)
    assert objects() == before
    assert not Instance.objects.exists()
    assert not Patient.objects.exists()
    assert not Job.objects.exists()


def test_deid_10_a_cleaned_file_that_is_no_sound_image_is_refused(
    removing: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = deidentification.deidentify

    def broken(*args: object, **options: object) -> object:
        from dataclasses import replace

        done = real(*args, **options)  # type: ignore[arg-type]
        return replace(done, data=done.data[:-500])

    monkeypatch.setattr(deidentification, "deidentify", broken)
    before = objects()
    file = send(removing, planted(), tmp_path)
    assert (file.status, file.code) == ("refused", "not_deidentifiable")
    assert objects() == before


def test_deid_07_an_ultrasound_that_says_nothing_waits_and_is_neither_shown_nor_read(
    removing: User, tmp_path: Path, sign_in: SignIn
) -> None:
    file = send(removing, ultrasound(), tmp_path)
    instance = Instance.objects.get()
    assert (file.status, instance.state, instance.reading) == ("quarantined", "quarantined", "not-read")
    assert not Job.objects.exists()
    client = sign_in(removing)
    for route in ("instance-thumbnail", "instance-file"):
        assert client.get(reverse(route, args=[instance.public_id])).status_code == 423
    assert client.get(reverse("instance-frame", args=[instance.public_id, 1])).status_code == 423


def test_deid_08_writing_in_the_pixels_is_seen_when_the_header_denies_it(removing: User, tmp_path: Path) -> None:
    assert send(removing, ultrasound(BurnedInAnnotation="NO"), tmp_path).status == "quarantined"
    assert "writing" in Instance.objects.get().state_reason


def test_one_institutions_choice_is_not_anothers(removing: User, outsider: User, tmp_path: Path) -> None:
    send(outsider, planted(), tmp_path)
    assert Patient.objects.get().patient_id == "MRN-7788991"


def test_deid_07_a_real_picture_with_a_test_patient_waits(removing: User, tmp_path: Path) -> None:
    path = SHARED / "dicom-phi-deid" / "ultrasounds" / "RGB_IMAGE.dcm"
    if not path.exists():
        pytest.skip(f"the collection of real images is not at {SHARED}")
    before = objects()
    assert send(removing, path.read_bytes(), tmp_path).status == "quarantined"
    stored = everything_stored(before)
    assert b"DOWNTIME" not in stored
    assert b"00047431395" not in stored
