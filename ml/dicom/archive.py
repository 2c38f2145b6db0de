"""The files inside a ZIP archive, given one by one without trusting what the archive says of itself.

Names are labels and nothing else: nothing is ever written under them. No member gives more than the size that was
added up beforehand. What is wrong with the archive as a whole stops it before anything is read; what is wrong with
one member is that member's refusal, and the others go on.
"""

from __future__ import annotations

import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ml.dicom.outcomes import Refusal

MAX_MEMBERS: Final = 20_000
MAX_TOTAL_BYTES: Final = 8 * 2**30
MAX_RATIO: Final = 200
"""Of all content to the archive's own size, beyond the first RATIO_FROM bytes."""
RATIO_FROM: Final = 2**28
MAX_NAME: Final = 1_024
MAX_DIRECTORY_BYTES: Final = 8 * 2**20
"""Of the archive's table of contents, which is read at once."""

_PIECE: Final = 2**20
_ENCRYPTED: Final = 0x1
_UNIX: Final = 3
_LITTER: Final = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_ARCHIVE_STARTS: Final = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
)
_DAMAGED: Final = (BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, ValueError, OverflowError)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins with `head` is a ZIP archive."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    `name` is what the archive calls it, to be shown and never to be used as a path; `size` is the size it claims.
    """

    name: str
    size: int
    _archive: ZipFile = field(repr=False)
    _info: ZipInfo = field(repr=False)

    def pieces(self) -> Iterator[bytes]:
        """The content in pieces of at most a megabyte.

        Raises:
            Refusal: archive_path, archive_link, archive_encrypted, archive_method, archive_nested,
                archive_damaged. What came before belongs to a refused file.
        """
        _check_member(self._info)
        try:
            with self._archive.open(self._info) as stream:
                # zipfile stops at the size that the archive claims, and tells if that is not the content's end
                first = True
                while piece := stream.read(_PIECE):
                    if first and piece.startswith(_ARCHIVE_STARTS):
                        raise Refusal(
                            "archive_nested",
                            "The archive holds another archive. Unpack the inner one and send it by itself.",
                        )
                    first = False
                    yield piece
        except _DAMAGED as error:
            raise Refusal(
                "archive_damaged", "A file of the archive is damaged. Pack and send the archive again."
            ) from error

    def read(self, limit: int) -> bytes:
        """The whole content.

        Raises:
            Refusal: as `pieces`, and too_large beyond `limit` bytes.
        """
        return b"".join(self._limited(limit))

    def save(self, path: Path, limit: int) -> int:
        """Write the content to `path`, a name of the caller's own choosing; returns its size.

        Raises:
            Refusal: as `read`; nothing is left at `path`.
        """
        with path.open("xb") as file:
            try:
                return sum(file.write(piece) for piece in self._limited(limit))
            except (Refusal, OSError):
                path.unlink()
                raise

    def _limited(self, limit: int) -> Iterator[bytes]:
        size = 0
        for piece in self.pieces():
            size += len(piece)
            if size > limit:
                raise Refusal("too_large", f"A file of the archive has more than {limit / 2**20:,.0f} MB.")
            yield piece


@contextmanager
def opened(path: Path, *, total: int = MAX_TOTAL_BYTES) -> Iterator[Iterator[Member]]:
    """The members of an archive, each to be read before the next one; folders and desktop litter are left out.

    Raises:
        Refusal: archive_damaged, archive_too_many, archive_bomb: the archive as a whole is refused.
    """
    try:
        _check_directory(path)
        archive = ZipFile(path)
    except _DAMAGED as error:
        raise Refusal(
            "archive_damaged", "The file is no ZIP archive, or a damaged one. Pack and send it again."
        ) from error
    with archive:
        infos = [info for info in archive.infolist() if not _is_litter(info)]
        if len(infos) > MAX_MEMBERS:
            raise _too_many(len(infos))
        claimed = sum(info.file_size for info in infos)
        if claimed > min(total, max(RATIO_FROM, MAX_RATIO * path.stat().st_size)) or _overlap(infos):
            raise _bomb()
        yield (Member(info.filename[:MAX_NAME], info.file_size, archive, info) for info in infos)


def members(path: Path, *, total: int = MAX_TOTAL_BYTES) -> Iterator[Member]:
    """The members of an archive, as `opened` gives them; the archive is closed after the last."""
    with opened(path, total=total) as found:
        yield from found


def _check_directory(path: Path) -> None:
    """Refuse a table of contents that is too long to be read, as the archive's end states it (APPNOTE 4.3.16)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(size - 65_557, 0))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise BadZipFile("no end of central directory")
    count = int.from_bytes(tail[at + 10 : at + 12], "little")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    zip64 = tail.rfind(b"PK\x06\x06", 0, at)
    if zip64 >= 0 and at - zip64 >= 56:
        count = max(count if count != 0xFFFF else 0, int.from_bytes(tail[zip64 + 32 : zip64 + 40], "little"))
        length = max(length if length != 0xFFFF_FFFF else 0, int.from_bytes(tail[zip64 + 40 : zip64 + 48], "little"))
    if length > MAX_DIRECTORY_BYTES:
        raise _too_many(count)


def _is_litter(info: ZipInfo) -> bool:
    """Folders, and what macOS and Windows leave in archives."""
    parts = info.filename.replace("\\", "/").split("/")
    name = parts[-1].lower()
    return info.is_dir() or "__MACOSX" in parts or name in _LITTER or name.startswith("._")


def _overlap(infos: list[ZipInfo]) -> bool:
    """Whether members share bytes of the archive, the way to pack petabytes without nesting."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            return True
        end = info.header_offset + info.compress_size
    return False


def _check_member(info: ZipInfo) -> None:
    name = info.orig_filename
    parts = name.replace("\\", "/").split("/")
    drive = len(name) > 1 and name[1] == ":"
    if name.startswith(("/", "\\")) or ".." in parts or drive or "\0" in name or len(name) > MAX_NAME:
        raise Refusal(
            "archive_path",
            "The archive holds a file whose name points outside the archive. It was not read. Pack the folder again.",
        )
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    if kind not in (0, stat.S_IFREG):
        raise Refusal(
            "archive_link", "The archive holds a link or a device instead of a file. Pack the files themselves."
        )
    if info.flag_bits & _ENCRYPTED:
        raise Refusal("archive_encrypted", "The archive is protected by a password. Pack it again without one.")
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Refusal(
            "archive_method", "The archive is compressed by an unusual method. Pack it again as an ordinary ZIP."
        )


def _bomb() -> Refusal:
    return Refusal(
        "archive_bomb",
        f"The archive would unpack to more than can be taken in ({MAX_TOTAL_BYTES // 2**30} GB, and at most "
        f"{MAX_RATIO} times its own size). Send the files in several archives.",
    )


def _too_many(count: int) -> Refusal:
    return Refusal(
        "archive_too_many",
        f"The archive holds {count:,} files; at most {MAX_MEMBERS:,} are taken in. Send them in several archives.",
        members=count,
    )
