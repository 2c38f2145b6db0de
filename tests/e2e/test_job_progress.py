"""A batch of 10,000 rows: its progress, and its cancelling."""

import re

import pytest
from playwright.sync_api import FilePayload, expect

from tests.e2e.people import CLINICIAN, SignedIn
from tests.e2e.samples import title_case_csv

pytestmark = pytest.mark.browser


def test_ten_thousand_rows_show_progress_and_can_be_cancelled(signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/upload/")
    file = FilePayload(name="ten-thousand.csv", mimeType="text/csv", buffer=title_case_csv(10_000))
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Import 10,000 samples").click()
    progress = page.get_by_role("progressbar", name="Samples read")
    expect(progress).to_be_visible()
    expect(page.get_by_text(re.compile(r"^\s*Running\s+[1-9][\d,]* of 10,000 read"))).to_be_visible()

    page.get_by_role("button", name="Cancel", exact=True).click()
    question = page.get_by_role("dialog", name="Cancel reading these samples?")
    question.get_by_role("button", name="Go on reading").click()
    expect(question).to_be_hidden()
    page.get_by_role("button", name="Cancel", exact=True).click()
    question.get_by_role("button", name="Cancel the reading").click()

    expect(page.get_by_role("button", name="Start again")).to_be_visible()
    status = page.locator(".lobule-job p").first
    expect(status).to_contain_text("Cancelled")
    read = int(re.findall(r"([\d,]+) of 10,000 read", status.inner_text())[0].replace(",", ""))
    assert 0 < read < 10_000
    not_read = page.locator("li", has_text="Not read").locator("strong").first
    expect(not_read).to_have_text(f"{10_000 - read:,}")
