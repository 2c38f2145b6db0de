"""Unpacking a deflated data set within a limit, before any library sees it (PS3.5 A.5).

A megabyte can unpack to gigabytes, and readers unpack everything at once. Here it is unpacked twice: first to be
counted, piece by piece and thrown away, then into a buffer of the right size.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from ml.dicom.elements import Buffer
from ml.dicom.limits import MAX_INFLATED_BYTES
from ml.dicom.outcomes import Refusal

_PIECE: Final = 1 << 20


def inflate(buffer: Buffer, start: int, *, limit: int = MAX_INFLATED_BYTES) -> bytearray:
    """The data set that is deflated from `start` to the buffer's end.

    Raises:
        Refusal: deflated_too_large when it has more than `limit` bytes, truncated, damaged_header.
    """
    size = 0
    for piece in _pieces(buffer, start):
        size += len(piece)
        if size > limit:
            raise Refusal(
                "deflated_too_large",
                f"The compressed content would unpack to more than {limit // 2**20} MB, at most that much is taken in. "
                "Send the image uncompressed or compressed as JPEG 2000.",
                limit=limit,
            )
    found = bytearray(size)
    at = 0
    for piece in _pieces(buffer, start):
        found[at : at + len(piece)] = piece
        at += len(piece)
    return found


def _pieces(buffer: Buffer, start: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for at in range(start, len(buffer), _PIECE):
            waiting = bytes(buffer[at : at + _PIECE])
            while waiting and not unpacker.eof:
                yield unpacker.decompress(waiting, _PIECE)
                waiting = unpacker.unconsumed_tail
            if unpacker.eof:
                return
        while not unpacker.eof and (piece := unpacker.decompress(b"", _PIECE)):
            yield piece
    except zlib.error as error:
        raise Refusal("damaged_header", "The compressed content is damaged. Send the image again.") from error
    if not unpacker.eof:
        raise Refusal("truncated", "The file ends before its compressed content is complete. Send it again.")
