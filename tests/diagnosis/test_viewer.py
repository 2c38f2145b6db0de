"""The viewer's server side: what it shows to whom, what it refuses, what it records, and the marks it keeps."""

import json
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Action, AuditEvent, User
from diagnosis.models import Annotation, Instance, Prediction, Study
from jobs.models import Job
from jobs.services import claim, enqueue
from ml.dicom.frames import Region
from tests.cast import SignIn
from tests.studies import (
    ramp,
    store_answer,
    store_document,
    store_image,
    store_series,
    store_study,
)
from tests.trail import unwritable_trail

pytestmark = pytest.mark.django_db
EVIDENCE = np.full((8, 12, 4), 128, np.uint8)
PARTS = ("instance-thumbnail", "instance-overlay", "instance-evidence", "instance-file")


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


@pytest.fixture
def study(owner: User) -> Study:
    return store_study(owner)


@pytest.fixture
def image(owner: User, study: Study) -> Instance:
    """A cine loop of two frames with graphic overlays and an answer."""
    series = store_series(study)
    image = store_image(owner, series, [ramp(), ramp(shift=7)], overlays=True, frame_ms=40.0, laterality="L")
    store_answer(image, evidence=EVIDENCE)
    return image


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def status_of(browser: Client, route: str, *arguments: object) -> int:
    response = browser.get(reverse(route, args=arguments))
    body(response)  # reading it to its end lets go of the file behind it
    return response.status_code


def manifest(browser: Client, study: Study) -> dict[str, Any]:
    return dict(browser.get(reverse("study-viewer-manifest", args=[study.public_id])).json())


def only_image(browser: Client, study: Study) -> dict[str, Any]:
    ((found,),) = [series["images"] for series in manifest(browser, study)["series"]]
    return dict(found)


def mark(browser: Client, image: Instance, **changes: Any) -> Any:
    sent = {
        "instance": str(image.public_id),
        "frame": 1,
        "tool": "length",
        "points": [[10, 10], [20.25, 10]],
        "label": "",
    }
    url = reverse("annotation-list", args=[image.series.study.public_id])
    return browser.post(url, json.dumps(sent | changes), content_type="application/json")


def test_a_frame_is_its_values_and_nothing_else(browser: Client, image: Instance) -> None:
    for number, shift in ((1, 0), (2, 7)):
        response = browser.get(reverse("instance-frame", args=[image.public_id, number]))
        assert response.status_code == 200
        data = body(response)
        assert int(response["Content-Length"]) == len(data) == 40 * 60 * 2
        assert response["Content-Type"] == "application/octet-stream"
        assert response["Cache-Control"] == "private, no-store"
        assert np.array_equal(np.frombuffer(data, "<u2").reshape(40, 60), ramp(shift=shift))
    for number in (0, 3, 99):
        assert browser.get(reverse("instance-frame", args=[image.public_id, number])).status_code == 404


def test_every_part_of_an_image_is_recorded(browser: Client, image: Instance, study: Study) -> None:
    for route in PARTS:
        assert status_of(browser, route, image.public_id) == 200
    assert status_of(browser, "instance-frame", image.public_id, 2) == 200
    events = AuditEvent.objects.filter(object_type="image", object_id_text=str(image.public_id)).order_by("id")
    expected = [
        (Action.VIEW, {"part": "thumbnail"}),
        (Action.VIEW, {"part": "overlay"}),
        (Action.VIEW, {"part": "evidence"}),
        (Action.DOWNLOAD, {"what": "original file"}),
        (Action.VIEW, {"part": "frame", "frame": 2}),
    ]
    assert [(event.action, event.detail) for event in events] == expected
    assert {event.patient_pseudonym for event in events} == {str(study.patient.public_id)}


@pytest.mark.parametrize("route", ["study-viewer", "study-viewer-manifest"])
def test_opening_a_study_is_one_view_of_its_patient(browser: Client, study: Study, image: Instance, route: str) -> None:
    assert browser.get(reverse(route, args=[study.public_id])).status_code == 200
    event = AuditEvent.objects.get(action=Action.VIEW)
    assert (event.object_type, event.object_id_text) == ("study", str(study.public_id))
    assert event.patient_pseudonym == str(study.patient.public_id)


def test_news_of_the_reading_is_a_view_and_waiting_for_it_is_none(browser: Client, owner: User, study: Study) -> None:
    image = store_image(owner, store_series(study), [ramp()])
    people = {"requested_by": owner, "institution": owner.institution}
    job = enqueue(kind="image-reading", subject_id=str(image.public_id), total=1, **people)
    first = manifest(browser, study)["reading"]
    assert first["isOn"]
    views = AuditEvent.objects.filter(action=Action.VIEW)
    assert views.count() == 1
    waiting = browser.get(first["newsUrl"])
    assert (waiting.status_code, waiting.content) == (204, b"")
    assert views.count() == 1

    store_answer(image, evidence=EVIDENCE)
    Job.objects.filter(pk=job.pk).update(status="succeeded", finished_at=timezone.now())
    news = browser.get(first["newsUrl"]).json()
    ((answered,),) = [series["images"] for series in news["series"]]
    assert answered["reading"]["evidenceUrl"]
    assert not news["reading"]["isOn"]
    assert views.count() == 2


def test_a_reading_that_stopped_is_not_waited_for(browser: Client, owner: User, study: Study) -> None:
    image = store_image(owner, store_series(study), [ramp()])
    people = {"requested_by": owner, "institution": owner.institution}
    job = enqueue(kind="image-reading", subject_id=str(image.public_id), total=1, **people)
    reading = manifest(browser, study)["reading"]
    claim(job_id=job.public_id, worker="test").fail("broken", "The model's file is gone.")
    news = browser.get(reading["newsUrl"]).json()
    assert not news["reading"]["isOn"]
    shown = only_image(browser, study)
    assert shown["readingState"] == "stopped"
    assert "study’s page can start it again" in shown["unreadReason"]


def test_news_of_another_hospital_is_none_of_ours(
    outsider: User, sign_in: SignIn, study: Study, image: Instance
) -> None:
    url = reverse("study-viewer-manifest", args=[study.public_id])
    assert sign_in(outsider).get(f"{url}?known=1-0-off").status_code == 404
    assert not AuditEvent.objects.filter(action=Action.VIEW).exists()


def test_without_an_audit_trail_nothing_is_shown(browser: Client, study: Study, image: Instance) -> None:
    with unwritable_trail():
        answers = [browser.get(reverse(route, args=[image.public_id])) for route in PARTS]
        answers.append(browser.get(reverse("instance-frame", args=[image.public_id, 1])))
        answers += [
            browser.get(reverse(route, args=[study.public_id])) for route in ("study-viewer", "study-viewer-manifest")
        ]
        answers.append(mark(browser, image))
    assert {answer.status_code for answer in answers} == {503}
    assert not any(b"DOE" in body(answer) for answer in answers)
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(("state", "status"), [("quarantined", 423), ("rejected", 409)])
def test_an_image_under_review_is_not_shown_and_says_why(
    browser: Client, study: Study, image: Instance, state: str, status: int
) -> None:
    Instance.objects.update(state=state, state_reason="A name is burned into the picture.")
    answers = [browser.get(reverse(route, args=[image.public_id])) for route in PARTS]
    answers.append(browser.get(reverse("instance-frame", args=[image.public_id, 1])))
    assert {answer.status_code for answer in answers} == {status}
    for answer in answers:
        assert answer["Content-Type"] == "application/problem+json"
        assert "burned into the picture" in answer.json()["detail"]
    shown = only_image(browser, study)
    assert "burned into the picture" in shown["message"]
    hidden = ("frameUrl", "thumbnailUrl", "overlayUrl", "fileUrl", "frameSet", "reading")
    assert [shown[name] for name in hidden] == [None] * len(hidden)
    assert mark(browser, image).status_code == status


def test_strangers_find_nothing(outsider: User, sign_in: SignIn, study: Study, image: Instance) -> None:
    stranger = sign_in(outsider)
    for route in PARTS:
        assert stranger.get(reverse(route, args=[image.public_id])).status_code == 404
    assert stranger.get(reverse("instance-frame", args=[image.public_id, 1])).status_code == 404
    assert stranger.get(reverse("study-viewer", args=[study.public_id])).status_code == 404
    assert stranger.get(reverse("study-viewer-manifest", args=[study.public_id])).status_code == 404
    assert mark(stranger, image).status_code == 404
    assert not AuditEvent.objects.filter(action__in=[Action.VIEW, Action.DOWNLOAD, Action.ANNOTATE]).exists()


def test_a_file_leaves_only_as_a_download(browser: Client, image: Instance) -> None:
    response = browser.get(reverse("instance-file", args=[image.public_id]))
    assert response["Content-Disposition"] == f'attachment; filename="{image.public_id}.dcm"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/octet-stream"
    assert body(response)[128:132] == b"DICM"


def test_the_manifest_tells_all_the_viewer_needs(
    browser: Client, study: Study, image: Instance, colleague: User, sign_in: SignIn
) -> None:
    store_document(image.created_by, store_series(study, "SR"))
    mark(browser, image, label="Mass")
    found = manifest(sign_in(colleague), study)
    assert found["patient"] == {"name": "DOE, JANE", "id": "P-1", "birthDate": "19620314", "sex": "F"}
    (shown,) = found["series"][0]["images"]
    assert shown["laterality"] == "L"
    assert shown["frameSet"]["spacing"] == [0.2, 0.2]
    assert "files" not in shown["frameSet"]
    assert shown["frameUrl"] + "1" == reverse("instance-frame", args=[image.public_id, 1])
    assert shown["reading"]["probability"] == 0.83
    assert shown["reading"]["interval"] == [0.71, 0.91]
    assert shown["reading"]["trainedOn"].startswith("780 breast ultrasound")
    assert shown["reading"]["evidenceUrl"] == reverse("instance-evidence", args=[image.public_id])
    (document,) = found["series"][1]["documents"]
    assert document["name"] == "Basic Text SR Storage"
    (drawn,) = found["annotations"]
    assert (drawn["author"], drawn["mine"], drawn["label"]) == ("Owner", False, "Mass")


def test_the_newest_answer_is_the_one_that_is_shown(browser: Client, study: Study, image: Instance) -> None:
    older = Prediction.objects.get()
    other = older.model
    other.pk, other.public_id, other.weights_sha256 = None, uuid4(), "c" * 64
    other.save()
    store_answer(image, model=other, status="refused", finding="", probability=None, interval_low=None,
                 interval_high=None, prediction_set=[], reason="The picture is nearly black.")  # fmt: skip
    shown = only_image(browser, study)["reading"]
    assert (shown["status"], shown["probability"], shown["evidenceUrl"]) == ("refused", None, None)
    assert shown["reason"] == "The picture is nearly black."
    assert browser.get(reverse("instance-evidence", args=[image.public_id])).status_code == 404


def test_priors_are_the_same_patients_studies_here(
    browser: Client, owner: User, outsider: User, study: Study, image: Instance
) -> None:
    prior = store_study(owner, date="20240210", description="Screening")
    store_study(owner, patient_id="P-2", name="ROE^MARY")
    store_study(outsider)
    (found,) = manifest(browser, study)["priors"]
    assert (found["id"], found["date"], found["isEarlier"]) == (str(prior.public_id), "20240210", True)
    assert manifest(browser, prior)["priors"][0]["isEarlier"] is False


def test_the_page_fetches_the_first_frame_at_once(browser: Client, owner: User, study: Study, image: Instance) -> None:
    second = store_image(owner, image.series, [ramp()])
    url = reverse("study-viewer", args=[study.public_id])
    preload = '<link rel="preload" as="fetch" crossorigin href="{}">'
    first = browser.get(url)
    assert preload.format(reverse("instance-frame", args=[image.public_id, 1])) in first.content.decode()
    wanted = browser.get(url, {"instance": str(second.public_id)})
    assert preload.format(reverse("instance-frame", args=[second.public_id, 1])) in wanted.content.decode()
    assert browser.get(url, {"instance": "<script>"}).status_code == 200
    assert "no-store" in first["Cache-Control"]


def test_upl_14_markup_in_a_header_is_inert(browser: Client, owner: User) -> None:
    study = store_study(owner, name="</script><script>alert(1)</script>^X", description="<img src=x onerror=alert(1)>")
    store_image(owner, store_series(study), [ramp()])
    page = browser.get(reverse("study-viewer", args=[study.public_id])).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_queries_do_not_grow_with_the_study(
    browser: Client, owner: User, study: Study, image: Instance, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(100) as few:
        manifest(browser, study)
    for _ in range(10):
        store_answer(store_image(owner, image.series, [ramp()]))
    with django_assert_max_num_queries(100) as many:
        manifest(browser, study)
    assert len(many) == len(few)


def test_a_mark_is_kept_moved_removed_and_brought_back(browser: Client, study: Study, image: Instance) -> None:
    made = mark(browser, image, frame=2)
    assert made.status_code == 201
    url = made.json()["url"]
    assert made.json()["points"] == [[10, 10], [20.25, 10]]
    changed = browser.patch(url, json.dumps({"points": [[1, 2], [3, 4]], "label": " Cyst "}), "application/json")
    assert (changed.json()["points"], changed.json()["label"]) == ([[1, 2], [3, 4]], "Cyst")
    assert [kept["label"] for kept in manifest(browser, study)["annotations"]] == ["Cyst"]
    assert browser.delete(url).status_code == 204
    assert browser.delete(url).status_code == 204
    assert manifest(browser, study)["annotations"] == []
    assert browser.post(f"{url}restore/").json()["label"] == "Cyst"
    assert len(manifest(browser, study)["annotations"]) == 1
    events = AuditEvent.objects.filter(action=Action.ANNOTATE).order_by("id")
    assert [event.detail["what"] for event in events] == ["drawn", "changed", "removed", "restored"]
    assert {event.patient_pseudonym for event in events} == {str(study.patient.public_id)}


def test_only_the_author_changes_a_mark(
    browser: Client, image: Instance, colleague: User, outsider: User, sign_in: SignIn
) -> None:
    url = mark(browser, image).json()["url"]
    for person, status in ((colleague, 403), (outsider, 404)):
        other = sign_in(person)
        assert other.patch(url, '{"label": "x"}', "application/json").status_code == status
        assert other.delete(url).status_code == status
        assert other.post(f"{url}restore/").status_code == status
    kept = Annotation.objects.get()
    assert (kept.data["label"], kept.removed_at) == ("", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"tool": "lightsaber"},
        {"tool": ["length"]},
        {"frame": 0},
        {"frame": 3},
        {"frame": "1"},
        {"frame": True},
        {"points": []},
        {"points": [[1, 2]]},
        {"points": [[1, 2], [3, "4"]]},
        {"points": [[1, 2], [3, True]]},
        {"points": [[1, 2], [3, 1e9]]},
        {"points": [[1, 2], [3, float("nan")]]},
        {"points": {"0": [1, 2]}},
        {"label": "x" * 201},
        {"label": None},
    ],
)
def test_a_mark_that_cannot_be_is_refused(browser: Client, image: Instance, changes: dict[str, Any]) -> None:
    response = mark(browser, image, **changes)
    assert response.status_code == 422
    assert response.json()["code"] == "unusable_mark"
    assert not Annotation.objects.exists()


def test_requests_that_are_no_marks(browser: Client, owner: User, study: Study, image: Instance) -> None:
    url = reverse("annotation-list", args=[study.public_id])
    for sent in ("[]", "{", "null"):
        assert browser.post(url, sent, content_type="application/json").status_code == 422
    elsewhere = store_image(owner, store_series(store_study(owner)), [ramp()])
    for instance in (str(uuid4()), "nonsense", None, str(elsewhere.public_id)):
        assert mark(browser, image, instance=instance).status_code == 404
    document = store_document(owner, image.series)
    assert mark(browser, image, instance=str(document.public_id)).status_code == 422
    assert not Annotation.objects.exists()


def test_a_mark_needs_the_csrf_token(browser: Client, image: Instance) -> None:
    browser.handler.enforce_csrf_checks = True
    assert mark(browser, image).status_code == 403
    assert not Annotation.objects.exists()


def test_a_missing_object_is_not_found(browser: Client, image: Instance) -> None:
    Instance.objects.update(public_id=uuid4())
    image.refresh_from_db()
    assert browser.get(reverse("instance-frame", args=[image.public_id, 1])).status_code == 404


def test_regions_reach_the_viewer_as_they_are(browser: Client, owner: User, study: Study) -> None:
    regions = (Region(0, 0, 29, 39, (0.1, 0.1)), Region(30, 0, 59, 39, None))
    store_image(owner, store_series(study), [ramp()], regions=regions, spacing=None, spacing_source="")
    found = only_image(browser, study)["frameSet"]
    assert [region["spacing"] for region in found["regions"]] == [[0.1, 0.1], None]
    assert found["spacing"] is None
