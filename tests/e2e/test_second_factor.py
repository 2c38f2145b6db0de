"""Second factors in a browser, on a site that asks everybody for one: passkey, authenticator app, recovery codes."""

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect

from tests.e2e.conftest import running_site
from tests.e2e.people import ADMIN, AUDITOR, CLINICIAN, OUTSIDER, sign_in
from tests.one_time_codes import code_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NewPage = Callable[..., Page]
CLINICAL_PAGES = ("/cases/", "/studies/", "/fna/batches/", "/fna/upload/", "/account/", "/api/v1/cases/")


@pytest.fixture(scope="module")
def strict_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address under a name: no browser binds a passkey to a number."""
    with running_site(tmp_path_factory.mktemp("strict"), "tests.e2e.strict_settings") as address:
        yield address.replace("127.0.0.1", "localhost")


def with_authenticator(page: Page, *, verifies: bool = True) -> CDPSession:
    """Gives the page's browser a device for passkeys, which says at once that its owner touched it."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal" if verifies else "usb",
        "hasResidentKey": verifies,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices


def check(page: Page) -> None:
    """No WCAG violation that axe knows of, and nothing wider than a phone."""
    violations = Axe().run(page).response["violations"]
    assert violations == [], [(v["id"], [node["html"] for node in v["nodes"]]) for v in violations]
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def leave(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_acc_04_with_a_password_alone_no_clinical_page_opens(strict_site: str, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, strict_site, OUTSIDER)
    expect(page.get_by_role("heading", level=1)).to_have_text("Protect your account")
    expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
    check(page)
    for path in CLINICAL_PAGES:
        answer = page.request.get(strict_site + path, max_redirects=0)
        if path.startswith("/api/"):
            assert (answer.status, answer.json()["code"]) == (403, "second_factor_missing")
        else:
            assert (answer.status, answer.headers["location"]) == (302, "/accounts/2fa/"), path


def test_a_passkey_is_set_up_and_then_signs_in_alone(strict_site: str, new_page: NewPage) -> None:
    page = new_page()
    with_authenticator(page)
    sign_in(page, strict_site, CLINICIAN)
    page.get_by_role("link", name="Set up a passkey").click()
    page.get_by_label("Name").fill("Ward computer")
    check(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    check(page)
    expect(page.locator("#recovery_codes li")).to_have_count(10)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as a file").click()
    assert download.value.suggested_filename == "lobule-recovery-codes.txt"
    written = download.value.path().read_text()
    assert re.findall(r"^\d{4} \d{4}$", written, re.MULTILINE) == page.locator("#recovery_codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them, go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Worklist")

    leave(page)
    check(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Worklist")

    leave(page)
    sign_in(page, strict_site, CLINICIAN)
    expect(page.get_by_role("heading", level=1)).to_have_text("One more step")
    check(page)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Worklist")

    page.goto(f"{strict_site}/accounts/2fa/")
    expect(page.get_by_role("cell", name="Ward computer Signs in")).to_be_visible()
    check(page)
    page.get_by_role("link", name="Remove Ward computer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("“Ward computer” stays")
    check(page)
    page.goto(f"{strict_site}/accounts/2fa/webauthn/reauthenticate/?next=/studies/")
    check(page)
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"{strict_site}/studies/")


def test_a_passkey_of_somebody_else_signs_nobody_in_and_the_page_says_so(strict_site: str, new_page: NewPage) -> None:
    page = new_page()
    with_authenticator(page)  # a device without any passkey of this site
    page.goto(f"{strict_site}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert").filter(has_text="The passkey was not used")).to_be_visible()
    check(page)


def test_an_app_and_its_codes_sign_in_by_keyboard_alone(strict_site: str, new_page: NewPage) -> None:
    page = new_page()
    sign_in(page, strict_site, ADMIN)
    page.get_by_role("link", name="Set up an authenticator app").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert page.get_by_role("img", name="QR code").evaluate("(image) => image.naturalWidth > 0")
    check(page)
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Code that the app shows").focus()
    page.keyboard.type("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    check(page)
    assert page.locator("#authenticator_secret").inner_text() == secret
    page.get_by_label("Code that the app shows").fill(code_of(secret, steps=-1))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    first = page.locator("#recovery_codes code").first.inner_text()

    leave(page)
    sign_in(page, strict_site, ADMIN)
    page.get_by_role("textbox", name="Code").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    check(page)
    page.get_by_role("textbox", name="Code").fill(code_of(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")

    leave(page)
    sign_in(page, strict_site, ADMIN)
    page.get_by_role("textbox", name="Code").fill(first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    page.goto(f"{strict_site}/accounts/2fa/")
    expect(page.get_by_text("You have 9 of 10 left")).to_be_visible()
    for path in (
        "totp/deactivate/",
        "recovery-codes/",
        "recovery-codes/generate/",
        "reauthenticate/?next=/",
        "webauthn/",
    ):
        page.goto(f"{strict_site}/accounts/2fa/{path}")
        check(page)
    for path in ("email/", "password/change/", "reauthenticate/?next=/"):
        page.goto(f"{strict_site}/accounts/{path}")
        check(page)


def test_a_key_without_pin_stands_after_the_password_only(strict_site: str, new_page: NewPage) -> None:
    page = new_page()
    with_authenticator(page, verifies=False)
    sign_in(page, strict_site, AUDITOR)
    page.get_by_role("link", name="Set up a passkey").click()
    page.get_by_label("Let it sign me in without my password").uncheck()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    leave(page)
    sign_in(page, strict_site, AUDITOR)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit trail")
    page.goto(f"{strict_site}/accounts/2fa/")
    expect(page.get_by_text("After the password")).to_be_visible()


def test_five_wrong_passwords_show_when_to_come_back(strict_site: str, new_page: NewPage) -> None:
    page = new_page()
    for _ in range(5):
        sign_in(page, strict_site, "colleague@northgate.example", password="not the password")
    expect(page.get_by_role("heading", level=1)).to_have_text("Too many attempts")
    expect(page.get_by_text("Try again in 15 minutes")).to_be_visible()
    check(page)
