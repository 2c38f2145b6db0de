"""REL-18: what may name a patient stands in the database and its bucket, and nowhere else."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, User
from diagnosis.models import Case, FnaBatch
from jobs.models import Job
from jobs.runner import run
from ml.fna.predictor import FnaPredictor
from tests.cast import SignIn, csv_of, wdbc

PLANTED = "PLANTED-Jane-Doe"


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


def send(browser: Client) -> FnaBatch:
    rows, _ = wdbc(2)
    data = csv_of(rows.tolist(), ids=[PLANTED, f"{PLANTED}-2"])
    browser.post(reverse("fna-import"), {"file": SimpleUploadedFile(f"{PLANTED}.csv", data)})
    return FnaBatch.objects.get()


@pytest.mark.django_db(transaction=True)
def test_rel_18_messages_hold_ids_only(browser: Client) -> None:
    batch = send(browser)
    messages = [path.read_text() for path in (Path(settings.VAR_DIR) / "messages").glob("*.msg")]
    assert any(str(batch.job.public_id) in message for message in messages)
    assert not [message for message in messages if PLANTED in message]


@pytest.mark.django_db
def test_rel_18_logs_hold_no_sample_number(browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    batch = send(browser)
    run(batch.job.public_id, worker="test")
    case = Case.objects.first()
    assert case is not None
    browser.post(reverse("worklist-search"), {"reference": PLANTED})
    assert PLANTED in browser.get(reverse("worklist")).content.decode()
    browser.get(reverse("case-detail", args=[case.public_id]))
    browser.get(reverse("case-detail", args=["00000000-0000-4000-8000-000000000000"]))
    browser.get(reverse("batch-export", args=[batch.public_id]))
    written = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        # The SQL log is a developer's tool: no settings of ours switch it on.
        if record.name != "django.db.backends"
    )
    assert "case" in written
    assert PLANTED not in written


@pytest.mark.django_db
def test_rel_18_a_failing_job_says_nothing_of_its_rows(
    browser: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: FnaPredictor, X: object) -> None:
        raise ValueError(f"cannot read {PLANTED}")

    batch = send(browser)
    monkeypatch.setattr(FnaPredictor, "predict", fail)
    run(batch.job.public_id, worker="test")
    job = Job.objects.get()
    assert "ValueError" in caplog.text
    assert PLANTED not in caplog.text
    assert PLANTED not in f"{job.error_message} {job.progress_note} {job.error_code}"


@pytest.mark.django_db
def test_rel_18_the_trail_names_patients_by_pseudonym(browser: Client) -> None:
    batch = send(browser)
    run(batch.job.public_id, worker="test")
    case = Case.objects.first()
    assert case is not None
    browser.get(reverse("case-detail", args=[case.public_id]))
    browser.post(reverse("worklist-search"), {"reference": PLANTED})
    browser.get(reverse("worklist"))
    browser.post(reverse("api-case-search"), {"reference": PLANTED}, "application/json")
    rows = [str(sorted(row.items())) for row in AuditEvent.objects.values()]
    assert any(str(case.public_id) in row for row in rows)
    assert not [row for row in rows if PLANTED in row]
