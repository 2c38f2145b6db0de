"""Every kind of page: no WCAG A or AA violation that axe finds, and no sideways scrolling on a telephone.

That no page breaks the content security policy or reports any other error, the `new_page` fixture sees to.
"""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.people import ADMIN, CLINICIAN, SignedIn

pytestmark = pytest.mark.browser

AXE_OPTIONS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
CLINICAL_PAGES = ("/cases/", "/cases/?status=waiting&since=nonsense", "/fna/upload/", "/fna/new/", "/fna/batches/")
OTHER_PAGES = ("/models/", "/audit/", "/account/", "/accounts/password/change/", "/api/v1/docs/")
ENTRANCE_PAGES = ("/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/no-such-page/")
PHONE_WIDTHS = (375, 320)


def check(page: Page) -> None:
    """No violation at this width, and none of the telephone widths scrolls sideways."""
    page.wait_for_load_state("networkidle")
    result = Axe().run(page, options=AXE_OPTIONS)
    assert result.violations_count == 0, f"{page.url}\n{result.generate_report()}"
    for width in PHONE_WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{page.url} at {width} px"
    page.set_viewport_size({"width": 1280, "height": 900})


def test_pages_of_a_clinician(site: str, signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN)
    for path in CLINICAL_PAGES:
        page.goto(site + path)
        check(page)


def test_batch_and_its_cases(site: str, signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/batches/")
    page.get_by_role("link", name="demo-wdbc-samples.csv").click()
    expect(page.get_by_role("heading", name="Answers", exact=True)).to_be_visible()
    check(page)
    for answer in ("malignant", "uncertain", "refused"):
        page.goto(f"{site}/cases/?status={answer}")
        page.get_by_role("region", name="Cases").get_by_role("link").first.click()
        page.evaluate("document.querySelectorAll('main details').forEach((details) => { details.open = true })")
        check(page)


def test_form_with_errors_and_preview(site: str, signed_in: SignedIn) -> None:
    page = signed_in(CLINICIAN, "/fna/new/")
    page.get_by_role("button", name="Read this sample").click()
    expect(page.get_by_role("alert")).to_contain_text("Radius, mean: Enter a number.")
    check(page)
    page.goto(f"{site}/fna/upload/")
    template = page.request.get(f"{site}/fna/template.csv").body()
    for content in (template, template.replace(b"radius_mean", b"size of nucleus"), b"no,table\n1,2\n"):
        page.locator("input[type=file]").set_input_files(
            {"name": "table.csv", "mimeType": "text/csv", "buffer": content}
        )
        expect(page.locator("#preview h2")).to_be_visible()
        check(page)


def test_pages_of_an_administrator(site: str, signed_in: SignedIn) -> None:
    page = signed_in(ADMIN)
    for path in OTHER_PAGES:
        page.goto(site + path)
        check(page)
    page.goto(f"{site}/account/")
    page.get_by_role("link", name="Make a token").click()
    check(page)
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what will use the token.")
    check(page)
    page.get_by_label("What will use it").fill("laboratory system")
    page.get_by_label("See how far work is").check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("heading", name="Copy your new token now")).to_be_visible()
    check(page)
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Revoke").first.click()
    check(page)
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The token “laboratory system” no longer works.")).to_be_visible()
    page.goto(f"{site}/account/sessions/")
    check(page)
    page.goto(f"{site}/models/")
    page.get_by_role("main").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Results on cases it had not seen")).to_be_visible()
    check(page)


def test_pages_before_signing_in(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    for path in ENTRANCE_PAGES:
        page.goto(site + path)
        check(page)
