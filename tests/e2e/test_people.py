"""Inviting a colleague, restricting a record, opening it in an emergency, and judging that."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.people import ADMIN, AUDITOR, CLINICIAN, SignedIn
from tests.e2e.test_accessibility import check

pytestmark = pytest.mark.browser

COLLEAGUE = "colleague@northgate.example"
RESTRICTED_SAMPLE = "NG-0012"
WHY = "The theatre calls: the frozen section contradicts the cytology"


def open_in_emergency(page: Page, site: str, number: str) -> None:
    """Asks for fifteen minutes."""
    page.goto(f"{site}/emergency/")
    page.get_by_label("The hospital’s patient ID").fill(number)
    page.get_by_label("I stand in for the person who treats the patient").check()
    page.get_by_label("Explain").fill(WHY)
    page.get_by_role("button", name="Open the record").click()
    page.wait_for_load_state()


def test_an_invited_person_makes_their_account(
    site: str, signed_in: SignedIn, new_page: Callable[..., Page], letters: Callable[[], str]
) -> None:
    admin = signed_in(ADMIN, "/people/")
    check(admin)
    admin.get_by_role("link", name="Invite a person").click()
    admin.get_by_role("button", name="Send the invitation").click()
    expect(admin.get_by_role("alert")).to_contain_text("Enter the person’s e-mail address.")
    check(admin)
    admin.get_by_label("Full name").fill("Dr Nina Holm")
    admin.get_by_label("E-mail address").fill("nina@northgate.example")
    admin.get_by_label("Clinician").check()
    admin.get_by_role("button", name="Send the invitation").click()
    expect(admin.get_by_role("row").filter(has_text="nina@northgate.example")).to_contain_text("Open until")
    check(admin)

    nina = new_page()
    nina.goto(re.findall(rf"{site}/invitation/\S+", letters())[-1])
    expect(nina).to_have_url(f"{site}/invitation/")
    check(nina)
    nina.get_by_label("Password", exact=True).fill("tall green lanterns")
    nina.get_by_label("Password again").fill("tall green lanterns")
    nina.get_by_role("button", name="Make my account").click()
    expect(nina.get_by_role("heading", level=1)).to_have_text("Worklist")

    admin.goto(f"{site}/people/?who=nina")
    admin.get_by_role("link", name="Dr Nina Holm").click()
    check(admin)
    admin.get_by_role("button", name="Deactivate").click()
    with admin.expect_navigation():  # the form is sent only once the dialog has closed
        admin.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(admin.get_by_text("can no longer sign in")).to_be_visible()
    nina.reload()
    expect(nina).to_have_url(re.compile("/accounts/login/"))


def test_an_emergency_from_asking_to_the_auditors_judgement(site: str, signed_in: SignedIn) -> None:
    doctor = signed_in(CLINICIAN, "/cases/")
    doctor.get_by_label("Sample or patient number").fill(RESTRICTED_SAMPLE)
    doctor.get_by_role("button", name="Find").click()
    doctor.get_by_role("link", name=RESTRICTED_SAMPLE).first.click()
    doctor.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}/"))
    address = doctor.url
    doctor.goto(f"{site}/cases/")
    doctor.get_by_role("button", name="Show all").click()
    doctor.goto(address)
    expect(doctor.get_by_role("heading", name="Restricted record")).to_be_visible()
    check(doctor)

    colleague = signed_in(COLLEAGUE)
    refused = colleague.goto(address)
    assert refused is not None
    assert refused.status == 404
    open_in_emergency(colleague, site, "NG-9999")
    expect(colleague.get_by_role("alert")).to_contain_text("No restricted record has this number.")
    open_in_emergency(colleague, site, RESTRICTED_SAMPLE)
    assert RESTRICTED_SAMPLE not in colleague.url
    banner = colleague.get_by_role("region", name="Emergency access")
    expect(banner).to_contain_text("15 minutes left")
    check(colleague)
    colleague.get_by_role("link", name="The FNA case").click()
    expect(colleague).to_have_url(address)
    expect(colleague.get_by_role("heading", level=1)).to_contain_text(RESTRICTED_SAMPLE)
    check(colleague)
    banner.get_by_role("button", name="End now").click()
    expect(banner).to_have_count(0)
    ended = colleague.goto(address)
    assert ended is not None
    assert ended.status == 404

    auditor = signed_in(AUDITOR, "/audit/emergencies/")
    check(auditor)
    auditor.get_by_role("row").filter(has_text="Dr Jonas Lind").first.get_by_role("link").click()
    expect(auditor.get_by_text(WHY)).to_be_visible()
    expect(auditor.get_by_role("region", name="What was looked at")).to_contain_text("Viewed")
    check(auditor)
    auditor.get_by_label("Justified", exact=True).check()
    auditor.get_by_label("Why", exact=True).fill("The theatre’s list has this case at that hour.")
    auditor.get_by_role("button", name="Keep this judgement").click()
    expect(auditor.get_by_role("row").filter(has_text="Justified").first).to_be_visible()


def test_the_banner_counts_down_and_clears_the_page_at_the_end(site: str, signed_in: SignedIn) -> None:
    page = signed_in(COLLEAGUE)
    open_in_emergency(page, site, RESTRICTED_SAMPLE)
    page.clock.install()
    page.goto(f"{site}/cases/")
    banner = page.get_by_role("region", name="Emergency access")
    expect(banner).to_contain_text("15 minutes left")
    page.clock.fast_forward("10:00")
    expect(banner).to_contain_text("5 minutes left")
    with page.expect_navigation():
        page.clock.fast_forward("06:00")
    page.get_by_role("button", name="End now").click()
    expect(banner).to_have_count(0)


def test_a_study_is_restricted_and_shown_again(site: str, signed_in: SignedIn) -> None:
    doctor, colleague = signed_in(CLINICIAN, "/studies/"), signed_in(COLLEAGUE, "/studies/")
    expect(colleague.get_by_role("link", name="PHANTOM, MAMMOGRAPHY")).to_be_visible()
    doctor.get_by_role("link", name="PHANTOM, MAMMOGRAPHY").click()
    study = doctor.url
    doctor.get_by_role("link", name="Restrict this record").click()
    check(doctor)
    doctor.get_by_label("The patient wishes it").check()
    doctor.get_by_role("button", name="Restrict the record").click()
    expect(doctor).to_have_url(study)
    colleague.reload()
    expect(colleague.get_by_role("link", name="PHANTOM, MAMMOGRAPHY")).to_have_count(0)
    admin = signed_in(ADMIN, "/restricted/")
    expect(admin.get_by_role("row").filter(has_text="The patient wishes it").first).to_be_visible()
    check(admin)
    doctor.get_by_role("button", name="Lift the restriction").click()
    with doctor.expect_navigation():  # the form is sent only once the dialog has closed
        doctor.get_by_role("dialog").get_by_role("button", name="Lift it").click()
    expect(doctor.get_by_role("link", name="Restrict this record")).to_be_visible()
    colleague.reload()
    expect(colleague.get_by_role("link", name="PHANTOM, MAMMOGRAPHY")).to_be_visible()
