"""Links to a published set's files: who gets one, that each is counted and recorded, and when it stops to work."""

import time
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Action, AuditEvent, Role, User
from synthesis.models import Download, PublishedFile, Stage, SyntheticSet
from synthesis.publishing.services import LINK_SECONDS
from tests.cast import AWAY, MakeUser, SignIn
from tests.synthesis.stored import store_file, store_order, store_source

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 10
ROLES = [Role.RESEARCHER, Role.ADMIN, Role.CLINICIAN, Role.AUDITOR]


@pytest.fixture
def published(make_user: MakeUser) -> SyntheticSet:
    admin, researcher = make_user("admin", Role.ADMIN), make_user("researcher", Role.RESEARCHER)
    return store_order(researcher, store_source(admin), stage=Stage.PUBLISHED, decided_by=admin)


@pytest.fixture
def file(published: SyntheticSet) -> PublishedFile:
    return store_file(published, "dicom/benign/000001.dcm", PublishedFile.Kind.DICOM, CONTENT)


def page(file: PublishedFile) -> str:
    return reverse("synthetic-set-file", args=[file.set.public_id, file.name])


def body(client: Client, url: str, **headers: str) -> bytes:
    response = client.get(url, headers=headers)
    return b"".join(response.streaming_content)  # type: ignore[arg-type]


@pytest.fixture
def link(file: PublishedFile, sign_in: SignIn) -> str:
    """A link that the researcher was given."""
    client = sign_in(User.objects.get(role=Role.RESEARCHER))
    return str(client.get(page(file)).headers["Location"])


@pytest.mark.parametrize(
    ("title", "name", "kind", "saved_as"),
    [
        ("Aspirates, spring 2026", "set.zip", PublishedFile.Kind.ARCHIVE, "aspirates-spring-2026-v1.zip"),
        ("Aspirates", "dicom/benign/1.dcm", PublishedFile.Kind.DICOM, "aspirates-v1-dicom-benign-1.dcm"),
        ("乳腺", "labels.csv", PublishedFile.Kind.DATA, "synthetic-set-v1-labels.csv"),
        ("x" * 59 + " " + "y" * 20, "set.zip", PublishedFile.Kind.ARCHIVE, f"{'x' * 59}-v1.zip"),
    ],
)
def test_a_file_is_saved_under_its_sets_name_and_version(title: str, name: str, kind: str, saved_as: str) -> None:
    assert PublishedFile(set=SyntheticSet(title=title), name=name, kind=kind).saved_as == saved_as


@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_a_link_that_is_counted_and_recorded_once(
    file: PublishedFile, make_user: MakeUser, sign_in: SignIn, role: str
) -> None:
    client = sign_in(make_user("somebody", role))
    before = AuditEvent.objects.count()

    response = client.get(page(file))

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/synthetic-object/")
    assert response.headers["Cache-Control"] == "private, no-store"
    download = Download.objects.get()
    assert (download.set, download.file, download.name) == (file.set, file, file.name)
    assert download.person.email == "somebody@example.org"
    event = AuditEvent.objects.latest("id")
    assert AuditEvent.objects.count() == before + 1
    assert (event.action, event.object_id_text) == (Action.DOWNLOAD, str(file.set.public_id))
    assert event.detail == {"file": file.name, "sha256": file.sha256}
    served = Client().get(response.headers["Location"])  # whoever has the link; fetching it is not counted again
    assert served.status_code == 200
    assert b"".join(served.streaming_content) == CONTENT  # type: ignore[arg-type]
    assert served.headers["Content-Disposition"] == f'attachment; filename="{file.saved_as}"'
    assert (served.headers["Content-Type"], served.headers["Content-Length"]) == ("application/zip", "2560")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert AuditEvent.objects.count() == before + 1
    assert Download.objects.count() == 1


def test_strangers_get_no_link(file: PublishedFile, make_user: MakeUser, sign_in: SignIn) -> None:
    assert sign_in(make_user("far", Role.RESEARCHER, AWAY)).get(page(file)).status_code == 404
    anonymous = Client().get(page(file))
    assert anonymous.status_code == 302
    assert urlsplit(anonymous.headers["Location"]).path == reverse("account_login")
    assert not Download.objects.exists()


def test_a_set_for_everybody_is_for_other_hospitals_too(
    file: PublishedFile, make_user: MakeUser, sign_in: SignIn
) -> None:
    SyntheticSet.objects.update(audience=SyntheticSet.Audience.EVERYONE)
    assert sign_in(make_user("far", Role.CLINICIAN, AWAY)).get(page(file)).status_code == 302
    assert Download.objects.get().person.email == "far@example.org"


@pytest.mark.parametrize("stage", [Stage.PUBLISHING, Stage.WITHDRAWN, Stage.AWAITING_APPROVAL])
def test_files_of_a_set_that_is_not_published_have_no_links(file: PublishedFile, sign_in: SignIn, stage: str) -> None:
    changes = {"withdrawn_by": file.set.decided_by, "withdrawn_at": timezone.now()} if stage == Stage.WITHDRAWN else {}
    SyntheticSet.objects.update(stage=stage, **changes)
    assert sign_in(User.objects.get(role=Role.RESEARCHER)).get(page(file)).status_code == 404
    assert not Download.objects.exists()


def test_a_link_lasts_a_quarter_of_an_hour(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + LINK_SECONDS - 5)
    assert body(Client(), link) == CONTENT
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + LINK_SECONDS + 5)

    expired = Client().get(link)

    assert expired.status_code == 403
    assert "This link has expired" in expired.content.decode()


@pytest.mark.parametrize("place", [25, 60, -2])
def test_a_link_that_was_tampered_with_opens_nothing(link: str, place: int) -> None:
    place %= len(link)
    changed = link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]
    assert changed != link
    before = AuditEvent.objects.count()
    assert Client().get(changed).status_code == 403
    event = AuditEvent.objects.latest("id")
    assert (AuditEvent.objects.count(), event.action, event.object_id_text) == (
        before + 1,
        Action.DENIED,
        "synthetic-object",
    )


def test_a_link_to_another_file_cannot_be_made_of_it(link: str, published: SyntheticSet) -> None:
    other = store_file(published, "other.zip")
    forged = signing.dumps({"file": other.pk}, salt="another purpose")
    assert Client().get(reverse("synthetic-object", args=[forged])).status_code == 403
    payload = forged.partition(":")[0]
    assert Client().get(f"/synthetic-object/{payload}:{link.partition(':')[2]}").status_code == 403


def test_a_link_to_what_is_gone_finds_nothing(link: str, file: PublishedFile) -> None:
    storages["synthetic"].delete(file.object_name)
    assert Client().get(link).status_code == 404
    storages["synthetic"].save(file.object_name, ContentFile(CONTENT))
    assert body(Client(), link) == CONTENT
    SyntheticSet.objects.update(stage=Stage.WITHDRAWN, withdrawn_by=file.set.decided_by, withdrawn_at=timezone.now())
    assert Client().get(link).status_code == 404
    file.delete()
    assert Client().get(link).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=100-", 206, 100, 2559),
        ("bytes=-5", 206, 2555, 2559),
        ("bytes=2550-9999", 206, 2550, 2559),
        ("bytes=0-", 200, 0, 2559),
        ("bytes=-", 200, 0, 2559),
        ("bytes=1-2,4-5", 200, 0, 2559),
        ("lines=1-2", 200, 0, 2559),
        ("bytes=" + 5000 * "9" + "-", 200, 0, 2559),
        ("bytes=٣-٥", 200, 0, 2559),
    ],
)
def test_a_download_goes_on_where_it_stopped(link: str, asked: str, status: int, first: int, last: int) -> None:
    response = Client().get(link, headers={"Range": asked})

    assert response.status_code == status
    assert b"".join(response.streaming_content) == CONTENT[first : last + 1]  # type: ignore[arg-type]
    assert response.headers["Content-Length"] == str(last + 1 - first)
    assert response.headers.get("Content-Range") == (f"bytes {first}-{last}/2560" if status == 206 else None)


@pytest.mark.parametrize("asked", ["bytes=2560-", "bytes=9-3", "bytes=-0"])
def test_a_range_beyond_the_file_is_refused(link: str, asked: str) -> None:
    response = Client().get(link, headers={"Range": asked})
    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */2560")


def test_the_api_gives_a_link_with_what_it_must_turn_out_to_be(
    file: PublishedFile, make_user: MakeUser, api: Callable[[User], APIClient]
) -> None:
    client = api(make_user("somebody", Role.RESEARCHER))
    before = AuditEvent.objects.count()
    asked = timezone.now()

    response = client.get(reverse("api-synthetic-set-file", args=[file.set.public_id, file.name]))

    assert response.status_code == 200
    told = response.json()
    assert set(told) == {"url", "expires_at", "sha256", "bytes"}
    assert (told["sha256"], told["bytes"]) == (file.sha256, len(CONTENT))
    lasts = (datetime.fromisoformat(told["expires_at"]) - asked).total_seconds()
    assert LINK_SECONDS <= lasts <= LINK_SECONDS + 60
    assert told["url"].startswith("http://testserver/synthetic-object/")
    assert body(Client(), urlsplit(told["url"]).path) == CONTENT
    assert AuditEvent.objects.count() == before + 1
    assert Download.objects.get().person.email == "somebody@example.org"


def test_looking_whether_a_link_is_there_counts_no_download(
    file: PublishedFile, link: str, sign_in: SignIn, api: Callable[[User], APIClient]
) -> None:
    researcher = User.objects.get(role=Role.RESEARCHER)
    url = reverse("api-synthetic-set-file", args=[file.set.public_id, file.name])
    counted = Download.objects.count()
    assert api(researcher).head(url).status_code == 405
    assert sign_in(researcher).head(page(file)).status_code == 405
    assert Download.objects.count() == counted


def test_the_api_gives_strangers_nothing(
    file: PublishedFile, make_user: MakeUser, api: Callable[[User], APIClient]
) -> None:
    url = reverse("api-synthetic-set-file", args=[file.set.public_id, file.name])
    assert APIClient().get(url).status_code == 401
    assert api(make_user("far", Role.RESEARCHER, AWAY)).get(url).status_code == 404
    assert not Download.objects.exists()
