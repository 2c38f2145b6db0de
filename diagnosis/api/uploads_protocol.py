"""The tus resumable-upload protocol, version 1.0.0: its headers, read and written (https://tus.io/protocols/).

Spoken here: core, creation, creation-with-upload, termination, checksum (sha256) and expiration.
"""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from django.utils.http import http_date
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import DomainError
from diagnosis.models import UploadedFile
from diagnosis.services.uploads import Piece

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,expiration"
OCTETS = "application/offset+octet-stream"
BLOCK = 1 << 20


class BadHeader(DomainError):
    """A header that the protocol needs is missing or makes no sense."""

    status = 400
    code = "bad_header"


class WrongVersion(DomainError):
    """Another version of the protocol."""

    status = 412
    code = "wrong_version"


class WrongMediaType(DomainError):
    """The body is not announced as a piece of a file."""

    status = 415
    code = "wrong_media_type"


class LengthMissing(DomainError):
    """The body's length is not announced."""

    status = 411
    code = "length_missing"


class BodyTooLarge(DomainError):
    """More than is taken in, or packed in a way that hides how much it is."""

    status = 413
    code = "too_large"


def check_version(request: Request) -> None:
    """Raises WrongVersion unless the client speaks this version."""
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion(f"Send the header Tus-Resumable: {VERSION}.")


def check_body(request: Request) -> int:
    """The announced length of the body.

    Raises:
        BodyTooLarge: it is packed (it would have to be unpacked to know its size), or more than is taken in.
        LengthMissing: it is not announced.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BodyTooLarge("Send the file as it is, not compressed: compressed bodies are not unpacked.")
    try:
        length = int(request.META.get("CONTENT_LENGTH") or "")
    except ValueError:
        raise LengthMissing("Say in Content-Length how many bytes follow.") from None
    if not 0 <= length <= settings.IMAGE_UPLOAD_MAX_BYTES:
        raise BodyTooLarge(f"At most {settings.IMAGE_UPLOAD_MAX_BYTES // 1024**2:,} MB are taken in at once.")
    return length


def has_piece(request: Request) -> bool:
    """Whether the request carries a piece of the file itself."""
    return request.content_type == OCTETS


def piece_of(request: Request, *, offset: int) -> Piece:
    """The piece in the request's body.

    Raises:
        WrongMediaType, LengthMissing, BodyTooLarge, BadHeader: there is none that can be read.
    """
    if not has_piece(request):
        raise WrongMediaType(f"Send a piece of the file as {OCTETS}.")
    length = check_body(request)
    raw = request._request  # noqa: SLF001 DRF would parse the body; it is read as it comes
    return Piece(offset=offset, length=length, body=blocks(raw), sha256=_checksum(request))


def blocks(request: HttpRequest) -> Iterator[bytes]:
    """The body in blocks; ends early when the connection breaks."""
    try:
        while block := request.read(BLOCK):
            yield block
    except UnreadablePostError:
        return


def whole_number(request: Request, header: str) -> int:
    """A header's number.

    Raises:
        BadHeader: it is missing, negative or no number.
    """
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise BadHeader(f"{header} must be a whole number of bytes.")
    return int(text)


def file_name(request: Request) -> str:
    """The name in Upload-Metadata, as the person's computer calls the file; empty when there is none.

    Raises:
        BadHeader: the metadata cannot be read.
    """
    name = ""
    for pair in filter(None, (part.strip() for part in request.headers.get("Upload-Metadata", "").split(","))):
        key, _, value = pair.partition(" ")
        if key != "filename":
            continue
        try:
            name = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise BadHeader("Upload-Metadata: filename must be UTF-8 in base64.") from None
    return name.replace("\0", "")


def answer(
    file: UploadedFile | None = None, *, status: int, data: dict[str, Any] | None = None, **headers: str
) -> Response:
    """A response with the protocol's headers: how much of the file is here, and until when it may go on."""
    response = Response(data, status=status, headers=headers)
    response["Tus-Resumable"] = VERSION
    if file is not None:
        response["Upload-Offset"] = str(file.received)
        if file.status == UploadedFile.Status.RECEIVING:
            response["Upload-Expires"] = http_date(expiry(file).timestamp())
    return response


def describe(file: UploadedFile) -> Response:
    """What HEAD answers."""
    name = base64.b64encode(file.name.encode()).decode()
    response = answer(file, status=200)
    response["Upload-Length"] = str(file.size)
    response["Upload-Metadata"] = f"filename {name}"
    response["Cache-Control"] = "no-store"
    return response


def capabilities() -> Response:
    """What OPTIONS answers."""
    response = answer(status=204)
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = EXTENSIONS
    response["Tus-Max-Size"] = str(settings.IMAGE_UPLOAD_MAX_BYTES)
    response["Tus-Checksum-Algorithm"] = "sha256"
    return response


def expiry(file: UploadedFile) -> datetime:
    """When a file that has not arrived whole is given up, unless more of it comes."""
    return file.updated_at + settings.IMAGE_UPLOAD_MAX_AGE


def _checksum(request: Request) -> bytes | None:
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, value = header.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        digest = b""
    if algorithm != "sha256" or len(digest) != sha256().digest_size:
        raise BadHeader("Upload-Checksum: expected “sha256” and the digest in base64.")
    return digest
