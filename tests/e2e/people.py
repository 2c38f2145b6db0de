"""The demo's people, and how they sign in."""

from collections.abc import Callable

from playwright.sync_api import Page

from accounts.demo import PASSWORD

CLINICIAN, OUTSIDER = "clinician@northgate.example", "clinician@stbrigid.example"
RESEARCHER, AUDITOR, ADMIN = (f"{role}@northgate.example" for role in ("researcher", "auditor", "admin"))

SignedIn = Callable[..., Page]


def sign_in(page: Page, site: str, email: str, password: str = PASSWORD) -> None:
    """Fills in the sign-in form and sends it."""
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_load_state()


def prove_again(page: Page, password: str = PASSWORD) -> None:
    """Gives the password once more, where the site asks for it before a dangerous act."""
    page.wait_for_load_state()
    if "reauthenticate" in page.url:
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_load_state()
