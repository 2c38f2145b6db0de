"""Who sees the audit trail."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.people import AUDITOR, CLINICIAN, SignedIn

pytestmark = pytest.mark.browser


def test_the_auditor_sees_what_the_clinician_did(signed_in: SignedIn) -> None:
    clinician = signed_in(CLINICIAN, "/cases/?status=refused&kind=fna")
    refused = clinician.get_by_role("region", name="Cases").get_by_role("link")
    for _ in range(60):  # the demo reads its cases after it has started
        if refused.count():
            break
        clinician.wait_for_timeout(1000)
        clinician.reload()
    refused.first.click()
    clinician.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}/"))
    pseudonym = clinician.url.rstrip("/").rsplit("/", 1)[-1]

    auditor = signed_in(AUDITOR, "/audit/")
    auditor.get_by_label("What was done").select_option("Viewed")
    auditor.get_by_label("Who: name or e-mail").fill("clinician@")
    auditor.get_by_label("Patient’s pseudonym").fill(pseudonym)
    auditor.get_by_role("button", name="Show").click()
    event = auditor.get_by_role("row").filter(has_text=pseudonym[:8]).first
    expect(event).to_contain_text(CLINICIAN)


def test_a_clinician_may_not_read_the_audit_trail_and_the_attempt_stands_in_it(site: str, signed_in: SignedIn) -> None:
    clinician = signed_in(CLINICIAN)
    response = clinician.goto(f"{site}/audit/")
    assert response is not None
    assert response.status == 403
    expect(clinician.get_by_role("heading", level=1)).to_have_text("You may not open this page")
    auditor = signed_in(AUDITOR, "/audit/?action=denied")
    expect(auditor.get_by_role("row").filter(has_text=CLINICIAN).first).to_contain_text("audit-list")
