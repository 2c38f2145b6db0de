"""Identities on the way in, the institution's choice about them, and the review of pictures that may show some."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from django.core import serializers
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageDraw, ImageFont
from pydicom import dcmread

from accounts import audit
from accounts.errors import AuditUnavailable, Conflict, DomainError
from accounts.models import AuditEvent, Role, User
from diagnosis.models import Case, Instance, IntakePolicy, Patient, Series, Study, Upload, UploadedFile
from diagnosis.services import deidentify as deidentification
from diagnosis.services import quarantine
from diagnosis.services.image_objects import read_frame
from diagnosis.services.studies import register_file, store_file
from diagnosis.services.uploads import create_upload
from jobs.models import Job
from ml.dicom.deidentification import NotDeidentified, Region
from tests.cast import MakeUser, SignIn
from tests.dicom_files import SHARED, dicom_image, dicomdir, picture, structured_report

pytestmark = pytest.mark.django_db
PLANTED = ("Plantedname", "7788991", "Secretstreet")


@pytest.fixture
def admin(make_user: MakeUser) -> User:
    return make_user("admin", Role.ADMIN)


@pytest.fixture
def removing(owner: User, admin: User) -> User:
    """The owner, at an institution that has identities removed."""
    IntakePolicy.objects.create(institution=owner.institution, deidentify=True, changed_by=admin)
    return owner


def send(user: User, data: bytes, tmp_path: Path, *, name: str = "Plantedname.dcm", modality: str = "") -> UploadedFile:
    upload = create_upload(user=user, source=Upload.Source.API, modality=modality, reference="MRN-7788991")
    path = tmp_path / "arrived"
    path.write_bytes(data)
    with audit.acting(audit.context_for(user, request_id="test")):
        return store_file(file=register_file(upload=upload, name=name, size=len(data)), path=path)


def planted(**attributes: object) -> bytes:
    """A mammogram whose header is full of identities and whose pixels are free of writing."""
    values: dict[str, object] = {
        "modality": "MG",
        "patient_id": "MRN-7788991",
        "patient_name": "Plantedname^Jane",
        "PatientAddress": "1 Secretstreet",
        "StudyDescription": "Plantedname, left breast",
        "BurnedInAnnotation": "NO",
        "ImageLaterality": "L",
        "PixelData": np.tile(np.arange(64, dtype=np.uint8), 48).tobytes(),
    }
    return dicom_image(**(values | attributes))  # type: ignore[arg-type]


def banner(text: str = "DOE^JANE 19510829") -> np.ndarray:
    """A grey picture with a name in its banner."""
    shown = Image.fromarray(np.full((120, 320), 70, np.uint8))
    ImageDraw.Draw(shown).rectangle((0, 0, 319, 29), fill=0)
    ImageDraw.Draw(shown).text((6, 3), text, fill=255, font=ImageFont.load_default(20))
    return np.asarray(shown)


def ultrasound(**attributes: object) -> bytes:
    pixels = banner()
    rows, columns = pixels.shape
    return dicom_image(rows=rows, columns=columns, PixelData=pixels.tobytes(), **attributes)  # type: ignore[arg-type]


def everything_stored(before: dict[str, bytes]) -> bytes:
    """All rows about images, the audit trail and the objects that were not there before, names included, as bytes."""
    models = (Patient, Study, Series, Instance, Case, Upload, UploadedFile, AuditEvent, Job)
    rows = "".join(serializers.serialize("json", model.objects.all()) for model in models)  # type: ignore[attr-defined]
    new = {key: data for key, data in objects().items() if key not in before}
    return rows.encode() + "".join(new).encode() + b"".join(new.values())


def objects() -> dict[str, bytes]:
    phi = storages["phi"]
    found = {}
    pending = [top for top in ("images", "frames") if phi.exists(top)]
    while pending:
        folder = pending.pop()
        folders, files = phi.listdir(folder)
        pending += [f"{folder}/{name}" for name in folders]
        for name in files:
            with phi.open(f"{folder}/{name}") as stored:
                found[f"{folder}/{name}"] = stored.read()
    return found


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


@pytest.fixture
def waiting(removing: User, tmp_path: Path) -> Instance:
    """An ultrasound picture with a name in its banner."""
    send(removing, ultrasound(), tmp_path)
    return Instance.objects.get()


Decide = Callable[..., int]


@pytest.fixture
def decide(sign_in: SignIn) -> Decide:
    def post(user: User, instance: Instance, **data: str) -> int:
        return sign_in(user).post(reverse("quarantine-decide", args=[instance.public_id]), data).status_code

    return post


def test_a_colleague_may_release_it_as_it_is_and_a_model_is_asked(
    waiting: Instance, colleague: User, decide: Decide
) -> None:
    assert decide(colleague, waiting, decision="release") == 302
    waiting.refresh_from_db()
    assert (waiting.state, waiting.state_reason) == ("ready", "")
    assert waiting.reading == "waiting" or waiting.reading_reason
    event = AuditEvent.objects.get(action="review")
    assert (event.actor, event.detail["decision"]) == (colleague.email, "released as it is")
    assert event.patient_pseudonym == str(waiting.series.study.patient.public_id)


def test_deid_08_masked_is_gone_from_the_file_and_from_the_frames(
    waiting: Instance, owner: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    old_frame = np.frombuffer(read_frame(waiting, 1), np.uint8).reshape(120, 320)
    old_keys = {key for key in objects() if str(waiting.public_id) in key}
    old_id = waiting.public_id
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        quarantine.release_masked(user=owner, instance=waiting, regions=[Region(0, 0, 319, 29)])
    masked = Instance.objects.get()
    assert masked.public_id != old_id
    assert masked.state == "ready"
    assert old_keys
    assert not old_keys & set(objects())
    frame = np.frombuffer(read_frame(masked, 1), np.uint8).reshape(120, 320)
    assert (frame[:30] == frame[0, 0]).all()
    assert (frame[30:] == old_frame[30:]).all()
    with storages["phi"].open(masked.object_key) as stored:
        ds = dcmread(BytesIO(stored.read()))
    assert (ds.pixel_array == frame).all()
    assert ds.BurnedInAnnotation == "NO"
    assert UploadedFile.objects.get().instance == masked
    event = AuditEvent.objects.get(action="review")
    assert event.detail == {"decision": "released masked", "regions": 1, "replaces": str(old_id)}


def test_a_masked_picture_keeps_its_form(removing: User, tmp_path: Path) -> None:
    out = BytesIO()
    Image.fromarray(banner()).save(out, "PNG")
    send(removing, out.getvalue(), tmp_path, name="x.png", modality="US")
    instance = Instance.objects.get()
    quarantine.release_masked(user=removing, instance=instance, regions=[Region(0, 0, 319, 29)])
    with storages["phi"].open(Instance.objects.get().object_key) as stored:
        shown = np.asarray(Image.open(BytesIO(stored.read())))
    assert (shown[:30] == shown[0, 0]).all()
    assert (shown[30:] == 70).all()


def test_a_rejected_picture_is_deleted_and_its_reason_kept(
    waiting: Instance, owner: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        quarantine.reject(user=owner, instance=waiting, reason="A name all over it")
    waiting.refresh_from_db()
    assert waiting.state == "rejected"
    assert "A name all over it" in waiting.state_reason
    assert not [key for key in objects() if str(waiting.public_id) in key]


@pytest.mark.parametrize(
    ("act", "options"),
    [("release", {}), ("release_masked", {"regions": [Region(0, 0, 9, 9)]}), ("reject", {"reason": "No"})],
)
def test_the_first_decision_counts(waiting: Instance, owner: User, act: str, options: dict[str, object]) -> None:
    late = Instance.objects.get()
    quarantine.release(user=owner, instance=waiting)
    kept = objects()
    with pytest.raises(Conflict):
        getattr(quarantine, act)(user=owner, instance=late, **options)
    assert objects() == kept
    assert AuditEvent.objects.filter(action="review").count() == 1


@pytest.mark.parametrize(("act", "options"), [("release", {}), ("release_masked", {"regions": [Region(0, 0, 9, 9)]})])
def test_a_decision_that_cannot_be_recorded_changes_nothing(
    waiting: Instance, owner: User, monkeypatch: pytest.MonkeyPatch, act: str, options: dict[str, object]
) -> None:
    def unavailable(*_: object, **__: object) -> None:
        raise AuditUnavailable("no trail")

    kept = objects()
    monkeypatch.setattr(quarantine.audit, "record", unavailable)
    with pytest.raises(AuditUnavailable):
        getattr(quarantine, act)(user=owner, instance=waiting, **options)
    assert objects() == kept
    assert Instance.objects.get().state == "quarantined"


def test_a_mask_that_would_change_the_rest_of_the_picture_is_refused(
    waiting: Instance, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "same_outside", lambda *_: False)
    kept = objects()
    with pytest.raises(DomainError, match="without changing the rest"):
        quarantine.release_masked(user=owner, instance=waiting, regions=[Region(0, 0, 9, 9)])
    assert objects() == kept


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"decision": "delete"},
        {"decision": "mask"},
        {"decision": "mask", "rectangles": "1, 2, 3"},
        {"decision": "mask", "rectangles": "0, 0, a, 9"},
        {"decision": "mask", "rectangles": "900, 900, 950, 950"},
        {"decision": "mask", "rectangles": "0 0 9 9\n" * 51},
        {"decision": "reject", "reason": "  "},
    ],
)
def test_a_decision_without_what_it_needs_changes_nothing(
    waiting: Instance, owner: User, decide: Decide, data: dict[str, str]
) -> None:
    assert decide(owner, waiting, **data) == 422
    assert Instance.objects.get().state == "quarantined"


def test_other_institutions_and_other_roles_cannot_decide(
    waiting: Instance, outsider: User, admin: User, decide: Decide
) -> None:
    assert decide(outsider, waiting, decision="release") == 404
    assert decide(admin, waiting, decision="release") == 403
    assert Instance.objects.get().state == "quarantined"


def test_the_review_shows_the_picture_its_reason_and_where_writing_may_be(
    waiting: Instance, owner: User, sign_in: SignIn
) -> None:
    client = sign_in(owner)
    assert "1 picture" in client.get(reverse("quarantine-list")).content.decode()
    page = client.get(reverse("quarantine-review", args=[waiting.public_id])).content.decode()
    assert "often shows the patient’s name" in page
    found = re.search(r'id="suggestions" type="application/json">(.*?)</script>', page)
    assert found is not None
    rectangles = json.loads(found[1])
    assert rectangles
    assert all(bottom < 40 for _, _, _, bottom in rectangles)
    shown = client.get(reverse("quarantine-picture", args=[waiting.public_id, 1]))
    assert np.asarray(Image.open(BytesIO(shown.content))).shape == (120, 320)
    assert "no-store" in shown["Cache-Control"]
    assert client.get(reverse("quarantine-picture", args=[waiting.public_id, 2])).status_code == 404
    views = AuditEvent.objects.filter(action="view", object_id_text=str(waiting.public_id))
    assert {event.detail["with"] for event in views} == {"review"}


def test_after_the_last_decision_the_list_says_that_nothing_waits(
    waiting: Instance, owner: User, sign_in: SignIn
) -> None:
    answer = sign_in(owner).post(
        reverse("quarantine-decide", args=[waiting.public_id]),
        {"decision": "mask", "rectangles": "0, 0, 319, 29"},
        follow=True,
    )
    assert answer.redirect_chain == [(reverse("quarantine-list"), 302)]
    assert "Nothing to review" in answer.content.decode()


def _settings(client: Client) -> str:
    return client.get(reverse("intake-settings")).content.decode()


def test_the_administrator_switches_it_and_it_is_recorded(admin: User, sign_in: SignIn, owner: User) -> None:
    client = sign_in(admin)
    assert "Remove identities from now on" in _settings(client)
    client.post(reverse("intake-switch"), {"deidentify": "yes"})
    assert deidentification.removes_identities(owner.institution)
    assert "Keep identities from now on" in _settings(client)
    client.post(reverse("intake-switch"), {"deidentify": "no"})
    assert not deidentification.removes_identities(owner.institution)
    events = AuditEvent.objects.filter(action="change-settings").order_by("id")
    assert [event.detail["deidentify"] for event in events] == [
        {"before": False, "after": True},
        {"before": True, "after": False},
    ]


def test_one_institutions_choice_is_not_anothers(removing: User, outsider: User, tmp_path: Path) -> None:
    send(outsider, planted(), tmp_path)
    assert Patient.objects.get().patient_id == "MRN-7788991"


def _preview(client: Client, data: bytes) -> tuple[int, str]:
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = client.post(reverse("intake-preview"), {"file": SimpleUploadedFile("Plantedname.dcm", data)})
    return answer.status_code, answer.content.decode()


def test_the_preview_shows_before_and_after_and_stores_nothing(admin: User, sign_in: SignIn) -> None:
    before, client = objects(), sign_in(admin)
    status, page = _preview(client, planted(PatientComments="<script>alert(1)</script>"))
    assert status == 200
    for shown in ("Plantedname^Jane", "1 Secretstreet", "Study Instance UID", "2.25.", "Removed"):
        assert shown in page
    assert "<script>alert(1)" not in page
    assert objects() == before
    assert not UploadedFile.objects.exists()
    assert b"Plantedname" not in everything_stored(before)
    assert AuditEvent.objects.filter(object_type="deidentification-preview").count() == 1


@pytest.mark.parametrize("data", [b"", b"not an image", structured_report(), picture("PNG")])
def test_the_preview_says_why_it_cannot_show_a_file(admin: User, sign_in: SignIn, data: bytes) -> None:
    status, page = _preview(sign_in(admin), data)
    assert status == 422
    assert "There is a problem" in page


def test_deid_07_a_real_picture_with_a_test_patient_waits(removing: User, tmp_path: Path) -> None:
    path = SHARED / "dicom-phi-deid" / "ultrasounds" / "RGB_IMAGE.dcm"
    if not path.exists():
        pytest.skip(f"the collection of real images is not at {SHARED}")
    before = objects()
    assert send(removing, path.read_bytes(), tmp_path).status == "quarantined"
    stored = everything_stored(before)
    assert b"DOWNTIME" not in stored
    assert b"00047431395" not in stored
