"""A stored image is read by the model for its modality: answer, evidence, replay; refusals; what no model reads."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import storages
from PIL import Image

from accounts import audit
from accounts.models import AuditEvent, User
from diagnosis.image_reading import choose_answer
from diagnosis.models import Case, Instance, Prediction, Upload, UploadedFile
from diagnosis.services.image_routing import queue_unread
from diagnosis.services.replay import replay
from diagnosis.services.studies import register_file, store_file
from jobs.models import Job, JobStatus
from jobs.runner import run
from tests.dicom_files import SHARED, dicom_image, new_uid

pytestmark = pytest.mark.django_db


def send(user: User, data: bytes, tmp_path: Path, **upload: str) -> Instance:
    """Stores one file, which must not be refused."""
    path = tmp_path / "file"
    path.write_bytes(data)
    row = Upload.objects.create(institution=user.institution, created_by=user, source=Upload.Source.API, **upload)
    with audit.acting(audit.context_for(user, request_id="test")):
        file: UploadedFile = store_file(file=register_file(upload=row, name="file", size=len(data)), path=path)
    assert file.instance is not None, (file.code, file.message)
    return file.instance


def read_all() -> None:
    """What workers would do."""
    for job in Job.objects.filter(kind="image-reading", status=JobStatus.QUEUED):
        assert run(job.public_id, worker="test")


def ultrasound(name: str) -> bytes:
    """A public breast ultrasound picture."""
    path = SHARED / "busi-native-dev" / name
    if not path.exists():
        pytest.skip("the shared ultrasound pictures are not there")
    return path.read_bytes()


def first_of(label: str) -> str:
    """The name of one of the pictures filed under a label."""
    found = sorted(path for path in (SHARED / "busi-native-dev" / label).glob("*.png") if "mask" not in path.name)
    if not found:
        pytest.skip("the shared ultrasound pictures are not there")
    return f"{label}/{found[0].name}"


def test_an_ultrasound_picture_gets_an_answer_with_its_evidence(owner: User, tmp_path: Path) -> None:
    instance = send(owner, ultrasound(first_of("malignant")), tmp_path, stated_modality="US", reference="P-1")
    assert instance.reading == "waiting"
    read_all()

    prediction = Prediction.objects.get()
    instance.refresh_from_db()
    case = Case.objects.get()
    assert instance.reading == "read"
    assert (case.answer, case.reference, case.kind) == (prediction, "P-1", "imaging")
    assert (prediction.instance, prediction.frame) == (instance, 1)
    assert prediction.status in {"scored", "uncertain"}
    assert prediction.probability is not None
    assert prediction.seen_in_training
    with storages["phi"].open(prediction.evidence_key) as file:
        overlay = Image.open(io.BytesIO(file.read()))
    assert overlay.mode == "RGBA"
    predicted = AuditEvent.objects.get(action="predict")
    assert (predicted.actor, predicted.patient_pseudonym) == (owner.email, case.pseudonym)


def test_the_stored_answer_replays_bit_for_bit(owner: User, tmp_path: Path) -> None:
    send(owner, ultrasound(first_of("benign")), tmp_path, stated_modality="US")
    read_all()
    prediction = Prediction.objects.get()
    assert replay(prediction) == []

    Prediction.objects.filter(pk=prediction.pk).update(score=prediction.score / 2)
    prediction.refresh_from_db()
    assert [difference.field for difference in replay(prediction)] == ["score"]


def test_what_is_no_ultrasound_picture_is_refused_with_the_reason(owner: User, tmp_path: Path) -> None:
    stripes = np.tile(np.repeat([0, 255], 8), (256, 16)).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(stripes).save(out, format="PNG")
    send(owner, out.getvalue(), tmp_path, stated_modality="US")
    read_all()

    prediction = Prediction.objects.get()
    assert (prediction.status, prediction.probability, prediction.finding) == ("refused", None, "")
    assert prediction.reason
    assert not prediction.has_evidence_map
    assert Case.objects.get().answer == prediction


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"modality": "MG"}, "No validated model for mammography is installed"),
        ({"modality": "US", "BodyPartExamined": "HEART"}, "another part of the body"),
        ({"modality": "US", "Modality": "CT"}, "No validated model for CT is installed"),
    ],
)
def test_an_image_that_no_model_reads_says_why(
    owner: User, tmp_path: Path, attributes: dict[str, str], words: str
) -> None:
    instance = send(owner, dicom_image(**attributes), tmp_path)  # type: ignore[arg-type]

    assert instance.reading == "not-read"
    assert words in instance.reading_reason
    assert words in Case.objects.get().unread_reason
    assert not Job.objects.exists()


def test_the_most_suspicious_image_is_the_studys_answer(owner: User, tmp_path: Path) -> None:
    study = new_uid()
    for seed in range(3):
        send(owner, dicom_image(study=study, seed=seed), tmp_path)
    read_all()
    case = Case.objects.get()
    assert case.predictions.count() == 3
    for prediction, probability in zip(case.predictions.order_by("pk"), (0.2, 0.9, 0.4), strict=True):
        Prediction.objects.filter(pk=prediction.pk).update(
            status="uncertain", probability=probability, reason="A reason."
        )
    choose_answer(case)
    case.refresh_from_db()
    assert case.answer is not None
    assert case.answer.probability == 0.9

    suspicious = case.answer.instance
    assert suspicious is not None
    Instance.objects.filter(pk=suspicious.pk).update(state="rejected", state_reason="Not this patient.")
    choose_answer(case)
    case.refresh_from_db()
    assert case.answer is not None
    assert case.answer.probability == 0.4


def test_a_job_that_runs_twice_answers_once(owner: User, tmp_path: Path) -> None:
    instance = send(owner, dicom_image(), tmp_path)
    read_all()
    Job.objects.update(status=JobStatus.QUEUED, finished_at=None)
    read_all()
    assert Prediction.objects.filter(instance=instance).count() == 1


def test_images_that_no_model_read_are_queued_when_one_is_activated(
    owner: User, outsider: User, tmp_path: Path
) -> None:
    ours = send(owner, dicom_image(modality="MG"), tmp_path)
    send(outsider, dicom_image(modality="MG"), tmp_path)
    send(owner, dicom_image(modality="US", Modality="CT"), tmp_path)

    assert queue_unread(institution=owner.institution, modality="MG", user=owner) == 1
    assert [job.subject_id for job in Job.objects.all()] == [str(ours.public_id)]
    # There is still no such model: the job finds that out, and the reason is back.
    read_all()
    ours.refresh_from_db()
    assert "No validated model for mammography" in ours.reading_reason
