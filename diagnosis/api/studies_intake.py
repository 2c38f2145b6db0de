"""Files in one request: taken from its body to the disk, stored one by one, each with a result of its own."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.urls import reverse
from django.utils.http import parse_header_parameters
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import DomainError
from accounts.permissions import person
from diagnosis.api.studies_serializers import StoredFileSerializer
from diagnosis.api.uploads_protocol import BadHeader, BodyTooLarge, WrongMediaType, blocks, check_body
from diagnosis.api.uploads_serializers import StatedSerializer
from diagnosis.models import Upload, UploadedFile
from diagnosis.services import upload_spool as spool
from diagnosis.services import uploads as service

RAW = ("application/dicom", "application/zip")
MULTIPART = "multipart/form-data"
Status = UploadedFile.Status
# What a file alone is answered with.
HTTP_STATUS = {
    Status.STORED: 201,
    Status.KEPT: 201,
    Status.QUARANTINED: 201,
    Status.DUPLICATE: 200,
    Status.RECEIVED: 202,
    Status.CONFLICT: 409,
    Status.REFUSED: 422,
}
TITLES = {409: "Conflict", 422: "Cannot be processed"}


@dataclass(frozen=True)
class Arrived:
    """One file of the request, on the disk."""

    name: str
    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Sent:
    """What the request brought: its files, and what it states about pictures."""

    files: Sequence[Arrived]
    stated: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that was sent; a multipart boundary, made anew for each sending, is no part of it."""
        parts = [*(f"{file.name}\0{file.sha256}" for file in self.files), repr(sorted(self.stated.items()))]
        return hashlib.sha256("\0\0".join(["studies", *parts]).encode()).hexdigest()


def check_request(request: Request) -> None:
    """Looks at the headers, before any of the body is read.

    Raises:
        BodyTooLarge, LengthMissing: the body is packed, too large, or of unknown length.
        DomainError: the body is JSON: an address instead of a file is never fetched.
        WrongMediaType: the body is nothing that files come in.
    """
    check_body(request)
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type == "application/json":
        raise no_addresses()
    if media_type not in {MULTIPART, *RAW}:
        raise WrongMediaType(f"Send files as {MULTIPART}, or one file as {' or '.join(RAW)}.")


def no_addresses() -> DomainError:
    """Files are sent, never fetched: whoever could name an address would have this server's reach."""
    return DomainError("Send the files themselves. Addresses are never fetched.", code="addresses_refused")


@contextmanager
def received(request: Request) -> Iterator[Sent]:
    """The request's files, on the disk for the time of the block.

    Raises:
        DomainError: there is no file, or an address in its place.
        BadHeader: the body ends before its announced length.
        ValidationError: what is stated about pictures makes no sense.
    """
    with tempfile.TemporaryDirectory(prefix="request-", dir=spool.folder()) as name:
        folder = Path(name)
        if request.content_type.startswith(MULTIPART):
            yield _multipart(request, folder)
        else:
            yield _raw(request, folder)


def store(request: Request, sent: Sent) -> Response:
    """Stores the files; the answer tells what became of each.

    One file is answered with a status of its own (201 stored, 200 here already, 202 an archive to be unpacked, 409
    contradicts an earlier file, 422 refused), several with 207.
    """
    user = person(request)
    upload = service.create_upload(user=user, source=Upload.Source.API, **sent.stated)
    results = []
    for arrived in sent.files:
        try:
            file = service.begin_file(upload=upload, user=user, name=arrived.name, size=arrived.size)
        except service.TooLarge:
            file = upload.files.latest("pk")
        else:
            file = service.take_in(file=file, path=arrived.path)
        results.append(_result(file))
    body: dict[str, Any] = {
        "upload": str(upload.public_id),
        "upload_url": reverse("api-upload-detail", args=[upload.public_id]),
        "files": results,
    }
    where = {"Location": body["upload_url"]}
    if len(results) > 1:
        return Response(body, status=207, headers=where)
    (result,) = results
    if result["http_status"] < 400:
        return Response(body, status=result["http_status"], headers=where)
    return _problem(result, body)


def _result(file: UploadedFile) -> dict[str, Any]:
    return dict(StoredFileSerializer(file, context={"http_status": HTTP_STATUS[Status(file.status)]}).data)


def _problem(result: dict[str, Any], body: dict[str, Any]) -> Response:
    status = result["http_status"]
    problem = {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "code": result["code"] or "conflict",
        "detail": result["message"],
    }
    return Response(problem | body, status=status, content_type="application/problem+json")


def _multipart(request: Request, folder: Path) -> Sent:
    try:
        files, fields = request.FILES.getlist("file"), request.POST
    except SuspiciousOperation as error:
        raise BodyTooLarge("Too many files or fields in one request: at most 100 files.") from error
    if "url" in fields or "file" in fields:
        raise no_addresses()
    if not files:
        raise DomainError("Send at least one file, in the field “file”.", code="no_files")
    stated = StatedSerializer(data=fields)
    stated.is_valid(raise_exception=True)
    arrived = [
        _written(folder / str(number), file.name or "", file.chunks()) for number, file in enumerate(files, start=1)
    ]
    return Sent(arrived, stated.validated_data)


def _raw(request: Request, folder: Path) -> Sent:
    _, parameters = parse_header_parameters(request.headers.get("Content-Disposition", ""))
    name = parameters.get("filename") or ("archive.zip" if "zip" in request.content_type else "image.dcm")
    raw = request._request  # noqa: SLF001 DRF would parse the body; it is read as it comes
    arrived = _written(folder / "1", name, blocks(raw))
    if arrived.size != check_body(request):
        raise BadHeader("The body ended before its announced length.", code="incomplete_body")
    return Sent([arrived], {})


def _written(path: Path, name: str, pieces: Any) -> Arrived:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("xb") as out:
            for piece in pieces:
                digest.update(piece)
                size += out.write(piece)
    except OSError as error:
        raise spool.NoSpace("The site has no space for more files at the moment. Tell your administrator.") from error
    return Arrived(name=name.replace("\0", ""), path=path, size=size, sha256=digest.hexdigest())
