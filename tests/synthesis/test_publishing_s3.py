"""Publishing into a real S3 server: uploads in parts, what they leave behind, and links that it signs and checks."""

import hashlib
import io
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import uuid4

import pytest
import torch
from django.core.files.storage import storages
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Role, User
from jobs.models import JobStatus
from jobs.runner import run
from ml.imaging.phantoms import draw_phantoms
from synthesis.models import Download, Stage, SyntheticSet
from synthesis.publishing.samples import StoredSamples, store_samples
from synthesis.publishing.services import remove_published
from synthesis.publishing.store import folder_of, release_storage
from synthesis.services.decisions import approve
from tests.cast import MakeUser, SignIn
from tests.synthesis.stored import store_order, store_source
from webapp.storage import aliases
from webapp.synthetic_storage import PART_BYTES, InnerBucket, SyntheticBucket

pytestmark = [pytest.mark.s3, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True, scope="module")
def buckets(s3_server: Any) -> Iterator[None]:
    """The site's storages in buckets of this module's own: making them takes a while."""
    settings = aliases(
        f"s3://test-{uuid4().hex[:12]}?endpoint_url={quote(s3_server.endpoint_url)}&region=us-east-1",
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
    )
    with override_settings(STORAGES=settings):
        call_command("create_buckets", stdout=io.StringIO(), stderr=io.StringIO())
        yield
        for alias in ("phi", "synthetic"):
            empty(alias).bucket.delete()


def empty(alias: str) -> SyntheticBucket:
    storage = cast("SyntheticBucket", storages[alias])
    storage.bucket.objects.all().delete()
    for upload in storage.bucket.multipart_uploads.all():
        upload.abort()
    return storage


@pytest.fixture(autouse=True)
def bucket() -> SyntheticBucket:
    """The `synthetic` bucket, empty."""
    empty("phi")
    return empty("synthetic")


@pytest.fixture
def approved(make_user: MakeUser) -> SyntheticSet:
    admin = make_user("admin", Role.ADMIN)
    source = store_source(admin, kind="image")
    counts = {"benign": 4, "malignant": 4}
    one = store_order(make_user("researcher", Role.RESEARCHER), source, stage=Stage.AWAITING_APPROVAL, counts=counts)
    store_samples(one, [(draw_phantoms(8, 16, seed=3).canvases, torch.tensor([0] * 4 + [1] * 4))])
    return approve(user=admin, synthetic_set=one, note="Looked at it.", audience="institution")


def attempt(one: SyntheticSet) -> str:
    assert one.publishing_job is not None
    assert run(one.publishing_job.public_id, worker="test")
    one.refresh_from_db()
    one.publishing_job.refresh_from_db()
    return one.publishing_job.status


def fetch(url: str) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 the test server's
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {}


def noise(parts: float) -> Iterator[bytes]:
    """So many parts' worth of bytes, in pieces of a megabyte."""
    for number in range(int(parts * PART_BYTES / 2**20)):
        yield hashlib.shake_128(bytes([number])).digest(2**20)


def unfinished(bucket: SyntheticBucket) -> list[str]:
    return [upload.object_key for upload in bucket.bucket.multipart_uploads.all()]


def test_a_large_file_arrives_in_parts(bucket: SyntheticBucket) -> None:
    bucket.put("sets/1/set.zip", noise(2.5), "application/zip")

    with bucket.open("sets/1/set.zip") as file:
        assert file.read() == b"".join(noise(2.5))
    answer = bucket.connection.meta.client.head_object(Bucket=bucket.bucket_name, Key="sets/1/set.zip")
    assert answer["ContentType"] == "application/zip"
    assert answer["ETag"].endswith('-3"')  # an S3 store's mark of three parts
    assert bucket.sizes("sets/1") == {"sets/1/set.zip": int(2.5 * PART_BYTES)}
    assert unfinished(bucket) == []


@pytest.mark.parametrize("parts", [0.5, 2.5])
def test_an_upload_that_breaks_off_leaves_nothing(bucket: SyntheticBucket, parts: float) -> None:
    def broken() -> Iterable[bytes]:
        yield from noise(parts)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bucket.put("sets/1/set.zip", broken(), "application/zip")

    assert bucket.sizes("sets/1") == {}
    assert unfinished(bucket) == []


def leave_an_unfinished_upload(bucket: SyntheticBucket, name: str) -> None:
    """What a process that is killed in the middle leaves."""
    client = bucket.connection.meta.client
    where = {"Bucket": bucket.bucket_name, "Key": name}
    upload = client.create_multipart_upload(**where)["UploadId"]
    client.upload_part(**where, UploadId=upload, PartNumber=1, Body=bytes(PART_BYTES))


def test_what_a_killed_attempt_left_is_removed_by_the_next(bucket: SyntheticBucket, approved: SyntheticSet) -> None:
    leave_an_unfinished_upload(bucket, f"{folder_of(approved)}/set.zip")
    leave_an_unfinished_upload(bucket, "sets/of-another-set/set.zip")
    assert len(unfinished(bucket)) == 2

    assert attempt(approved) == JobStatus.SUCCEEDED

    assert unfinished(bucket) == ["sets/of-another-set/set.zip"]


def test_clearing_removes_objects_and_unfinished_uploads_of_one_set_alone(bucket: SyntheticBucket) -> None:
    for number in range(3):
        bucket.put(f"sets/1/{number}", [b"x"], "text/plain")
    bucket.put("sets/10/other", [b"x"], "text/plain")
    leave_an_unfinished_upload(bucket, "sets/1/set.zip")

    bucket.clear("sets/1")

    assert (bucket.sizes("sets/1"), unfinished(bucket)) == ({}, [])
    assert bucket.sizes("sets/10") == {"sets/10/other": 1}


def test_a_set_is_published_and_withdrawn(bucket: SyntheticBucket, approved: SyntheticSet) -> None:
    assert attempt(approved) == JobStatus.SUCCEEDED

    assert approved.stage == Stage.PUBLISHED
    files = {file.object_name: file for file in approved.files.all()}
    assert release_storage().sizes(folder_of(approved)) == {name: file.bytes for name, file in files.items()}
    for name, file in files.items():
        with bucket.open(name) as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == file.sha256
    with pytest.raises(FileNotFoundError):
        next(iter(StoredSamples(approved)))
    archive = approved.files.get(name="set.zip")
    link = bucket.link(archive.object_name, "set.zip", 60)
    assert fetch(link)[0] == 200

    remove_published(approved)

    assert bucket.sizes(folder_of(approved)) == {}
    assert fetch(link)[0] == 404


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode({**given, **query})).geturl()


def test_the_store_signs_links_for_one_file_and_a_quarter_of_an_hour(approved: SyntheticSet, sign_in: SignIn) -> None:
    attempt(approved)
    client: Client = sign_in(User.objects.get(role=Role.RESEARCHER))
    response = client.get(reverse("synthetic-set-file", args=[approved.public_id, "set.zip"]))

    assert response.status_code == 302
    url = response.headers["Location"]
    query = parse_qs(urlsplit(url).query)
    assert query["X-Amz-Expires"] == ["900"]
    status, body, headers = fetch(url)
    assert (status, hashlib.sha256(body).hexdigest()) == (200, approved.files.get(name="set.zip").sha256)
    saved_as = approved.files.get(name="set.zip").saved_as
    assert headers["Content-Disposition"] == f'attachment; filename="{saved_as}"'
    assert headers["Content-Type"] == "application/zip"
    signature = query["X-Amz-Signature"][0]
    other = ("0" if signature[0] != "0" else "1") + signature[1:]
    assert fetch(changed(url, **{"X-Amz-Signature": other}))[0] == 403
    assert fetch(changed(url, **{"X-Amz-Expires": "9000"}))[0] == 403
    assert fetch(url.replace("/set.zip", "/labels.csv"))[0] == 403
    assert fetch(urlsplit(url)._replace(query="").geturl())[0] == 403
    assert Download.objects.count() == 1


def test_a_bucket_that_browsers_cannot_reach_is_served_by_the_site(
    approved: SyntheticSet, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt(approved)
    monkeypatch.setattr(SyntheticBucket, "link", InnerBucket.link)
    client = sign_in(User.objects.get(role=Role.RESEARCHER))
    url = client.get(reverse("synthetic-set-file", args=[approved.public_id, "set.zip"])).headers["Location"]

    served = Client().get(url, headers={"Range": "bytes=2-"})

    assert url.startswith("/synthetic-object/")
    with storages["synthetic"].open(f"{folder_of(approved)}/set.zip") as file:
        assert b"".join(served.streaming_content) == file.read()[2:]  # type: ignore[arg-type]


def test_a_link_that_has_expired_opens_nothing(bucket: SyntheticBucket) -> None:
    bucket.put("sets/1/a.csv", [b"a"], "text/csv")
    url = bucket.link("sets/1/a.csv", "a.csv", 2)
    assert fetch(url)[:2] == (200, b"a")
    time.sleep(3)
    assert fetch(url)[0] == 403


def test_uploads_in_parts_hold_one_part(bucket: SyntheticBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    client = bucket.connection.meta.client
    upload_part: Callable[..., Any] = client.upload_part

    def noted(**told: Any) -> Any:
        sent.append(len(told["Body"]))
        return upload_part(**told)

    monkeypatch.setattr(client, "upload_part", noted)
    bucket.put("sets/1/set.zip", noise(3.5), "application/zip")
    assert sent == [PART_BYTES] * 3 + [PART_BYTES // 2]
