"""A file's way from the upload to the exported answers."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from ml.fna.schema import FEATURE_NAMES
from tests.e2e.people import CLINICIAN, OUTSIDER, SignedIn
from tests.e2e.samples import COLUMNS, FORMULA, csv_with, rows, title_case_csv

pytestmark = pytest.mark.browser

COUNT = 60


def choose(page: Page, name: str, content: bytes) -> None:
    """Gives the upload page a file, as its file dialog would."""
    file = FilePayload(name=name, mimeType="text/csv", buffer=content)
    page.locator("input[type=file]").set_input_files(file)


def test_a_file_becomes_answers_and_an_export(signed_in: SignedIn, tmp_path: Path) -> None:
    page = signed_in(CLINICIAN, "/fna/upload/")
    choose(page, "title-case.csv", title_case_csv(COUNT))
    expect(page.get_by_role("heading", name=f"{COUNT} samples can be imported")).to_be_visible()
    expect(page.get_by_role("row", name="B · Radius Mean")).to_contain_text("Radius, mean")
    expect(page.get_by_role("row", name="AF · Diagnosis")).to_contain_text("kept for comparison only")
    expect(page.locator("#announcer")).to_have_text(f"{COUNT} samples can be imported.")

    page.get_by_role("button", name=f"Import {COUNT} samples").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("title-case.csv")
    expect(page.get_by_text(f"{COUNT} of {COUNT} read")).to_be_visible()
    # The page renews itself when the job has ended.
    expect(page.get_by_role("heading", name="Against the known diagnoses")).to_be_visible()
    expect(page.locator(".lobule-histogram canvas")).to_be_visible()
    tally = page.locator("section[aria-labelledby=answers] .lobule-tally li strong:first-child").all_inner_texts()
    assert sum(map(int, tally)) == COUNT

    page.get_by_role("link", name="E2E-0001").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text("Reads malignant")
    expect(page.get_by_role("img", name="Estimated probability of malignancy")).to_be_visible()
    expect(page.get_by_text("569 cases (357 benign, 212 malignant) from one centre")).to_be_visible()
    expect(page.get_by_text("The model was trained on this very sample")).to_be_visible()
    nearest = page.get_by_role("region", name="Most similar training cases").get_by_role("row").nth(2)
    expect(nearest).to_contain_text("Row 2")
    case_url = page.url

    page.get_by_role("link", name="title-case.csv").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the answers as CSV").click()
    saved = tmp_path / "answers.csv"
    download.value.save_as(saved)
    answers = list(csv.DictReader(io.StringIO(saved.read_text(encoding="utf-8-sig"))))
    assert len(answers) == COUNT
    assert answers[0]["reference"] == f"'{FORMULA}"
    assert answers[1]["reference"] == "E2E-0001"
    assert answers[1]["finding"] == answers[1]["known_diagnosis"] == "malignant"
    assert float(answers[1]["probability_malignant"]) > 0.9

    stranger = signed_in(OUTSIDER)
    response = stranger.goto(case_url)
    assert response is not None
    assert response.status == 404
    expect(stranger.get_by_role("heading", level=1)).to_have_text("There is no such page")


def test_a_bad_file_says_which_cells_are_wrong_and_stores_nothing(signed_in: SignedIn) -> None:
    header = ["sample_id", *FEATURE_NAMES]
    values: list[list[object]] = [[f"B-{i}", *row] for i, row in enumerate(rows(12).tolist())]
    values[3][1 + COLUMNS["smoothness_mean"]] = "n/a"
    values[7][1 + COLUMNS["radius_mean"]] = -4
    page = signed_in(CLINICIAN, "/fna/upload/")
    choose(page, "spoilt.csv", csv_with(header, values))

    expect(page.get_by_role("heading", name="This file cannot be imported")).to_be_visible()
    expect(page.get_by_role("row", name="5 smoothness_mean No value")).to_be_visible()
    expect(page.get_by_role("row", name="9 radius_mean “-4” is negative")).to_be_visible()
    expect(page.get_by_role("button", name="Import")).to_have_count(0)
    page.goto(page.url.replace("upload", "batches"))
    expect(page.get_by_role("link", name="spoilt.csv")).to_have_count(0)


def test_columns_that_were_not_understood_are_named_by_hand(signed_in: SignedIn) -> None:
    header = ["Lab no", *FEATURE_NAMES, "Comment"]
    header[1 + COLUMNS["radius_mean"]] = "size of nucleus"
    values: list[list[object]] = [[f"L-{i}", *row, "none"] for i, row in enumerate(rows(8).tolist())]
    page = signed_in(CLINICIAN, "/fna/upload/")
    choose(page, "own-names.csv", csv_with(header, values))
    expect(page.get_by_role("heading", name="This file cannot be imported")).to_be_visible()

    page.get_by_label("Column A, Lab no, means").select_option("Sample number")
    page.get_by_label("Column B, size of nucleus, means").select_option("Radius, mean")
    page.get_by_role("button", name="Check again").click()
    page.get_by_role("button", name="Import 8 samples").click()
    expect(page.get_by_role("link", name="L-7")).to_be_visible()


def test_choosing_another_file_takes_the_preview_of_the_first_away(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/upload/")
    choose(page, "good.csv", title_case_csv(5))
    expect(page.get_by_role("button", name="Import 5 samples")).to_be_visible()
    choose(page, "bad.csv", b"this,is\nno,table\n")
    expect(page.get_by_role("heading", name="This file cannot be imported")).to_be_visible()
    expect(page.get_by_role("button", name="Import 5 samples")).to_have_count(0)


def test_the_worklist_filters_sorts_searches_and_exports(signed_in: SignedIn, tmp_path: Path) -> None:
    page = signed_in(CLINICIAN, "/cases/")
    page.get_by_label("Answer").select_option("Refused")
    page.get_by_label("Kind").select_option("FNA")
    page.get_by_label("Order").select_option("Sample or patient number")
    page.get_by_role("button", name="Show").click()
    first = page.get_by_role("region", name="Cases").get_by_role("row").nth(1)
    expect(first).to_contain_text("NG-SPOILT-1")

    page.get_by_label("Sample or patient number").fill("spoilt-2")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("1 case of Northgate Breast Clinic")).to_be_visible()
    assert "spoilt" not in page.url.lower()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it as CSV").click()
    saved = tmp_path / "worklist.csv"
    download.value.save_as(saved)
    assert "NG-SPOILT-2" in saved.read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_text("numbers that contain")).to_have_count(0)
