"""What hostile or broken senders do to uploads, at the level of HTTP."""

import base64
import gzip
import io
import socket
import stat
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from diagnosis.models import Instance, Patient, Series, Study, Upload, UploadedFile
from diagnosis.services import upload_spool as spool
from jobs.models import Job
from jobs.runner import run
from tests.cast import SignIn
from tests.dicom_files import HOSTILE, dicom_image, dicomdir, new_uid, zip_of
from webapp.storage import aliases

pytestmark = pytest.mark.django_db

OCTETS = "application/offset+octet-stream"
URL = "/api/v1/studies/"
ABSOLUTE = "/var/tmp/lobule-outside.dcm"  # noqa: S108 nothing may be written there
Api = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> Path:
    """The spool folder and the store lie in a folder of their own, beside which nothing may appear."""
    settings.UPLOAD_SPOOL_DIR = tmp_path / "site" / "arriving"
    settings.STORAGES = aliases((tmp_path / "site").as_uri())
    return tmp_path


@pytest.fixture
def client(api: Api, owner: User) -> APIClient:
    return api(owner)


def unpack(client: APIClient, archive: bytes) -> dict[str, tuple[str, str]]:
    """Sends an archive and lets its job run; status and code by name, the archive itself under ""."""
    response = client.generic("POST", URL, archive, content_type="application/zip")
    assert response.status_code == 202, response.content
    assert run(Job.objects.latest("pk").public_id, worker="test")
    files = UploadedFile.objects.filter(upload__public_id=response.json()["upload"])
    return {"" if file.archive is None else file.name: (file.status, file.code) for file in files}


def written(folder: Path) -> set[str]:
    """The files below a folder, without the site's own."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def special(name: str, mode: int, data: bytes = b"/etc/passwd") -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    return info


def test_upl_10_a_zip_bomb_is_refused(client: APIClient) -> None:
    bomb = zip_of({f"{number}.dcm": bytes(40 * 2**20) for number in range(8)})
    assert len(bomb) < 400_000
    assert unpack(client, bomb) == {"": ("refused", "archive_bomb")}
    assert list(spool.folder().iterdir()) == []


def test_upl_10_harmful_members_are_refused_and_the_others_stored(client: APIClient, folders: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../outside.dcm", dicom_image())
        archive.writestr(ABSOLUTE, dicom_image())
        archive.writestr(special("link.dcm", stat.S_IFLNK | 0o777), b"/etc/passwd")
        archive.writestr("inner.zip", zip_of({"a.dcm": dicom_image()}))
        archive.writestr("good.dcm", dicom_image())
    fates = unpack(client, out.getvalue())
    assert fates == {
        "": ("unpacked", ""),
        "../../outside.dcm": ("refused", "archive_path"),
        ABSOLUTE: ("refused", "archive_path"),
        "link.dcm": ("refused", "archive_link"),
        "inner.zip": ("refused", "archive_nested"),
        "good.dcm": ("stored", ""),
    }
    assert all(name.startswith("site/phi/") for name in written(folders))
    assert not Path(ABSOLUTE).exists()


def test_upl_11_names_never_become_paths(client: APIClient, folders: Path) -> None:
    evil = "../../../evil"
    data = dicom_image(patient_id=evil, patient_name=evil, StudyDescription=evil)
    part = SimpleUploadedFile("x", data)
    part._name = "../../evil.dcm"
    assert client.post(URL, {"file": [part]}, format="multipart").status_code == 201
    metadata = f"filename {base64.b64encode(b'../../../../evil.dcm').decode()}"
    second = dicom_image(patient_id=evil, seed=2)
    upload = client.post("/api/v1/uploads/", {}, format="json").json()
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(second)), "Upload-Metadata": metadata}
    announced = client.generic("POST", upload["files_url"], second, content_type=OCTETS, headers=headers)
    assert (announced.status_code, announced.json()["status"]) == (201, "stored")
    directory = dicomdir({"DICOM/FOLDER": new_uid()}).replace(b"FOLDER", b"../../")
    listed = client.generic("POST", URL, directory, content_type="application/dicom")
    assert listed.json()["files"][0]["warnings"][-1]["files"] == []
    names = written(folders)
    assert names
    assert not any("evil" in name for name in names)
    for instance in Instance.objects.all():
        assert instance.object_key == f"images/{instance.public_id}"
    assert Patient.objects.filter(patient_id=evil).exists()


def test_upl_11_a_uid_with_a_path_in_it_is_refused(client: APIClient) -> None:
    data = dicom_image(uid="1.2.3.4.5.6").replace(b"1.2.3.4.5.6", b"1.2/../../3")
    response = client.generic("POST", URL, data, content_type="application/dicom")
    assert (response.status_code, response.json()["code"]) == (422, "missing_identifiers")


def test_upl_14_hostile_names_are_inert_on_every_page(client: APIClient, sign_in: SignIn, owner: User) -> None:
    study = new_uid()
    data = dicom_image(
        study=study, patient_id=HOSTILE, patient_name=HOSTILE, StudyDescription=HOSTILE, SeriesDescription=HOSTILE
    )
    part = SimpleUploadedFile("x", data)
    part._name = f"{HOSTILE}.dcm"
    assert client.post(URL, {"file": [part]}, format="multipart").status_code == 201
    other = dicom_image(study=study, patient_id="another", patient_name=HOSTILE, seed=3)
    assert (
        client.generic("POST", URL, other, content_type="application/dicom").json()["files"][0]["status"]
        == "quarantined"
    )
    browser: Client = sign_in(owner)
    browser.post("/studies/search/", {"patient": "<script>"})
    public_id = Study.objects.get().public_id
    upload = Upload.objects.earliest("pk").public_id
    pages = ["/studies/", f"/studies/{public_id}/", "/uploads/", f"/uploads/{upload}/", "/cases/", "/images/upload/"]
    for page in pages:
        response = browser.get(page)
        assert response.status_code == 200
        assert b"<script>alert" not in response.content, page
    for page in [*pages[:2], pages[3]]:
        assert b"&lt;script&gt;alert" in browser.get(page).content, page
    for url in (URL, f"{URL}{public_id}/"):
        response = client.get(url)
        assert response["Content-Type"] == "application/json"
        assert response["X-Content-Type-Options"] == "nosniff"


def test_upl_15_names_are_escaped_in_the_results(sign_in: SignIn, owner: User) -> None:
    upload = Upload.objects.create(institution=owner.institution, created_by=owner, source="api")
    for start in "=+-@\t":
        UploadedFile.objects.create(upload=upload, name=f"{start}cmd|' /C calc'!A0", size=1)
    text = sign_in(owner).get(f"/uploads/{upload.public_id}/results.csv").content.decode("utf-8-sig")
    cells = [line.split(",")[0].strip('"') for line in text.splitlines()[1:]]
    assert len(cells) == 5
    assert all(cell.startswith("'") for cell in cells)


class TestUpl22:
    def test_packed_bodies_are_refused_and_never_unpacked(self, client: APIClient) -> None:
        bomb = gzip.compress(bytes(50 * 2**20))
        for content_type in ("application/dicom", "multipart/form-data; boundary=x"):
            headers = {"Content-Encoding": "gzip"}
            response = client.generic("POST", URL, bomb, content_type=content_type, headers=headers)
            assert (response.status_code, response.json()["code"]) == (413, "too_large")
        upload = client.post("/api/v1/uploads/", {}, format="json").json()
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "52428800", "Content-Encoding": "gzip"}
        response = client.generic("POST", upload["files_url"], bomb, content_type=OCTETS, headers=headers)
        assert response.status_code == 413
        assert not spool.folder().exists() or list(spool.folder().iterdir()) == []

    def test_more_than_any_file_may_have_is_refused_unread(self, client: APIClient, settings: Any) -> None:
        settings.IMAGE_UPLOAD_MAX_BYTES = 1000
        response = client.generic("POST", URL, bytes(1001), content_type="application/dicom")
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        upload = client.post("/api/v1/uploads/", {}, format="json").json()
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1001"}
        response = client.generic("POST", upload["files_url"], b"", headers=headers)
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        row = UploadedFile.objects.get()
        assert (row.status, row.code) == ("refused", "too_large")

    def test_more_than_was_announced_is_refused(self, client: APIClient) -> None:
        upload = client.post("/api/v1/uploads/", {}, format="json").json()
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10"}
        at_once = client.generic("POST", upload["files_url"], bytes(11), content_type=OCTETS, headers=headers)
        assert at_once.status_code == 413
        url = client.generic("POST", upload["files_url"], b"", headers=headers)["Location"]
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
        later = client.generic("PATCH", url, bytes(11), content_type=OCTETS, headers=headers)
        assert (later.status_code, later.json()["code"]) == (413, "too_large")
        assert client.head(url, headers=headers)["Upload-Offset"] == "0"

    def test_a_body_of_unknown_length_is_refused(self, client: APIClient) -> None:
        response = client.generic("POST", URL, b"", content_type="application/dicom", CONTENT_LENGTH="")
        assert (response.status_code, response.json()["code"]) == (411, "length_missing")


@pytest.mark.django_db(transaction=True)
class TestOverTheWire:
    """Over a real connection, because a client library would not send such things."""

    def talk(self, server: LiveServer, request: bytes, *, closes: bool = True) -> bytes:
        where = urlsplit(server.url)
        with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
            connection.sendall(request)
            if closes:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def head(self, server: LiveServer, user: User, method: str, path: str, **headers: Any) -> bytes:
        scopes = ["studies:read", "studies:write"]
        _, token = ApiToken.objects.create(user, name="test", scopes=scopes, is_verified=True)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(server.url).netloc}", f"Authorization: Bearer {token}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode()

    def test_upl_22_a_body_shorter_than_announced_stores_nothing(self, live_server: LiveServer, owner: User) -> None:
        data = dicom_image()
        head = self.head(
            live_server, owner, "POST", URL, Content_Type="application/dicom", Content_Length=len(data) + 1000
        )
        answer = self.talk(live_server, head + data)
        assert b" 400 " in answer.splitlines()[0]
        assert b"incomplete_body" in answer
        assert Instance.objects.count() == 0

    def test_upl_22_a_huge_announced_length_is_refused_at_once(self, live_server: LiveServer, owner: User) -> None:
        head = self.head(live_server, owner, "POST", URL, Content_Type="application/dicom", Content_Length=10**15)
        assert b" 413 " in self.talk(live_server, head + b"x").splitlines()[0]

    def test_upl_21_a_connection_that_breaks_keeps_what_came(self, live_server: LiveServer, owner: User) -> None:
        data = dicom_image()
        upload = Upload.objects.create(institution=owner.institution, created_by=owner, source="api")
        file = UploadedFile.objects.create(upload=upload, name="a.dcm", size=len(data))
        path = f"/api/v1/uploads/{upload.public_id}/files/{file.public_id}/"
        tus = {"Tus_Resumable": "1.0.0", "Content_Type": OCTETS}
        head = self.head(live_server, owner, "PATCH", path, Upload_Offset=0, Content_Length=len(data), **tus)
        self.talk(live_server, head + data[:3000])
        file.refresh_from_db()
        assert (file.status, file.received) == ("receiving", 3000)
        rest = data[3000:]
        head = self.head(live_server, owner, "PATCH", path, Upload_Offset=3000, Content_Length=len(rest), **tus)
        assert b" 204 " in self.talk(live_server, head + rest, closes=False).splitlines()[0]
        file.refresh_from_db()
        assert file.status == "stored"
        with storages["phi"].open(Instance.objects.get().object_key) as stored:
            assert stored.read() == data


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
class TestParallel:
    """With real threads (PostgreSQL: SQLite's test database has one connection)."""

    def at_once(self, count: int, send: Callable[[int], Any]) -> list[Any]:
        def work(number: int) -> Any:
            try:
                return send(number)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(work, range(count)))

    def test_upl_13_fifty_uploads_of_one_file_are_one_row_and_one_object(self, owner: User, folders: Path) -> None:
        data = dicom_image()

        def send(_: int) -> tuple[int, str]:
            client = APIClient()
            client.force_authenticate(owner)
            response = client.generic("POST", URL, data, content_type="application/dicom")
            return response.status_code, response.json()["files"][0]["status"]

        answers = self.at_once(50, send)
        assert sorted(answers) == [(200, "duplicate")] * 49 + [(201, "stored")]
        counts = [model.objects.count() for model in (Patient, Study, Series, Instance)]
        assert counts == [1, 1, 1, 1]
        assert [path.name for path in (folders / "site/phi/images").iterdir()] == [
            str(Instance.objects.get().public_id)
        ]
        assert len({path.parent for path in (folders / "site/phi/frames").rglob("*") if path.is_file()}) == 1
        assert Job.objects.filter(kind="image-reading").count() <= 1

    def test_parallel_pieces_of_one_file_never_mix(self, owner: User) -> None:
        data = dicom_image(rows=200, columns=200)
        upload = Upload.objects.create(institution=owner.institution, created_by=owner, source="api")
        file = UploadedFile.objects.create(upload=upload, name="a.dcm", size=len(data))
        url = f"/api/v1/uploads/{upload.public_id}/files/{file.public_id}/"
        cuts = [0, 10_000, 20_000, 30_000, len(data)]

        def send(number: int) -> set[int]:
            client = APIClient()
            client.force_authenticate(owner)
            seen = set()
            for start, end in pairwise(cuts):
                for _ in range(200):
                    answer = client.generic(
                        "PATCH",
                        url,
                        data[start:end],
                        content_type=OCTETS,
                        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": str(start)},
                    )
                    seen.add(answer.status_code)
                    if answer.status_code != 423:
                        break
            return seen

        statuses = set().union(*self.at_once(8, send))
        assert statuses <= {204, 409, 423}
        assert 204 in statuses
        file.refresh_from_db()
        assert file.status == "stored"
        with storages["phi"].open(Instance.objects.get().object_key) as stored:
            assert stored.read() == data
