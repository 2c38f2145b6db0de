"""Signing in and out, by mouse and by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.demo import PASSWORD
from tests.e2e.people import ADMIN, AUDITOR, CLINICIAN, RESEARCHER, SignedIn, sign_in

pytestmark = pytest.mark.browser


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_worklist(
    site: str, new_page: Callable[..., Page]
) -> None:
    page = new_page()
    sign_in(page, site, CLINICIAN, password="not-the-password")
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    assert page.url == f"{site}/accounts/login/"

    sign_in(page, site, CLINICIAN)
    expect(page).to_have_url(f"{site}/cases/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Worklist")

    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site}/accounts/login/")
    page.goto(f"{site}/cases/")
    expect(page).to_have_url(f"{site}/accounts/login/?next=/cases/")


def test_the_demo_fills_the_form_in(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Fill in as Ruth Adeyemi").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit trail")


def test_the_keyboard_alone_signs_in_and_reaches_the_upload(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{site}/accounts/login/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Email")
    page.keyboard.type(CLINICIAN)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Worklist")

    tab_to(page, "Upload measurements")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Upload FNA measurements")
    # The script puts its own button in the place of the browser's, and the focus must not be caught in between.
    page.locator(".nhsuk-file-upload__drop-button").wait_for()
    tab_to(page, "FNA table")
    # Headless Chromium reports a chooser opened by keyboard only now and then; what the page does is click its input.
    page.locator("input[type=file]").evaluate(
        "(input) => input.addEventListener('click', () => (document.body.dataset.asked = 'yes'))"
    )
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_have_attribute("data-asked", "yes")


def tab_to(page: Page, name: str, most: int = 30) -> None:
    """Presses Tab until what has the focus is called `name` by its text or its label."""
    for _ in range(most):
        page.keyboard.press("Tab")
        called = page.evaluate(
            "() => [document.activeElement.textContent, ...[...(document.activeElement.labels ?? [])]"
            ".map((label) => label.textContent)].map((text) => text.trim())"
        )
        if any(text.startswith(name) for text in called):
            return
    pytest.fail(f"{most} presses of Tab did not reach {name!r}")


def test_roles_begin_where_their_work_is(signed_in: SignedIn) -> None:
    for person, heading in (
        (RESEARCHER, "Synthetic data"),
        (AUDITOR, "Audit trail"),
        (ADMIN, "Models"),
    ):
        expect(signed_in(person).get_by_role("heading", level=1)).to_have_text(heading)
