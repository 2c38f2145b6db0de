"""The `synthetic` storage: what was released, handed out by signed links that expire.

Every kind of it does five things beside what a Django storage does: `put` takes a file in pieces without holding it,
`link` signs an address, `sizes` tells what lies in a folder, `tidy` drops what interrupted uploads left of it and
`clear` empties it.
"""

import base64
from collections.abc import Iterable, Iterator
from hashlib import md5
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import uuid4

from django.core.files.storage import FileSystemStorage
from storages.backends.s3 import S3Storage

PART_BYTES = 8 * 2**20  # of an upload in parts, of which Amazon allows 10,000
_PARTIAL = ".partial"


def attachment(filename: str) -> str:
    """The Content-Disposition under which a browser saves a file. Names hold letters, digits, dots and hyphens."""
    return f'attachment; filename="{filename}"'


def in_parts(pieces: Iterable[bytes], part_bytes: int = PART_BYTES) -> Iterator[bytes]:
    """The same bytes in parts of at least `part_bytes`, the last excepted; one empty part where there are none."""
    part = bytearray()
    given = False
    for piece in pieces:
        part += piece
        if len(part) >= part_bytes:
            yield bytes(part)
            given = True
            part.clear()
    if part or not given:
        yield bytes(part)


class SyntheticFolder(FileSystemStorage):
    """Released files in a folder. The site itself signs links to them and serves them."""

    def put(self, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        """Writes a file, whole or not at all, over what was there."""
        target = Path(self.path(name))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = target.with_name(f".{uuid4().hex}{_PARTIAL}")
        try:
            with partial.open("xb") as file:
                for piece in pieces:
                    file.write(piece)
            partial.chmod(self.file_permissions_mode or 0o600)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)

    def link(self, name: str, filename: str, seconds: int) -> None:
        """None: a folder has no server of its own."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Every file below a folder, with its size."""
        root = Path(self.location)
        files = (path for path in Path(self.path(folder)).rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.stat().st_size for path in files}

    def tidy(self, folder: str) -> None:
        """Removes files that were never finished."""
        for path in Path(self.path(folder)).rglob(f".*{_PARTIAL}"):
            path.unlink(missing_ok=True)

    def clear(self, folder: str) -> None:
        """Removes a folder with everything in it."""
        rmtree(self.path(folder), ignore_errors=True)


class SyntheticBucket(S3Storage):
    """Released files in a bucket of an S3 store."""

    def put(self, name: str, pieces: Iterable[bytes], media_type: str) -> None:
        """Uploads a file, whole or not at all, over what was there; a large one in parts, one at a time."""
        parts = in_parts(pieces)
        first = next(parts)
        if len(first) < PART_BYTES:
            self._client.put_object(**self._where(name), ContentType=media_type, **_checked(first))
            return
        upload = self._client.create_multipart_upload(**self._where(name), ContentType=media_type)["UploadId"]
        try:
            done = [self._put_part(name, upload, 1, first)]
            for number, part in enumerate(parts, start=2):
                done.append(self._put_part(name, upload, number, part))
            self._client.complete_multipart_upload(
                **self._where(name), UploadId=upload, MultipartUpload={"Parts": done}
            )
        except BaseException:
            self._client.abort_multipart_upload(**self._where(name), UploadId=upload)
            raise

    def link(self, name: str, filename: str, seconds: int) -> str:
        """An address that gives the file to whoever has it, for so long."""
        return str(self.url(name, parameters={"ResponseContentDisposition": attachment(filename)}, expire=seconds))

    def sizes(self, folder: str) -> dict[str, int]:
        """Every object below a folder, with its size."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=f"{folder}/")
        return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", [])}

    def tidy(self, folder: str) -> None:
        """Removes what was uploaded of objects that were never finished: it costs money and shows nowhere."""
        uploads = self._client.get_paginator("list_multipart_uploads")
        for page in uploads.paginate(Bucket=self.bucket_name, Prefix=f"{folder}/"):
            for upload in page.get("Uploads", []):
                self._client.abort_multipart_upload(
                    Bucket=self.bucket_name, Key=upload["Key"], UploadId=upload["UploadId"]
                )

    def clear(self, folder: str) -> None:
        """Removes every object below a folder, finished or not."""
        self.tidy(folder)
        self.bucket.objects.filter(Prefix=f"{folder}/").delete()

    def _put_part(self, name: str, upload: str, number: int, part: bytes) -> dict[str, Any]:
        answer = self._client.upload_part(**self._where(name), UploadId=upload, PartNumber=number, **_checked(part))
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def _where(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": name}

    @property
    def _client(self) -> Any:
        return self.connection.meta.client


class InnerBucket(SyntheticBucket):
    """Released files in a bucket that browsers cannot reach: the site fetches and serves them."""

    def link(self, name: str, filename: str, seconds: int) -> None:  # type: ignore[override]
        """None: nobody outside could follow it."""


def _checked(body: bytes) -> dict[str, Any]:
    """A body with the checksum that every store understands, so that it refuses what arrives damaged."""
    return {"Body": body, "ContentMD5": base64.b64encode(md5(body, usedforsecurity=False).digest()).decode()}
