"""A researcher orders a synthetic set, an administrator approves it, the researcher downloads it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import ADMIN, CLINICIAN, RESEARCHER, SignedIn
from tests.e2e.test_accessibility import check

# The demo’s own order is made first, and each takes a minute on a machine that does nothing else.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

TABLE, PICTURES = "Breast Cancer Wisconsin (Diagnostic)", "Simulated breast ultrasound"
TITLE = "Aspirates for the browser’s test"
MADE_MS = 300_000


def order(page: Page, source: str) -> None:
    """Opens the form that orders from this source."""
    page.get_by_role("link", name="Order a synthetic set").first.click()
    page.get_by_role("link", name=source, exact=True).click()


def test_a_set_is_ordered_made_approved_and_downloaded(site: str, signed_in: SignedIn) -> None:
    page = signed_in(RESEARCHER, "/synthesis/orders/")
    check(page)
    order(page, TABLE)
    page.get_by_label("Title").fill("")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("alert")).to_contain_text("Title: Give the set a title.")
    check(page)
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("Quick look").check()
    page.get_by_label("Benign").fill("120")
    page.get_by_label("Malignant").fill("80")
    expect(page.locator("#estimate")).to_contain_text("200 rows")
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("heading", name="How it is being made")).to_be_visible()
    check(page)

    expect(page.get_by_role("heading", name="Passed the release gate")).to_be_visible(timeout=MADE_MS)
    expect(page.get_by_role("heading", name="Passport")).to_be_visible()
    address = page.url
    check(page)

    admin = signed_in(ADMIN, address.removeprefix(site))
    check(admin)
    admin.get_by_role("button", name="Approve and publish").click()  # nothing to confirm before the note is there
    expect(admin.get_by_role("alert")).to_contain_text("Say what your decision rests on.")
    admin.get_by_label("What does your decision rest on?").fill("No copies, and no attack succeeded.")
    admin.get_by_role("button", name="Approve and publish").click()
    with admin.expect_navigation():  # the form is sent only once the dialog has closed
        admin.get_by_role("dialog").get_by_role("button", name="Approve and publish").click()
    expect(admin.get_by_role("heading", name="Published", exact=True)).to_be_visible(timeout=MADE_MS)

    page.goto(f"{site}/synthetic-sets/")
    check(page)
    page.get_by_role("link", name=TITLE).click()
    check(page)
    with page.expect_download() as fetched:
        page.get_by_role("link", name=re.compile("^Download everything")).click()
    assert fetched.value.path().read_bytes()[:2] == b"PK"
    page.reload()
    expect(page.get_by_text("Downloads").locator("xpath=following-sibling::dd[1]")).to_have_text("1")
    expect(signed_in(CLINICIAN, "/synthetic-sets/").get_by_role("link", name=TITLE)).to_be_visible()


def test_pages_about_sources_and_pictures(site: str, signed_in: SignedIn) -> None:
    page = signed_in(RESEARCHER, "/synthetic-sets/")
    order(page, PICTURES)
    page.get_by_label("StyleGAN-type").check()
    page.get_by_label("ε = 3, firm").check()
    expect(page.locator("#estimate")).to_contain_text("StyleGAN-type cannot be trained with a guarantee")
    check(page)
    page.goto(f"{site}/synthesis/orders/compare/")
    check(page)
    admin = signed_in(ADMIN, "/synthesis/sources/")
    check(admin)
    admin.get_by_role("link", name="Add a source").click()
    admin.get_by_role("button", name="Read the file and add it").click()
    expect(admin.get_by_role("alert")).to_contain_text("File: Choose a file.")
    check(admin)
    admin.goto(f"{site}/synthesis/sources/")
    admin.get_by_role("link", name=PICTURES).click()
    check(admin)
