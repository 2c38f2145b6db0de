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


def prove_whenever_asked(page: Page, password: str = PASSWORD) -> None:
    """Gives the password whenever the site asks whether it is still the same person.

    It asks before a dangerous act, five minutes after the last proof, and which act that is depends on how fast the
    tests run.
    """

    def prove() -> None:
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Continue").click()

    page.add_locator_handler(page.get_by_role("heading", name="Is it still you?"), prove)
