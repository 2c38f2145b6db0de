"""Uploads: files announced, received piece by piece, taken in when they are whole, or given up."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts import audit
from accounts.errors import Conflict, DomainError
from accounts.models import Action, User
from diagnosis.models import Upload, UploadedFile
from diagnosis.services import upload_spool as spool
from diagnosis.services.deidentify import pseudonym
from diagnosis.services.studies import refuse_file, register_file, store_file
from diagnosis.services.upload_remarks import remark_on_directory
from jobs import services as jobs

ARCHIVE_INTAKE = "archive-intake"
ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
Status = UploadedFile.Status


class OffsetMismatch(Conflict):
    """The piece does not begin where the file ends so far; ask where that is, then go on from there."""

    code = "offset_mismatch"


class AlreadyArrived(Conflict):
    """The file is whole: nothing can be added to it or taken back."""

    code = "already_arrived"


class TooLarge(DomainError):
    """More bytes than were announced, or than any file may have."""

    status = 413
    code = "too_large"


class ChecksumMismatch(DomainError):
    """The piece was changed on its way; send it again."""

    status = 460
    code = "checksum_mismatch"


class GivenUp(DomainError):
    """The file did not arrive in time and what had come of it is gone."""

    status = 410
    code = "never_completed"


@dataclass(frozen=True)
class Piece:
    """Some bytes of a file, as they come in.

    Attributes:
        offset: where in the file they belong.
        length: how many are announced.
        body: the bytes; ends early when the connection breaks.
        sha256: what they must hash to, where the client says so.
    """

    offset: int
    length: int
    body: Iterable[bytes]
    sha256: bytes | None = None


def create_upload(
    *, user: User, source: Upload.Source, modality: str = "", body_part: str = "", reference: str = ""
) -> Upload:
    """An empty upload. What is stated is for pictures, which don't say it themselves."""
    upload = Upload(
        institution=user.institution,
        created_by=user,
        source=source,
        stated_modality=modality,
        stated_body_part=body_part,
        reference=pseudonym(user.institution, reference),
    )
    upload.full_clean()
    upload.save()
    return upload


def begin_file(*, upload: Upload, user: User, name: str, size: int) -> UploadedFile:
    """Announces a file of `size` bytes.

    Raises:
        PermissionDenied: somebody else's upload.
        TooLarge: no file may be that large; the refusal is written down.
    """
    _only_by_sender(upload, user)
    if size > settings.IMAGE_UPLOAD_MAX_BYTES:
        message = f"No file may be larger than {settings.IMAGE_UPLOAD_MAX_BYTES // 1024**2:,} MB."
        refuse_file(file=register_file(upload=upload, name=name, size=size), code="too_large", message=message)
        raise TooLarge(message)
    return register_file(upload=upload, name=name, size=size)


def append(*, file: UploadedFile, user: User, piece: Piece) -> UploadedFile:
    """Adds a piece; takes the file in when it is the last one.

    The last piece counts only once the file is taken in: a server that dies in between is sent it again. Repeated,
    parallel and late requests change nothing, because a piece must begin where the file ends and one writer at a time
    holds the part.

    Raises:
        PermissionDenied: somebody else's upload.
        AlreadyArrived, GivenUp: there is nothing to add to.
        OffsetMismatch, TooLarge, ChecksumMismatch: the piece does not fit; nothing was added.
        UploadBusy: another request is sending this file.
        AuditUnavailable: the last piece does not count.
    """
    _only_by_sender(file.upload, user)
    with spool.holding(file.public_id) as part:
        file.refresh_from_db()
        if file.status != Status.RECEIVING:
            _leave_settled(file)
        if piece.offset != file.received:
            raise OffsetMismatch(f"The file has {file.received:,} bytes so far; the piece begins at {piece.offset:,}.")
        if piece.offset + piece.length > file.size:
            raise TooLarge(f"The file was announced with {file.size:,} bytes, and more came.")
        digest = hashlib.sha256()
        count = spool.write(part, piece.offset, _hashed(piece.body, digest))
        if piece.sha256 is not None and piece.sha256 != digest.digest():
            raise ChecksumMismatch("The bytes were changed on their way. Send them again.")
        if piece.offset + count < file.size:
            return _advance(file, count)
        part.truncate(file.size)
        return take_in(file=file, path=spool.part_path(file.public_id))


def take_in(*, file: UploadedFile, path: Path) -> UploadedFile:
    """Stores a file that is whole, or queues the unpacking of an archive. The file at `path` is used up.

    Raises:
        AuditUnavailable: nothing was stored, and the file at `path` is still there.
    """
    if is_archive(path):
        return _queue_archive(file, path)
    store_file(file=file, path=path)
    if file.status == Status.KEPT and file.code == "directory":
        remark_on_directory(file=file, path=path)
    path.unlink(missing_ok=True)
    return file


def is_archive(path: Path) -> bool:
    """Whether the content is a zip archive, whatever its name."""
    with path.open("rb") as file:
        start = file.read(132)
    return start.startswith(ZIP_STARTS) and start[128:] != b"DICM"


def give_up(*, file: UploadedFile, user: User) -> None:
    """Forgets a file that has not arrived whole.

    Raises:
        PermissionDenied: somebody else's upload.
        AlreadyArrived: it has.
        UploadBusy: another request is sending this file.
    """
    _only_by_sender(file.upload, user)
    with spool.holding(file.public_id):
        file.refresh_from_db()
        if file.status != Status.RECEIVING:
            _leave_settled(file)
        with transaction.atomic():
            audit.record(Action.CANCEL, object_type="image-file", object_id=file.public_id)
            file.delete()
        spool.discard(file.public_id)


def _only_by_sender(upload: Upload, user: User) -> None:
    if upload.created_by_id != user.pk:
        raise PermissionDenied


def _leave_settled(file: UploadedFile) -> None:
    # Holding the part made it anew; but an archive's part is still needed.
    if file.status != Status.RECEIVED:
        spool.discard(file.public_id)
    if file.code == GivenUp.code:
        raise GivenUp(file.message)
    raise AlreadyArrived("The whole file is here already.")


def _hashed(body: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for block in body:
        digest.update(block)
        yield block


def _advance(file: UploadedFile, count: int) -> UploadedFile:
    changed = UploadedFile.objects.filter(pk=file.pk, status=Status.RECEIVING, received=file.received)
    if not changed.update(received=file.received + count, updated_at=timezone.now()):
        raise OffsetMismatch("Another request has added to this file. Ask how much of it is here and go on from there.")
    file.refresh_from_db()
    return file


def _queue_archive(file: UploadedFile, path: Path) -> UploadedFile:
    if path != spool.part_path(file.public_id):
        spool.keep(path, file.public_id)
    with transaction.atomic():
        file.status, file.received = Status.RECEIVED, file.size
        file.save()
        audit.record(Action.UPLOAD, object_type="image-archive", object_id=file.public_id, detail={"bytes": file.size})
        jobs.enqueue(
            kind=ARCHIVE_INTAKE,
            subject_id=str(file.public_id),
            requested_by=file.upload.created_by,
            institution=file.upload.institution,
            total=1,
        )
    return file
