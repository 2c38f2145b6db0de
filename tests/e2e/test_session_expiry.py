"""A session's end as people see it: the warning, staying, leaving, several tabs (ACC-10)."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
CLINICIAN, PASSWORD = "brief@northgate.example", "a long pass phrase"
IDLE, WARNING = 14, 9
STARTUP_SECONDS = 120

NewPage = Callable[..., Page]


@pytest.fixture(scope="module")
def brief_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site with one clinician, whose sessions end after fourteen idle seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    var_dir = tmp_path_factory.mktemp("var")
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.e2e.brief_sessions", "VAR_DIR": str(var_dir)}
    env |= {"PYTHONPATH": str(ROOT)}
    manage = [sys.executable, "manage.py"]
    person = [CLINICIAN, "--name", "Bryony Brief", "--institution", "Northgate", "--role", "clinician"]
    subprocess.run([*manage, "migrate", "-v", "0"], cwd=ROOT, env=env, check=True)
    subprocess.run([*manage, "add_user", *person], cwd=ROOT, env=env, check=True, input=f"{PASSWORD}\n", text=True)
    command = [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health/live/", server)
        yield address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 the site that this test started
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail("the site did not start")


@pytest.fixture
def page(brief_site: str, new_page: NewPage) -> Page:
    """The form for a sample, open before its clinician."""
    page = new_page()
    sign_in(page, brief_site, CLINICIAN, PASSWORD)
    page.goto(f"{brief_site}/fna/new/")
    return page


def warning(page: Page) -> Locator:
    return page.get_by_role("dialog", name="You will be signed out soon")


def test_acc_10_the_warning_keeps_the_focus_and_staying_keeps_what_was_typed(brief_site: str, page: Page) -> None:
    field = page.get_by_label("Sample number")
    field.fill("S-17")
    expect(warning(page)).to_be_visible()
    stay = page.get_by_role("button", name="Stay signed in")
    expect(stay).to_be_focused()
    expect(warning(page)).to_contain_text("that you have not saved will be lost")
    expect(page.locator("[data-clock]")).to_have_text("8 seconds", timeout=4000)
    assert page.title().startswith("Signing out soon")
    names = []
    for _ in range(4):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.closest('dialog')?.id ?? document.activeElement.tagName"))
    assert set(names) <= {"session-warning", "BODY"}  # BODY: the browser's own controls come between
    result = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert result.violations_count == 0, result.generate_report()
    stay.click()
    expect(warning(page)).to_be_hidden()
    expect(field).to_be_focused()
    expect(field).to_have_value("S-17")
    assert not page.title().startswith("Signing out soon")
    # The server agrees: longer than what was left of the first fourteen seconds.
    page.wait_for_timeout(1000 * (WARNING - 4))
    answer = page.request.get(f"{brief_site}/account/session/", headers={"X-Lobule-Poll": "1"})
    assert answer.json()["seconds_left"] >= IDLE - WARNING + 1


def test_acc_10_escape_is_staying(page: Page) -> None:
    expect(warning(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(warning(page)).to_be_hidden()
    expect(page.get_by_role("heading", name="Enter one sample")).to_be_visible()


def test_acc_10_an_unattended_page_hides_itself_and_says_why(brief_site: str, page: Page) -> None:
    page.goto(f"{brief_site}/cases/?status=waiting")
    expect(warning(page)).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("because nothing had happened for 14 seconds")).to_be_visible()
    assert "over=idle" in page.url
    # Neither going back nor asking for the page shows it again.
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(f"{brief_site}/cases/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_acc_10_after_signing_in_again_one_is_where_one_was(brief_site: str, page: Page) -> None:
    page.goto(f"{brief_site}/cases/?status=waiting")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible(timeout=25_000)
    page.get_by_label("Email").fill(CLINICIAN)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{brief_site}/cases/?status=waiting")


def test_acc_10_somebody_who_types_is_not_asked(page: Page) -> None:
    field = page.get_by_label("Sample number")
    for number in range(IDLE + WARNING):
        field.press_sequentially(str(number % 10))
        page.wait_for_timeout(1000)
        expect(warning(page)).to_be_hidden(timeout=1)
    assert page.get_by_label("Sample number").input_value().startswith("0123456789")


def test_acc_10_tabs_agree(brief_site: str, page: Page) -> None:
    other = page.context.new_page()
    other.goto(f"{brief_site}/cases/")
    expect(warning(other)).to_be_visible()
    expect(warning(page)).to_be_visible()
    other.get_by_role("button", name="Stay signed in").click()
    expect(warning(other)).to_be_hidden()
    expect(warning(page)).to_be_hidden()
    # Whoever signs out in one has signed out in both.
    other.get_by_role("button", name="Sign out").first.click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_acc_10_the_warning_fits_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    expect(warning(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    box = page.locator("#session-warning").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
