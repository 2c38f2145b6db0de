"""Who sees the audit trail."""

import pytest
from playwright.sync_api import expect

from tests.e2e.people import AUDITOR, CLINICIAN, SignedIn

pytestmark = pytest.mark.browser


def test_the_auditor_sees_what_the_clinician_did(signed_in: SignedIn) -> None:
    clinician = signed_in(CLINICIAN, "/cases/?status=refused")
    clinician.get_by_role("region", name="Cases").get_by_role("link").first.click()
    pseudonym = clinician.url.rstrip("/").rsplit("/", 1)[-1]

    auditor = signed_in(AUDITOR, "/audit/")
    auditor.get_by_label("What was done").select_option("Viewed")
    auditor.get_by_label("Person").fill("clinician@")
    auditor.get_by_role("button", name="Show").click()
    event = auditor.get_by_role("row").filter(has_text=pseudonym).first
    expect(event).to_contain_text(CLINICIAN)


def test_a_clinician_may_not_read_the_audit_trail_and_the_attempt_stands_in_it(site: str, signed_in: SignedIn) -> None:
    clinician = signed_in(CLINICIAN)
    response = clinician.goto(f"{site}/audit/")
    assert response is not None
    assert response.status == 403
    expect(clinician.get_by_role("heading", level=1)).to_have_text("You may not open this page")
    auditor = signed_in(AUDITOR, "/audit/?action=denied")
    expect(auditor.get_by_role("row").filter(has_text=CLINICIAN).first).to_contain_text("audit-list")
