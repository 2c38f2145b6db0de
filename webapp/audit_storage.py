"""Storage that is written once: what lies in it is neither replaced nor deleted, not even by the site itself.

In a bucket with object lock, versions are kept against everybody until their time is over, so the *first* version of
an object is what was written. In a folder the files are read-only and this class refuses; whoever owns the folder can
still remove them, which is why a folder proves less.
"""

import base64
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from hashlib import md5
from typing import Any, NoReturn

from botocore.exceptions import ClientError
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage
from django.utils import timezone
from storages.backends.s3 import S3Storage

RETAINED = timedelta(days=7 * 366)  # beyond the six years that the trail's rows are kept


class WrittenOnce(Storage):
    """Refuses to delete and to overwrite."""

    def delete(self, name: str) -> NoReturn:
        """Always refuses."""
        raise PermissionDenied(f"{name}: what lies in the audit storage is never deleted.")

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself.

        Raises:
            FileExistsError: something was written under it before.
        """
        if self.exists(name):
            raise FileExistsError(f"{name}: what lies in the audit storage is never overwritten.")
        return name


class AuditFolder(WrittenOnce, FileSystemStorage):
    """Read-only files in a folder."""

    def read(self, name: str) -> bytes:
        """What was written; FileNotFoundError when nothing was."""
        with self.open(name) as file:
            return bytes(file.read())

    def written(self, folder: str) -> dict[str, int]:
        """The names in a folder, each written once."""
        return dict.fromkeys(self.listdir(folder)[1], 1) if self.exists(folder) else {}


class AuditBucket(WrittenOnce, S3Storage):
    """Objects in a bucket, locked in compliance mode where the bucket was made with object lock."""

    @cached_property
    def locks(self) -> bool:
        """Whether the bucket can lock objects, which is decided when it is made."""
        try:
            answer = self._client.get_object_lock_configuration(Bucket=self.bucket_name)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"ObjectLockConfigurationNotFoundError", "NotImplemented"}:
                return False
            raise
        return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")

    def exists(self, name: str) -> bool:
        """Whether it was ever written: a version, or the mark of a deletion, is there."""
        return any(key == name for key, _ in self._versions(name))

    def read(self, name: str) -> bytes:
        """What was written first; FileNotFoundError when nothing was, or when it is gone for good."""
        versions = [version for key, version in self._versions(name) if key == name and version]
        if not versions:
            raise FileNotFoundError(name)
        answer = self._client.get_object(Bucket=self.bucket_name, Key=name, VersionId=versions[-1])
        with answer["Body"] as body:
            return bytes(body.read())

    def written(self, folder: str) -> dict[str, int]:
        """Every name in a folder, with its number of versions and marks of deletion."""
        return dict(Counter(key.removeprefix(f"{folder}/") for key, _ in self._versions(f"{folder}/")))

    def _open(self, name: str, mode: str = "rb") -> File:  # type: ignore[type-arg]
        return ContentFile(self.read(name), name)

    def _save(self, name: str, content: "File[Any]") -> str:
        body = content.read()
        lock: dict[str, Any] = {}
        if self.locks:
            lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": timezone.now() + RETAINED}
        # Stores want a checksum with a lock, and this one is understood by all of them.
        checksum = base64.b64encode(md5(body, usedforsecurity=False).digest()).decode()
        self._client.put_object(Bucket=self.bucket_name, Key=name, Body=body, ContentMD5=checksum, **lock)
        return name

    def _versions(self, prefix: str) -> Iterator[tuple[str, str]]:
        """(key, version) of every version, the newest of a key first; a mark of deletion has an empty version."""
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=self.bucket_name, Prefix=prefix)
        for page in pages:
            for version in sorted(page.get("Versions", []), key=lambda one: one["LastModified"], reverse=True):
                yield version["Key"], version["VersionId"]
            for mark in page.get("DeleteMarkers", []):
                yield mark["Key"], ""

    @property
    def _client(self) -> Any:
        return self.connection.meta.client
