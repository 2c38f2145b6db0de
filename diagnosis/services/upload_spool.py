"""Where files lie while they arrive: one part file each, in a folder that web processes and workers share.

Names in the folder are the server's own; what the person's computer calls a file never becomes a path.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from time import time
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from accounts.errors import Conflict, DomainError

SUFFIX = ".part"


class UploadBusy(Conflict):
    """Another request is writing to the same file; it may be one that the client has given up already."""

    status = 423
    code = "upload_busy"


class NoSpace(DomainError):
    """The folder is full."""

    status = 507
    code = "no_space"


def folder() -> Path:
    """The folder, made if it is not there yet."""
    path = Path(settings.UPLOAD_SPOOL_DIR)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def part_path(file_id: UUID) -> Path:
    """Where a file lies while it arrives."""
    return folder() / f"{file_id}{SUFFIX}"


@contextmanager
def holding(file_id: UUID) -> Iterator[BinaryIO]:
    """The part file, made if it is not there yet, for one writer at a time, whichever process it runs in.

    A caller must look at the file's row only once it holds the part: another writer may just have finished.

    Raises:
        UploadBusy: another request holds it.
    """
    descriptor = os.open(part_path(file_id), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UploadBusy("Another request is sending this file. Try again in a moment.") from error
        yield part


def write(part: BinaryIO, offset: int, pieces: Iterable[bytes]) -> int:
    """Writes pieces from `offset` on; returns how many bytes lie safely on the disk.

    Raises:
        NoSpace: the folder is full; nothing after `offset` counts.
    """
    part.seek(offset)
    count = 0
    try:
        for piece in pieces:
            part.write(piece)
            count += len(piece)
        part.flush()
        os.fsync(part.fileno())
    except OSError as error:
        raise NoSpace("The site has no space for more files at the moment. Tell your administrator.") from error
    return count


def discard(file_id: UUID) -> None:
    """Removes a part file, if it is there."""
    part_path(file_id).unlink(missing_ok=True)


def keep(path: Path, file_id: UUID) -> None:
    """Moves a file that arrived elsewhere to where its part would lie, for a job to find."""
    shutil.move(path, part_path(file_id))


def left_behind(age: timedelta, known: set[UUID]) -> list[Path]:
    """What has lain in the folder for longer than `age` and belongs to none of the known files."""
    oldest = time() - age.total_seconds()
    names = {f"{file_id}{SUFFIX}" for file_id in known}
    found = []
    for path in folder().iterdir():
        with suppress(FileNotFoundError):  # its owner has just removed it
            if path.name not in names and path.stat().st_mtime < oldest:
                found.append(path)
    return found


def remove(path: Path) -> None:
    """Removes what `left_behind` found."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
