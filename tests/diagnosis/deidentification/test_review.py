"""The review of pictures that may show whose they are."""

import json
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image
from pydicom import dcmread

from accounts.errors import AuditUnavailable, Conflict, DomainError
from accounts.models import AuditEvent, User
from diagnosis.models import Instance, UploadedFile
from diagnosis.services import quarantine
from diagnosis.services.image_objects import read_frame
from ml.dicom.deidentification import Region
from tests.cast import SignIn
from tests.identities import banner, objects, send, ultrasound

pytestmark = pytest.mark.django_db


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
