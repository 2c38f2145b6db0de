"""Resumable uploads by the tus protocol: announced, sent in pieces, taken in, given up."""

import base64
import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as conf
from django.core.files.storage import storages
from django.core.management import call_command
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Action, AuditEvent, User
from diagnosis.models import Instance, Study, Upload, UploadedFile
from diagnosis.services import upload_spool as spool
from diagnosis.services.stale_uploads import discard_stale_uploads
from jobs.models import Job
from jobs.runner import run
from tests.cast import MakeUser
from tests.dicom_files import dicom_image, dicomdir, new_uid, picture, zip_of
from webapp.storage import aliases

pytestmark = pytest.mark.django_db

OCTETS = "application/offset+octet-stream"
Api = Callable[[User], APIClient]


class Sender:
    """A client of the tus protocol, one request at a time."""

    def __init__(self, client: APIClient, **stated: str) -> None:
        self.client = client
        response = client.post("/api/v1/uploads/", stated, format="json")
        assert response.status_code == 201, response.content
        self.upload = response.json()

    def announce(self, size: int, name: str = "image.dcm", body: bytes | None = None, **headers: str) -> HttpResponse:
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata} | headers
        content_type = "application/json" if body is None else OCTETS
        return self.client.generic(
            "POST", self.upload["files_url"], body or b"", content_type=content_type, headers=headers
        )

    def piece(self, url: str, offset: int, body: bytes, **headers: str) -> HttpResponse:
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset)} | headers
        return self.client.generic("PATCH", url, body, content_type=OCTETS, headers=headers)

    def head(self, url: str) -> HttpResponse:
        return self.client.head(url, headers={"Tus-Resumable": "1.0.0"})

    def delete(self, url: str) -> HttpResponse:
        return self.client.delete(url, headers={"Tus-Resumable": "1.0.0"})

    def send(self, data: bytes, name: str = "image.dcm") -> dict[str, Any]:
        """The whole file with its announcement; its result."""
        response = self.announce(len(data), name, data)
        assert response.status_code == 201, response.content
        return response.json()

    def result(self, url: str) -> dict[str, Any]:
        return self.client.get(url).json()


@pytest.fixture(autouse=True)
def empty_folders(settings: Any, tmp_path: Path) -> None:
    """A spool folder and a store in which nothing lies yet."""
    settings.UPLOAD_SPOOL_DIR = tmp_path / "arriving"
    settings.STORAGES = aliases(tmp_path.as_uri())


@pytest.fixture
def sender(api: Api, owner: User) -> Sender:
    return Sender(api(owner))


def parts() -> list[Path]:
    return list(spool.folder().glob(f"*{spool.SUFFIX}"))


def age(file_id: str) -> None:
    """Makes a file as old as one that is given up."""
    long_ago = timezone.now() - conf.IMAGE_UPLOAD_MAX_AGE - timedelta(minutes=1)
    UploadedFile.objects.filter(public_id=file_id).update(updated_at=long_ago)


def test_the_server_says_what_it_speaks(sender: Sender) -> None:
    response = sender.client.options(sender.upload["files_url"])
    assert response.status_code == 204
    assert response["Tus-Version"] == "1.0.0"
    assert {"creation", "termination", "checksum", "expiration"} <= set(response["Tus-Extension"].split(","))
    assert response["Tus-Max-Size"] == str(conf.IMAGE_UPLOAD_MAX_BYTES)


def test_a_file_sent_with_its_announcement_is_stored_at_once(sender: Sender) -> None:
    data = dicom_image()
    result = sender.send(data)
    assert (result["status"], result["sha256"]) == ("stored", hashlib.sha256(data).hexdigest())
    study = Study.objects.get()
    assert result["study"] == str(study.public_id)
    assert (study.patient.patient_id, study.patient.name) == ("P-1", "Doe^Jane")
    instance = Instance.objects.get()
    assert result["instance"] == str(instance.public_id)
    with storages["phi"].open(instance.object_key) as stored:
        assert stored.read() == data
    assert parts() == []


def test_a_file_sent_in_pieces_is_stored_with_the_last(sender: Sender) -> None:
    data = dicom_image()
    created = sender.announce(len(data))
    assert created.status_code == 201
    assert created["Upload-Offset"] == "0"
    assert "Upload-Expires" in created
    url = created["Location"]
    for start in range(0, len(data), 1500):
        assert Instance.objects.count() == 0
        answer = sender.piece(url, start, data[start : start + 1500])
        assert answer.status_code == 204
        assert answer["Upload-Offset"] == str(min(start + 1500, len(data)))
    assert sender.result(url)["status"] == "stored"
    head = sender.head(url)
    assert (head.status_code, head["Upload-Offset"], head["Upload-Length"]) == (200, str(len(data)), str(len(data)))
    assert parts() == []


def test_head_tells_the_name_and_how_far_it_is(sender: Sender) -> None:
    url = sender.announce(100, "Röntgen 1.dcm", b"x" * 40)["Location"]
    head = sender.head(url)
    assert head["Upload-Offset"] == "40"
    assert base64.b64decode(head["Upload-Metadata"].split()[1]).decode() == "Röntgen 1.dcm"
    assert head["Cache-Control"] == "no-store"


def test_a_piece_must_begin_where_the_file_ends(sender: Sender) -> None:
    data = dicom_image()
    url = sender.announce(len(data), body=data[:1000])["Location"]
    for offset in (0, 999, 1001):
        answer = sender.piece(url, offset, data[offset : offset + 10])
        assert (answer.status_code, answer.json()["code"]) == (409, "offset_mismatch")
    assert sender.head(url)["Upload-Offset"] == "1000"
    assert sender.piece(url, 1000, data[1000:]).status_code == 204
    assert sender.result(url)["sha256"] == hashlib.sha256(data).hexdigest()


def test_a_piece_that_was_changed_on_its_way_does_not_count(sender: Sender) -> None:
    data = dicom_image()
    url = sender.announce(len(data))["Location"]
    checksum = f"sha256 {base64.b64encode(hashlib.sha256(data).digest()).decode()}"
    changed = data[:-1] + bytes([data[-1] ^ 1])
    answer = sender.piece(url, 0, changed, **{"Upload-Checksum": checksum})
    assert (answer.status_code, answer.json()["code"]) == (460, "checksum_mismatch")
    assert sender.head(url)["Upload-Offset"] == "0"
    assert sender.piece(url, 0, data, **{"Upload-Checksum": "md5 AAAA"}).status_code == 400
    assert sender.piece(url, 0, data, **{"Upload-Checksum": checksum}).status_code == 204
    assert sender.result(url)["status"] == "stored"


def test_what_does_not_speak_the_protocol_is_told_so(sender: Sender) -> None:
    url = sender.announce(10)["Location"]
    old = sender.piece(url, 0, b"x", **{"Tus-Resumable": "0.2.2"})
    assert (old.status_code, old["Tus-Version"]) == (412, "1.0.0")
    form = sender.client.patch(url, {"a": 1}, format="json", headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0"})
    assert form.status_code == 415
    assert sender.piece(url, 0, b"x", **{"Upload-Offset": "-1"}).status_code == 400
    assert sender.announce(10, **{"Upload-Length": "ten"}).status_code == 400
    assert sender.announce(10, **{"Upload-Metadata": "filename %%%"}).status_code == 400


def test_methods_may_be_overridden(sender: Sender) -> None:
    data = dicom_image()
    url = sender.announce(len(data))["Location"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert sender.client.generic("POST", url, data, content_type=OCTETS, headers=headers).status_code == 204
    assert sender.result(url)["status"] == "stored"
    assert sender.client.generic("POST", url, b"", headers={"Tus-Resumable": "1.0.0"}).status_code == 405


def test_giving_up_forgets_the_file_but_never_a_stored_one(sender: Sender) -> None:
    data = dicom_image()
    url = sender.announce(len(data), body=data[:500])["Location"]
    assert len(parts()) == 1
    assert sender.delete(url).status_code == 204
    assert parts() == []
    assert sender.head(url).status_code == 404
    stored = sender.send(data)
    answer = sender.delete(f"{sender.upload['files_url']}{stored['id']}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_arrived")
    assert Instance.objects.count() == 1
    assert parts() == []


def test_nothing_is_added_to_a_file_that_is_whole(sender: Sender) -> None:
    data = dicom_image()
    url = f"{sender.upload['files_url']}{sender.send(data)['id']}/"
    answer = sender.piece(url, len(data), b"more")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_arrived")


def test_a_bad_file_is_refused_with_its_sum_and_the_others_go_on(sender: Sender) -> None:
    bad = sender.send(b"MZ this is a program", "setup.exe")
    assert (bad["status"], bad["code"]) == ("refused", "not_an_image_file")
    assert bad["sha256"] == hashlib.sha256(b"MZ this is a program").hexdigest()
    assert bad["message"]
    empty = sender.announce(0, "empty.dcm").json()
    assert (empty["status"], empty["code"]) == ("refused", "empty_file")
    assert sender.send(dicom_image())["status"] == "stored"
    counts = sender.client.get(f"/api/v1/uploads/{sender.upload['id']}/").json()["counts"]
    assert counts == {"refused": 2, "stored": 1}


def test_pictures_need_their_modality_stated(api: Api, owner: User) -> None:
    unstated = Sender(api(owner)).send(picture(), "scan.png")
    assert (unstated["status"], unstated["code"]) == ("refused", "modality_not_stated")
    stated = Sender(api(owner), modality="US", body_part="BREAST", reference="P-7").send(picture(), "scan.png")
    assert stated["status"] == "stored"
    study = Study.objects.get()
    assert (study.patient.patient_id, study.series.get().modality) == ("P-7", "US")
    nonsense = api(owner).post("/api/v1/uploads/", {"modality": "<b>"}, format="json")
    assert nonsense.status_code == 400


def test_an_archive_is_unpacked_by_a_job_and_its_members_fare_one_by_one(sender: Sender) -> None:
    study = new_uid()
    images = [dicom_image(study=study, seed=seed) for seed in range(3)]
    members = {f"disc/IM{number}": data for number, data in enumerate(images)} | {"disc/readme.txt": b"hello"}
    queued = sender.send(zip_of(members), "disc.zip")
    assert queued["status"] == "received"
    job = Job.objects.get(public_id=queued["job"])
    assert run(job.public_id, worker="test")
    url = f"{sender.upload['files_url']}{queued['id']}/"
    assert sender.result(url)["status"] == "unpacked"
    assert sender.result(url)["message"] == "4 files in it: 3 stored, 1 refused."
    assert sender.result(url)["sha256"] == hashlib.sha256(zip_of(members)).hexdigest()
    files = sender.client.get(f"/api/v1/uploads/{sender.upload['id']}/").json()["files"]["results"]
    fates = {file["name"]: (file["status"], file["code"]) for file in files if file["archive"]}
    assert fates == {
        "disc/IM0": ("stored", ""),
        "disc/IM1": ("stored", ""),
        "disc/IM2": ("stored", ""),
        "disc/readme.txt": ("refused", "not_an_image_file"),
    }
    assert Instance.objects.filter(series__study__uid=study).count() == 3
    assert list(spool.folder().iterdir()) == []
    job.refresh_from_db()
    assert (job.status, job.progress_done, job.progress_total) == ("succeeded", 4, 4)


def test_an_archives_next_attempt_goes_on_where_the_last_one_died(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diagnosis import archive_intake

    members = {f"IM{seed}": dicom_image(seed=seed) for seed in range(3)}
    queued = sender.send(zip_of(members), "disc.zip")
    real, calls = archive_intake.store_file, []

    def dies_at_the_second(*, file: UploadedFile, path: Path) -> UploadedFile:
        calls.append(file.name)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return real(file=file, path=path)

    monkeypatch.setattr(archive_intake, "store_file", dies_at_the_second)
    assert run(Job.objects.get().public_id, worker="first")
    assert Job.objects.get(public_id=queued["job"]).status == "queued"
    assert run(Job.objects.get(public_id=queued["job"]).public_id, worker="second")
    assert calls == ["IM0", "IM1", "IM1", "IM2"]
    assert list(UploadedFile.objects.filter(archive__isnull=False).values_list("status", flat=True)) == ["stored"] * 3


def test_files_that_a_dicomdir_lists_and_that_did_not_come_are_named(sender: Sender) -> None:
    here, gone = new_uid(), new_uid()
    assert sender.send(dicom_image(uid=here), "disc/DICOM/IM1")["status"] == "stored"
    directory = sender.send(dicomdir({"DICOM/IM1": here, "DICOM/IM2": gone}), "disc/DICOMDIR")
    assert (directory["status"], directory["code"]) == ("kept", "directory")
    assert sender.client.get(f"/api/v1/uploads/{sender.upload['id']}/").json()["missing"] == ["DICOM/IM2"]
    sender.send(dicom_image(uid=gone), "disc/DICOM/IM2")
    assert sender.client.get(f"/api/v1/uploads/{sender.upload['id']}/").json()["missing"] == []


def test_upl_21_dropped_at_99_percent_resumes_and_leaves_nothing_behind(sender: Sender) -> None:
    data = dicom_image()
    most = len(data) * 99 // 100
    url = sender.announce(len(data), body=data[:most])["Location"]
    assert sender.head(url)["Upload-Offset"] == str(most)
    assert sender.piece(url, most, data[most:]).status_code == 204
    call_command("discard_stale_uploads")
    assert sender.result(url)["status"] == "stored"
    assert parts() == []
    assert {f"images/{name}" for name in storages["phi"].listdir("images")[1]} == {
        instance.object_key for instance in Instance.objects.all()
    }


def test_upl_21_dropped_at_99_percent_and_never_resumed_is_given_up(sender: Sender) -> None:
    data = dicom_image()
    dropped = sender.announce(len(data), body=data[:-10]).json()
    url = f"{sender.upload['files_url']}{dropped['id']}/"
    assert discard_stale_uploads().files == 0
    age(dropped["id"])
    assert discard_stale_uploads().files == 1
    assert parts() == []
    result = sender.result(url)
    assert (result["status"], result["code"]) == ("refused", "never_completed")
    assert "99 %" in result["message"]
    assert sender.head(url).status_code == 410
    assert sender.piece(url, len(data) - 10, data[-10:]).status_code == 410
    assert Instance.objects.count() == 0
    assert parts() == []


def test_upl_21_leftovers_without_a_row_are_removed(sender: Sender) -> None:
    leftover, fresh = (spool.part_path(uuid4()) for _ in range(2))
    for path in (leftover, fresh):
        path.write_bytes(b"half a file")
    long_ago = timezone.now().timestamp() - conf.IMAGE_UPLOAD_MAX_AGE.total_seconds() - 60
    os.utime(leftover, (long_ago, long_ago))
    assert discard_stale_uploads().leftovers == 1
    assert parts() == [fresh]


def test_who_may_see_and_send(api: Api, sender: Sender, colleague: User, outsider: User, make_user: MakeUser) -> None:
    data = dicom_image()
    url = sender.announce(len(data), body=data[:100])["Location"]
    page = f"/api/v1/uploads/{sender.upload['id']}/"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "100"}

    def tries(user: User) -> tuple[int, int, int, int]:
        client = api(user)
        piece = client.generic("PATCH", url, data[100:], content_type=OCTETS, headers=headers)
        gone = client.delete(url, headers=headers)
        return client.get(page).status_code, client.get(url).status_code, piece.status_code, gone.status_code

    assert tries(colleague) == (200, 200, 403, 403)
    assert tries(outsider) == (404, 404, 404, 404)
    for role in ("researcher", "auditor", "admin"):
        assert tries(make_user(role, role)) == (403, 403, 403, 403)
    assert APIClient().get(page).status_code == 401
    assert sender.head(url)["Upload-Offset"] == "100"


def test_every_read_and_every_outcome_is_recorded(sender: Sender) -> None:
    AuditEvent.objects.all()._raw_delete("default")
    stored = sender.send(dicom_image())
    sender.send(b"nonsense")
    sender.client.get(f"/api/v1/uploads/{sender.upload['id']}/")
    sender.result(f"{sender.upload['files_url']}{stored['id']}/")
    events = list(AuditEvent.objects.order_by("pk").values_list("action", "object_type", "outcome"))
    assert events == [
        (Action.UPLOAD, "image", "success"),
        (Action.UPLOAD, "image-file", "failure"),
        (Action.VIEW, "image-upload", "success"),
        (Action.VIEW, "image-file", "success"),
    ]
    pseudonym = str(Study.objects.get().patient.public_id)
    assert AuditEvent.objects.get(object_type="image").patient_pseudonym == pseudonym


def test_an_upload_says_who_sent_it_and_how(sender: Sender, owner: User) -> None:
    upload = Upload.objects.get()
    assert (upload.created_by, upload.institution, upload.source) == (owner, owner.institution, Upload.Source.BROWSER)
