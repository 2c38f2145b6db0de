"""The clinician's pages: what they show, what they refuse, and what they never leak."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.audit.cleaning import clean
from accounts.audit.export.as_csv import FORMULA_STARTS, inert
from accounts.models import Action, AuditEvent, User
from diagnosis.models import Case, FnaBatch, FnaSample, Prediction
from diagnosis.selectors import compare_with_known
from diagnosis.services.intake import SampleInput, submit_fna_samples
from jobs.runner import run
from ml.fna.schema import FEATURE_NAMES
from tests.cast import SignIn, csv_of, wdbc
from webapp.templatetags.formats import percent

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(owner: User, sign_in: SignIn) -> Client:
    return sign_in(owner)


def page(browser: Client, route: str, *arguments: object, **query: str) -> str:
    response = browser.get(reverse(route, args=arguments), query)
    assert response.status_code == 200
    return response.content.decode()


def upload(data: bytes, name: str = "samples.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def test_the_worklist_filters_sorts_and_pages(browser: Client, scored_batch: FnaBatch, owner: User) -> None:
    rows, _ = wdbc(1)
    odd = rows[0].tolist()
    odd[FEATURE_NAMES.index("texture_mean")] *= 3
    refused = submit_fna_samples(user=owner, samples=[SampleInput(odd, reference="ODD")], source=FnaBatch.Source.FORM)
    run(refused.job.public_id, worker="test")
    assert "S-1" in page(browser, "worklist", status="malignant")
    assert "ODD" not in page(browser, "worklist", status="malignant")
    assert "ODD" in page(browser, "worklist", status="refused")
    assert "No case fits" in page(browser, "worklist", status="waiting")
    assert "No case fits" in page(browser, "worklist", until="2020-01-01")
    by_probability = page(browser, "worklist", sort="most-malignant")
    ranked = Prediction.objects.exclude(probability=None).order_by("-probability", "case_id")
    places = [by_probability.index(f">{answer.case.reference}<") for answer in ranked]
    assert places == sorted(places)
    assert by_probability.index(">ODD<") > max(places)


def test_acc_24_a_sample_number_is_searched_for_without_standing_in_a_url(
    browser: Client, scored_batch: FnaBatch
) -> None:
    response = browser.post(reverse("worklist-search"), {"reference": "S-2"})
    assert response["Location"] == reverse("worklist")
    found = page(browser, "worklist")
    assert ">S-2<" in found
    assert ">S-1<" not in found
    browser.post(reverse("worklist-search"), {"reference": ""})
    assert ">S-1<" in page(browser, "worklist")


def test_listing_cases_is_one_event_with_its_filters(browser: Client, scored_batch: FnaBatch) -> None:
    page(browser, "worklist", status="malignant")
    searched = AuditEvent.objects.get(action=Action.SEARCH)
    assert searched.detail["filters"] == {"status": "malignant"}
    assert searched.detail["shown"] == Prediction.objects.filter(finding="malignant").count()


def test_an_empty_worklist_says_what_to_do(browser: Client) -> None:
    assert "No cases yet" in page(browser, "worklist")
    assert "No batches yet" in page(browser, "batch-list")


def test_a_case_shows_its_answer_and_evidence(browser: Client, scored_batch: FnaBatch) -> None:
    case = Case.objects.get(reference="S-1")
    shown = page(browser, "case-detail", case.public_id)
    assert "Reads malignant" in shown
    assert "University of Wisconsin" in shown
    assert "Not a certified medical device" in shown
    assert "trained on this very sample" in shown
    assert case.answer is not None
    assert str(case.answer.public_id) in shown
    assert "This agrees with the known diagnosis" in shown


def test_a_waiting_case_says_so_and_asks_again(browser: Client, owner: User) -> None:
    rows, _ = wdbc(1)
    batch = submit_fna_samples(user=owner, samples=[SampleInput(rows[0].tolist())], source=FnaBatch.Source.FORM)
    shown = page(browser, "case-detail", batch.samples.get().case.public_id)
    assert "No answer yet" in shown
    assert reverse("job-status", args=[batch.job.public_id]) in shown


def test_upl_14_markup_in_a_sample_number_or_a_file_name_is_inert(browser: Client, owner: User) -> None:
    rows, _ = wdbc(1)
    evil = "<script>alert(1)</script>"
    data = csv_of(rows.tolist(), ids=[evil])
    browser.post(reverse("fna-import"), {"file": upload(data, f"{evil.replace('/', '')}.csv")})
    batch = FnaBatch.objects.get()
    run(batch.job.public_id, worker="test")
    case = Case.objects.get()
    for shown in (
        page(browser, "worklist"),
        page(browser, "batch-list"),
        page(browser, "batch-detail", batch.public_id),
        page(browser, "case-detail", case.public_id),
    ):
        assert "<script>alert" not in shown
        assert "&lt;script&gt;" in shown


def test_the_preview_stores_nothing(browser: Client) -> None:
    rows, outcomes = wdbc(4)
    data = csv_of(rows.tolist(), outcomes=outcomes, ids=list("abcd"))
    response = browser.post(reverse("fna-preview"), {"file": upload(data)}, headers={"HX-Request": "true"})
    shown = response.content.decode()
    assert "4 samples can be imported" in shown
    assert "Known diagnosis, kept for comparison only" in shown
    assert "<html" not in shown
    assert not FnaBatch.objects.exists()


def test_a_file_that_cannot_be_imported_says_where_and_why(browser: Client) -> None:
    rows, _ = wdbc(2)
    data = csv_of(rows.tolist()).replace(b"17.99", b"seventeen")
    for route in ("fna-preview", "fna-import"):
        shown = browser.post(reverse(route), {"file": upload(data)}).content.decode()
        assert "cannot be imported" in shown
        assert "radius_mean" in shown
        assert "seventeen" in shown
    assert not FnaBatch.objects.exists()


def test_an_import_goes_to_its_batch(browser: Client) -> None:
    rows, _ = wdbc(2)
    plain = browser.post(reverse("fna-import"), {"file": upload(csv_of(rows.tolist()))})
    assert plain["Location"] == reverse("batch-detail", args=[FnaBatch.objects.get().public_id])
    by_htmx = browser.post(
        reverse("fna-import"), {"file": upload(csv_of(rows.tolist()))}, headers={"HX-Request": "true"}
    )
    assert by_htmx["HX-Redirect"].startswith("/fna/batches/")


def test_a_file_over_the_limit_is_refused_by_its_size(browser: Client, settings: object) -> None:
    settings.FNA_UPLOAD_MAX_BYTES = 2**20  # type: ignore[attr-defined]
    shown = browser.post(reverse("fna-preview"), {"file": upload(b"x" * (2**20 + 1))}).content.decode()
    assert "at most 1 MB" in shown


def test_a_column_can_be_named_by_hand(browser: Client) -> None:
    rows, _ = wdbc(2)
    data = csv_of(rows.tolist()).replace(b"texture_mean", b"granularity")
    refused = browser.post(reverse("fna-preview"), {"file": upload(data)}).content.decode()
    assert "cannot be imported" in refused
    named = browser.post(reverse("fna-import"), {"file": upload(data), "column-1": "texture_mean"})
    assert named.status_code == 302
    assert FnaSample.objects.order_by("row_number")[0].measurements == rows[0].tolist()


def test_the_template_is_a_table_that_imports(browser: Client) -> None:
    template = browser.get(reverse("fna-template"))
    assert "attachment" in template["Content-Disposition"]
    response = browser.post(reverse("fna-import"), {"file": upload(template.content)})
    assert response.status_code == 302


def filled_form(**changes: object) -> dict[str, object]:
    rows, _ = wdbc(2)
    return {"reference": "F-1", **dict(zip(FEATURE_NAMES, rows[1].tolist(), strict=True)), **changes}


def test_the_form_sends_one_sample(browser: Client) -> None:
    response = browser.post(reverse("fna-form"), filled_form(known_outcome="1"))
    case = Case.objects.get()
    assert response["Location"] == reverse("case-detail", args=[case.public_id])
    assert (case.reference, case.fna_sample.known_outcome) == ("F-1", 1)
    assert run(case.fna_sample.batch.job.public_id, worker="test")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radius_mean": ""}, "required"),
        ({"radius_mean": "wide"}, "Enter a number"),
        ({"radius_mean": "-3"}, "Radius, mean"),
        ({"radius_mean": "nan"}, "Enter a number"),
    ],
)
def test_the_form_refuses_what_cannot_be(browser: Client, changes: dict[str, str], message: str) -> None:
    response = browser.post(reverse("fna-form"), filled_form(**changes))
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Case.objects.exists()


@pytest.mark.parametrize("changes", [{"texture_mean": "50", "texture_worst": "60"}, {"radius_worst": "5"}])
def test_unusual_values_have_to_be_accepted(browser: Client, changes: dict[str, str]) -> None:
    unusual = filled_form(**changes)
    asked = browser.post(reverse("fna-form"), unusual)
    assert asked.status_code == 422
    assert "unusual" in asked.content.decode()
    assert not Case.objects.exists()
    accepted = browser.post(reverse("fna-form"), {**unusual, "accept_warnings": "on"})
    assert accepted.status_code == 302


def test_a_batch_compares_with_the_known_diagnoses(browser: Client, scored_batch: FnaBatch) -> None:
    shown = page(browser, "batch-detail", scored_batch.public_id)
    assert "Against the known diagnoses" in shown
    comparison = compare_with_known(scored_batch, scored_batch.created_by)
    assert comparison.outcome_known == scored_batch.row_count == comparison.seen_in_training
    assert percent(comparison.accuracy) in shown
    assert "The model was trained on 5 of these very samples, so these figures flatter it" in shown


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_upl_15_an_export_holds_no_formula(start: str) -> None:
    assert inert(f"{start}1+1") == f"'{clean(start)}1+1"
    assert inert("S-1") == "S-1"
    assert "\n" not in inert("S-1\r\nS-2")


def test_an_export_holds_every_row_and_is_recorded(browser: Client, scored_batch: FnaBatch) -> None:
    Case.objects.filter(reference="S-1").update(reference="=1+1")
    response = browser.get(reverse("batch-export", args=[scored_batch.public_id]))
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row["reference"] for row in rows] == ["'=1+1", "S-2", "S-3", "S-4", "S-5"]
    stored = [sample.case.answer.probability for sample in scored_batch.samples.all()]
    assert [float(row["probability_malignant"]) for row in rows] == stored
    exported = AuditEvent.objects.get(action=Action.EXPORT)
    assert exported.detail == {"cases": 5}
    assert exported.object_id_text == str(scored_batch.public_id)


def test_an_outsider_sees_nothing_of_it(outsider: User, sign_in: SignIn, scored_batch: FnaBatch) -> None:
    browser = sign_in(outsider)
    assert "No cases yet" in page(browser, "worklist")
    assert "No batches yet" in page(browser, "batch-list")
    assert browser.get(reverse("worklist-export")).content.decode().count("\n") == 1


def test_a_colleague_sees_the_same_cases(colleague: User, sign_in: SignIn, scored_batch: FnaBatch) -> None:
    assert "S-1" in page(sign_in(colleague), "worklist")


def test_acc_24_pages_with_patients_data_are_not_kept(browser: Client, scored_batch: FnaBatch) -> None:
    case = Case.objects.get(reference="S-1")
    for url in (
        reverse("worklist"),
        reverse("case-detail", args=[case.public_id]),
        reverse("worklist-export"),
    ):
        assert "no-store" in browser.get(url)["Cache-Control"]
