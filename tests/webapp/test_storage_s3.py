"""The three storage aliases on a real S3 server, with the settings that production makes for them."""

import io
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.test import override_settings
from storages.backends.s3 import S3Storage

from webapp.storage import aliases

pytestmark = pytest.mark.s3

CONTENT = b"radius_mean\n17.99\n"


@pytest.fixture
def s3_storages(s3_server: Any) -> Iterator[None]:
    """The site's storages in three new buckets, made as the deployment makes them."""
    prefix = f"test-{uuid4().hex[:12]}"
    settings = aliases(
        f"s3://{prefix}?endpoint_url={quote(s3_server.endpoint_url)}&region=us-east-1",
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
    )
    with override_settings(STORAGES=settings):
        call_command("create_buckets", stdout=io.StringIO())
        yield
        for alias in ("phi", "synthetic"):  # what lies in the audit bucket is locked for years
            bucket = cast("S3Storage", storages[alias]).bucket
            bucket.object_versions.delete()
            bucket.delete()


def fetch(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 the test server's
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def unsigned(storage: S3Storage, name: str) -> str:
    return f"{storage.endpoint_url}/{storage.bucket_name}/{name}"


@pytest.mark.usefixtures("s3_storages")
@pytest.mark.parametrize("alias", ["phi", "synthetic", "audit"])
def test_an_object_comes_back_as_it_was_saved_and_strangers_get_nothing(alias: str) -> None:
    storage = cast("S3Storage", storages[alias])

    name = storage.save("table.csv", ContentFile(CONTENT))

    with storage.open(name) as saved:
        assert saved.read() == CONTENT
    assert fetch(unsigned(storage, name))[0] == 403


@pytest.mark.usefixtures("s3_storages")
def test_the_same_name_never_overwrites() -> None:
    storage = storages["phi"]

    first = storage.save("table.csv", ContentFile(CONTENT))
    second = storage.save("table.csv", ContentFile(b"other"))

    assert first != second
    with storage.open(first) as saved:
        assert saved.read() == CONTENT


@pytest.mark.usefixtures("s3_storages")
def test_patients_data_have_no_url() -> None:
    storage = storages["phi"]
    name = storage.save("table.csv", ContentFile(CONTENT))

    with pytest.raises(SuspiciousFileOperation):
        storage.url(name)


@pytest.mark.usefixtures("s3_storages")
def test_a_signed_url_serves_its_object_until_it_expires_and_no_other() -> None:
    storage = cast("S3Storage", storages["synthetic"])
    name = storage.save("set.csv", ContentFile(CONTENT))
    other = storage.save("other.csv", ContentFile(b"other"))
    url = storage.url(name, expire=2)

    assert fetch(url) == (200, CONTENT)
    assert fetch(url.replace(name, other))[0] == 403
    time.sleep(3)
    assert fetch(url)[0] == 403


@pytest.mark.usefixtures("s3_storages")
def test_buckets_are_made_once_and_only_the_audit_bucket_can_lock_objects() -> None:
    storage = cast("S3Storage", storages["audit"])
    storage.save("digest.json", ContentFile(b"{}"))
    again, warned = io.StringIO(), io.StringIO()

    call_command("create_buckets", stdout=again, stderr=warned)

    assert again.getvalue().count("is there") == 3
    assert warned.getvalue() == ""  # the audit bucket locks
    assert storage.exists("digest.json")
    client = storage.connection.meta.client
    locked = client.get_object_lock_configuration(Bucket=storage.bucket_name)
    assert locked["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
    with pytest.raises(ClientError, match="ObjectLockConfigurationNotFound"):
        client.get_object_lock_configuration(Bucket=cast("S3Storage", storages["phi"]).bucket_name)
