"""What every answer tells the browser, whoever asks and whatever comes back (ACC-23, ACC-24)."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from diagnosis.models import FnaBatch
from tests.cast import SignIn, csv_of, wdbc
from tests.studies import ramp, store_answer, store_image, store_series, store_study
from tests.webapp.role_addresses import address
from tests.webapp.role_matrix import MATRIX
from tests.webapp.test_production_settings import COMPLETE
from tests.webapp.test_role_matrix import cast, status_of

__all__ = ["cast"]

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
PLANTED = "PLANTED-JANE"


@pytest.mark.parametrize("route", MATRIX)
def test_acc_23_every_answer_carries_the_headers(route: str, cast: dict[str, Client], scored_batch: FnaBatch) -> None:
    url = address(route, scored_batch)
    for name in ("anonymous", "owner", "admin"):
        answer = cast[name].get(url)
        status_of(answer)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "no-store" in answer["Cache-Control"] or route in {"health-live", "health-ready"}


IN_PRODUCTION = """
import django
from django.conf import settings
# The manifest of collected files is the image's business.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
django.setup()
from django.test import Client
from django.urls import reverse
browser = Client(headers={"host": "lobule.example"})
plain = browser.get(reverse("account_login"))
print(plain.status_code, plain["Location"].startswith("https://lobule.example/"))
page = browser.get(reverse("account_login"), secure=True)
print(page.status_code, page["Strict-Transport-Security"])
for cookie in page.cookies.values():
    print(cookie.key, cookie["secure"], cookie["path"], cookie["domain"] or "-", cookie["samesite"])
print(page["Content-Security-Policy"])
"""


@pytest.mark.redis
def test_acc_23_production_speaks_tls_alone(tmp_path: Path) -> None:
    """With production's settings, on a SQLite file that holds the tables."""
    redis = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    environment = {
        **COMPLETE,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'lobule.sqlite3'}",
        "STORAGE_URL": tmp_path.as_uri(),
        "UPLOAD_SPOOL_DIR": str(tmp_path),
        "REDIS_URL": redis,
        "DJANGO_SETTINGS_MODULE": "webapp.settings.production",
        "PATH": "/usr/bin:/bin",
    }
    run = {"cwd": ROOT, "env": environment, "capture_output": True, "text": True, "timeout": 280}
    migrated = subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=False, **run)  # type: ignore[call-overload]
    assert migrated.returncode == 0, migrated.stderr
    done = subprocess.run([sys.executable, "-c", IN_PRODUCTION], check=False, **run)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    plain, page, *cookies, policy = done.stdout.splitlines()
    assert plain == "301 True"
    status, hsts = page.split(maxsplit=1)
    assert status == "200"
    assert int(re.match(r"max-age=(\d+)", hsts)[1]) >= 365 * 24 * 3600  # type: ignore[index]
    assert "includeSubDomains" in hsts
    assert cookies, "the form's page sets the CSRF cookie"
    for cookie in cookies:
        key, secure, path, domain, samesite = cookie.split()
        assert key.startswith("__Host-")
        assert (secure, path, domain) == ("True", "/", "-")
        assert samesite in {"Lax", "Strict"}
    assert "unsafe" not in policy


class Addresses(HTMLParser):
    """Every address on a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = ("href", "src", "action", "hx-get", "hx-post", "data-url", "data-href", "formaction")
        self.found |= {value for name, value in attrs if name in names and value}


def addresses_of(answer: HttpResponse) -> set[str]:
    reader = Addresses()
    reader.feed(answer.content.decode())
    return reader.found


def test_acc_24_no_address_on_any_page_names_a_patient(owner: User, sign_in: SignIn) -> None:
    rows, outcomes = wdbc(2)
    browser = sign_in(owner)
    table = csv_of(rows.tolist(), outcomes=outcomes, ids=[PLANTED, f"{PLANTED}-2"])
    browser.post(reverse("fna-import"), {"file": SimpleUploadedFile(f"{PLANTED}.csv", table)})
    study = store_study(owner, name=PLANTED, patient_id=PLANTED)
    store_answer(store_image(owner, store_series(study), [ramp()]))
    seen: set[str] = set()
    waiting = {reverse("worklist"), reverse("study-list"), reverse("batch-list"), reverse("upload-list")}
    named = 0
    while waiting:
        page = waiting.pop()
        seen.add(page)
        answer = browser.get(page)
        if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming:
            status_of(answer)
            continue
        named += PLANTED in answer.content.decode()
        found = {found.split("#")[0] for found in addresses_of(answer)}
        assert not [found for found in found if "PLANTED" in found.upper()], page
        waiting |= {
            address
            for address in found
            if address.startswith("/") and not address.startswith(("/static/", "/accounts/", "/account/", "/api/"))
        } - seen
    assert named >= 4, "the pages showed the patient, so that an address could have named them"


def test_acc_24_searches_for_patients_are_posted(owner: User, sign_in: SignIn) -> None:
    browser = sign_in(owner)
    for search, page in (("worklist-search", "worklist"), ("study-search", "study-list")):
        field = "reference" if search == "worklist-search" else "patient"
        answer = browser.post(reverse(search), {field: PLANTED})
        assert answer.status_code == 302
        assert PLANTED not in answer["Location"]
        shown = browser.get(answer["Location"])
        assert shown.status_code == 200
        assert not [found for found in addresses_of(shown) if PLANTED in found], page
