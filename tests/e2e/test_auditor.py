"""The auditor's work in a browser: from the day's findings to the signature, and who saw a patient."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import AUDITOR, SignedIn, sign_in
from tests.e2e.test_accessibility import check

pytestmark = pytest.mark.browser

PAGES = ("/audit/", "/audit/?outcome=failure&role=researcher", "/audit/activity/", "/audit/review/", "/audit/rules/")
MORE_PAGES = ("/audit/export/", "/audit/retention/", "/audit/?ip=nonsense")


def test_pages_of_an_auditor(site: str, signed_in: SignedIn) -> None:
    page = signed_in(AUDITOR)
    for path in (*PAGES, *MORE_PAGES):
        page.goto(site + path)
        check(page)


def test_a_day_is_judged_and_signed(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    sign_in(page, site, AUDITOR)  # a fresh one, as a signature needs
    page.goto(f"{site}/audit/review/")
    row = page.get_by_role("row").filter(has_text="1 to judge").last
    row.get_by_role("link").click()
    check(page)
    page.get_by_role("link", name="The event").click()
    expect(page.get_by_text("These events show:")).to_be_visible()
    page.go_back()
    page.get_by_label("Breach").check()
    page.get_by_role("button", name="Keep this judgement").click()
    expect(page.get_by_role("alert")).to_contain_text("Say what is to be followed up, or what was breached.")
    check(page)
    page.get_by_label("Note").fill("Asked the ward; nobody knows why.")
    page.get_by_label("Breach").check()
    page.get_by_role("button", name="Keep this judgement").click()
    expect(page.get_by_text("Judged: breach.")).to_be_visible()
    page.get_by_role("button", name="Sign: I have reviewed this day").click()
    expect(page.get_by_text("The day is signed.")).to_be_visible()


def test_who_saw_a_patient_leads_to_people_and_events(site: str, signed_in: SignedIn) -> None:
    page = signed_in(AUDITOR, "/audit/?action=view&role=clinician")
    page.get_by_role("region", name="Audit events").get_by_role("link", name="Patient").first.click()
    expect(page.get_by_role("heading", name="Who saw this patient")).to_be_visible()
    check(page)
    people = page.get_by_role("region", name="People who had to do with this patient")
    people.get_by_role("link").first.click()
    check(page)
    page.get_by_role("main").get_by_role("table").first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Seal")).to_be_visible()
    check(page)


def test_an_export_of_what_the_search_shows(site: str, new_page: Callable[..., Page]) -> None:
    page = new_page()
    sign_in(page, site, AUDITOR)  # a fresh one, as an export needs
    page.goto(f"{site}/audit/?action=denied&role=researcher")
    page.get_by_role("link", name="Export these").click()
    rows = exported(page, "JSON, one event a line")
    assert {row["action"] for row in rows} == {"denied"}
    assert len(rows) >= 14


def exported(page: Page, button: str) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("link", name=button).click()
    path = download.value.path()
    return [json.loads(line) for line in path.read_text().splitlines()]
