"""The three storages in Google Cloud Storage, chosen by `STORAGE_URL=gs://PREFIX?credentials_file=…`."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile, File
from django.utils import timezone
from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud.storage.fileio import BlobWriter
from google.oauth2.service_account import Credentials
from storages.backends.gcloud import GoogleCloudStorage

from webapp.audit_storage import RETAINED, WrittenOnce
from webapp.synthetic_storage import PART_BYTES, attachment
from webapp.unlinked import NeverGivesUrl


def options(credentials_file: str, seconds: int) -> dict[str, Any]:
    """What django-storages wants to know, the bucket's name excepted.

    Args:
        credentials_file: a service account's key in JSON. Its private key signs links without asking anybody.
        seconds: how long a signed link lasts.

    Raises:
        ImproperlyConfigured: the file can't be read or is no such key.
    """
    try:
        credentials = Credentials.from_service_account_file(credentials_file)
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"STORAGE_URL: credentials_file={credentials_file}: expected a service account's key in JSON "
            f"({type(error).__name__})."
        ) from None
    return {
        "credentials": credentials,
        "project_id": credentials.project_id,
        "default_acl": None,
        "querystring_auth": True,
        "expiration": timedelta(seconds=seconds),
        "file_overwrite": False,
        "blob_chunk_size": PART_BYTES,
        "max_memory_size": PART_BYTES,
    }


class GoogleBucket(GoogleCloudStorage):
    """A bucket that can be made where it isn't there."""

    def make_once(self, *, locked: bool) -> bool:
        """Makes the bucket, on request with object retention; False when it is there."""
        if self.client.lookup_bucket(self.bucket_name):
            return False
        bucket = self.client.bucket(self.bucket_name)
        bucket.iam_configuration.uniform_bucket_level_access_enabled = True
        bucket.iam_configuration.public_access_prevention = "enforced"
        bucket.versioning_enabled = locked
        bucket.create(enable_object_retention=locked)
        return True


class PhiGoogleBucket(NeverGivesUrl, GoogleBucket):
    """Patients' data in a bucket."""


class SyntheticGoogleBucket(GoogleBucket):
    """Released files in a bucket; see `webapp.synthetic_storage`."""

    def put(self, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        """Uploads a file, whole or not at all, over what was there; a large one in parts, one at a time."""
        writer = BlobWriter(self.bucket.blob(name), chunk_size=PART_BYTES, content_type=media_type)
        try:
            for piece in pieces:
                writer.write(piece)
        except BaseException:
            # Or it would finish the object with what it has. The upload itself the store forgets after a week.
            writer.terminate()
            raise
        writer.close()

    def link(self, name: str, filename: str, seconds: int) -> str:
        """An address that gives the file to whoever has it, for so long."""
        parameters = {"expiration": timedelta(seconds=seconds), "response_disposition": attachment(filename)}
        return str(self.url(name, parameters=parameters))

    def sizes(self, folder: str) -> dict[str, int]:
        """Every object below a folder, with its size."""
        return {blob.name: blob.size for blob in self.bucket.list_blobs(prefix=f"{folder}/")}

    def tidy(self, folder: str) -> None:
        """Nothing: uploads that were never finished show nowhere, and the store drops them after a week."""

    def clear(self, folder: str) -> None:
        """Removes every object below a folder."""
        for name in self.sizes(folder):
            self.delete(name)


class AuditGoogleBucket(WrittenOnce, GoogleBucket):
    """Objects under a locked retention, where the bucket was made with object retention."""

    @property
    def locks(self) -> bool:
        """Whether the bucket can lock objects, which is decided when it is made."""
        return bool(self.client.get_bucket(self.bucket_name).object_retention_mode == "Enabled")

    def exists(self, name: str) -> bool:
        """Whether it was ever written: a version of it is there, even if another one covers it."""
        return bool(self._generations(name))

    def read(self, name: str) -> bytes:
        """What was written first; FileNotFoundError when nothing was, or when it is gone for good."""
        generations = self._generations(name)
        if not generations:
            raise FileNotFoundError(name)
        try:
            return bytes(self.bucket.blob(name, generation=min(generations)).download_as_bytes())
        except NotFound:
            raise FileNotFoundError(name) from None

    def written(self, folder: str) -> dict[str, int]:
        """Every name in a folder, with its number of versions."""
        blobs = self.bucket.list_blobs(prefix=f"{folder}/", versions=True)
        return dict(Counter(blob.name.removeprefix(f"{folder}/") for blob in blobs))

    def _open(self, name: str, mode: str = "rb") -> File:  # type: ignore[type-arg]
        return ContentFile(self.read(name), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        blob = self.bucket.blob(name)
        if self.locks:
            blob.retention.mode = "Locked"
            blob.retention.retain_until_time = timezone.now() + RETAINED
        try:
            # Generation 0: the store itself refuses where there is an object already.
            blob.upload_from_string(content.read(), content_type="application/json", if_generation_match=0)
        except PreconditionFailed:
            raise FileExistsError(f"{name}: what lies in the audit storage is never overwritten.") from None
        return name

    def _generations(self, name: str) -> list[int]:
        blobs = self.bucket.list_blobs(prefix=name, versions=True)
        return [int(blob.generation) for blob in blobs if blob.name == name]
