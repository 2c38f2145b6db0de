"""AUD-1, act by act over the real addresses: what each leaves in the trail, and how often."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Action, AuditEvent, Role, User
from diagnosis.models import FnaBatch, Instance
from diagnosis.services.restriction import restrict
from jobs.runner import run
from ml.fna.schema import FEATURE_NAMES
from tests.cast import MakeUser, SignIn, csv_of, wdbc
from tests.restricted import EXPLANATION
from tests.studies import ramp, store_image, store_series, store_study

pytestmark = pytest.mark.django_db


def after(last: int) -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(pk__gt=last).order_by("pk").values_list("action", "object_type"))


def last() -> int:
    return AuditEvent.objects.order_by("pk").last().pk  # type: ignore[union-attr] # there is a sign-in at least


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


def image_of(owner: User) -> Instance:
    return store_image(owner, store_series(store_study(owner)), [ramp()])


def test_aud_01_an_upload_by_the_api_and_its_predictions(browser: Client) -> None:
    rows, _ = wdbc(2)
    sent = [{"measurements": dict(zip(FEATURE_NAMES, row.tolist(), strict=True))} for row in rows]
    before = last()
    assert browser.post(reverse("api-fna-sample-list"), sent, "application/json").status_code == 202
    assert after(before) == [("upload", "fna-batch")]
    before = last()
    assert run(FnaBatch.objects.get().job.public_id, worker="test")
    assert after(before) == [("predict", "case")] * 2


def test_aud_01_a_table_looked_at_and_imported(browser: Client, tmp_path: Any) -> None:
    rows, _ = wdbc(2)
    path = tmp_path / "table.csv"
    path.write_bytes(csv_of(rows.tolist()))
    for route, expected in (("fna-preview", ("view", "fna-preview")), ("fna-import", ("upload", "fna-batch"))):
        before = last()
        with path.open("rb") as file:
            assert browser.post(reverse(route), {"file": file}).status_code in {200, 302}
        assert after(before) == [expected]


def test_aud_01_a_repeated_request_is_a_look_at_its_answer(browser: Client) -> None:
    rows, _ = wdbc(1)
    sent = {"measurements": dict(zip(FEATURE_NAMES, rows[0].tolist(), strict=True))}
    for expected in ([("upload", "fna-batch")], [("view", "repeated-answer")]):
        before = last()
        browser.post(
            reverse("api-fna-sample-list"), sent, "application/json", headers={"Idempotency-Key": "same-request"}
        )
        assert after(before) == expected


def test_aud_01_a_download_of_an_original_file(browser: Client, owner: User) -> None:
    image = image_of(owner)
    before = last()
    response = browser.get(reverse("instance-file", args=[image.public_id]))
    assert b"".join(response)  # type: ignore[arg-type] # nothing here is asynchronous
    assert after(before) == [("download", "image")]


def test_aud_01_a_search_by_number_is_recorded_where_it_is_shown(browser: Client, scored_batch: FnaBatch) -> None:
    before = last()
    browser.post(reverse("worklist-search"), {"reference": "S-3"}, follow=True)
    assert after(before) == [("search", "case")]
    event = AuditEvent.objects.get(pk__gt=before)
    assert event.detail == {"filters": {"by_number": True}, "shown": 1}


def test_aud_02_what_stands_in_an_address_is_kept_only_where_a_filter_knows_it(
    browser: Client, scored_batch: FnaBatch
) -> None:
    before = last()
    browser.get(reverse("worklist"), {"patient": "Jane Doe", "status": "malignant", "kind": "Jane Doe", "since": "\0"})
    assert AuditEvent.objects.get(pk__gt=before).detail["filters"] == {"status": "malignant"}
    before = last()
    browser.get(reverse("study-list"), {"modality": "US", "description": "Jane"})
    browser.get(reverse("api-study-list"), {"description": "Jane"})
    kept = [event.detail["filters"] for event in AuditEvent.objects.filter(pk__gt=before).order_by("pk")]
    assert "Jane" not in str(kept)


def test_aud_01_a_mark_and_a_decision_about_a_picture(browser: Client, owner: User) -> None:
    image = image_of(owner)
    before = last()
    sent = {"instance": str(image.public_id), "frame": 1, "tool": "probe", "points": [[1, 1]], "label": ""}
    url = reverse("annotation-list", args=[image.series.study.public_id])
    assert browser.post(url, sent, "application/json").status_code == 201
    assert after(before) == [("annotate", "annotation")]
    Instance.objects.filter(pk=image.pk).update(state="quarantined", state_reason="Look.")
    before = last()
    decision = {"decision": "reject", "reason": "A name is in the picture."}
    assert browser.post(reverse("quarantine-decide", args=[image.public_id]), decision).status_code == 302
    assert after(before) == [("review", "image")]


def test_aud_01_a_change_of_role(owner: User, sign_in: SignIn, make_user: MakeUser) -> None:
    admin = sign_in(make_user("admin", Role.ADMIN))
    before = last()
    assert admin.post(reverse("person-role", args=[owner.public_id]), {"role": "researcher"}).status_code == 302
    changes = [event for event in after(before) if event[0] == "change-role"]
    assert changes == [("change-role", "user")]


def test_aud_01_a_break_of_the_glass(owner: User, colleague: User, sign_in: SignIn) -> None:
    study = store_study(owner)
    restrict(user=owner, record=study.patient, reason="wish")
    browser = sign_in(colleague)
    before = last()
    sent = {"number": "P-1", "reason": "emergency", "explanation": EXPLANATION, "minutes": 30}
    assert browser.post(reverse("emergency-access"), sent).status_code == 302
    opened = AuditEvent.objects.get(pk__gt=before, action=Action.EMERGENCY_ACCESS)
    assert opened.patient_pseudonym == str(study.patient.public_id)
    assert opened.purpose == "emergency"
    before = last()
    assert browser.get(reverse("study-detail", args=[study.public_id])).status_code == 200
    seen = AuditEvent.objects.get(pk__gt=before)
    assert (seen.action, seen.purpose) == (Action.VIEW, "emergency")
    assert seen.detail["emergency_access"]
