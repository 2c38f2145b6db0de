"""The demo as people run it (web and worker, SQLite, folders), and a headless browser that visits it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, StorageState, expect, sync_playwright

from tests.e2e.people import SignedIn, prove_whenever_asked, sign_in

ROOT = Path(__file__).parents[2]
STARTUP_SECONDS = 300  # on a machine that does much else at the time
# The browser writes a line for each of these; tests ask for them on purpose.
EXPECTED_CONSOLE = re.compile(r"Failed to load resource: the server responded with a status of (40[0134]|422|429) ")

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running demo's address."""
    with running_site(tmp_path_factory.mktemp("var"), "webapp.settings.demo") as address:
        yield address


@pytest.fixture
def letters(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """What the running demos have printed, their e-mails among it."""
    base = tmp_path_factory.getbasetemp()
    return lambda: "\n".join(log.read_text(errors="replace") for log in base.glob("*/demo.log"))


@contextmanager
def running_site(var_dir: Path, settings: str) -> Iterator[str]:
    """The address of a demo that runs with these settings and keeps everything in `var_dir`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = var_dir / "demo.log"
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": settings,
        "VAR_DIR": str(var_dir),
        "OMP_NUM_THREADS": "1",
    }
    with log.open("wb") as out:
        command = [sys.executable, "manage.py", "run_demo", "--port", str(port)]
        demo = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health/live/", demo, log)
        yield address
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(timeout=60)


def _wait_for(url: str, demo: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < give_up and demo.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 the site that this test started
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the demo did not start:\n{log.read_text(errors='replace')[-3000:]}")


# Playwright keeps an event loop running in the thread that uses it, and Django refuses database work beside one:
# it must have ended before another module's tests begin.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages of people who share nothing; at the end none of them may have reported an error."""
    contexts = []
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not EXPECTED_CONSOLE.match(message.text):
            errors.append(message.text)

    def open_page(*, width: int = 1280, storage_state: StorageState | None = None) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, storage_state=storage_state, locale="en-GB"
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """Cookies of the people who have signed in, so that each does so once."""
    return {}


@pytest.fixture
def signed_in(site: str, new_page: Callable[..., Page], sessions: dict[str, StorageState]) -> SignedIn:
    """Opens a page as somebody: `signed_in("clinician@northgate.example", "/cases/", width=1280)`."""

    def open_as(email: str, path: str = "/", *, width: int = 1280) -> Page:
        if email not in sessions:
            page = new_page()
            sign_in(page, site, email)
            sessions[email] = page.context.storage_state()
        page = new_page(width=width, storage_state=sessions[email])
        prove_whenever_asked(page)
        page.goto(site + path)
        return page

    return open_as
