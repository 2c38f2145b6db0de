"""Encapsulated pixel data: fragments of codestreams, and which of them make up which frame (PS3.5 A.4)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO, Final

import numpy as np

from ml.dicom.limits import MAX_FRAGMENTS, MAX_FRAMES
from ml.dicom.outcomes import Refusal

_ITEM: Final = b"\xfe\xff\x00\xe0"
_END: Final = b"\xfe\xff\xdd\xe0"
_STARTS: Final = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")
"""The first bytes of a JPEG or JPEG-LS image, of a JPEG 2000 codestream, of a JP2 file."""


@dataclass(frozen=True)
class Fragment:
    """A piece of a codestream: where its bytes lie in the file."""

    offset: int
    length: int


def read_fragments(file: BinaryIO) -> tuple[list[int], list[Fragment]]:
    """The basic offset table and the fragments of the pixel data whose value starts at the file's position.

    The offsets are relative to the first fragment's item tag. A missing end of the sequence is tolerated: the
    codestreams tell whether they are complete. Raises Refusal truncated, damaged_header, too_many_fragments.
    """
    table = _next_item(file)
    if table is None:
        raise _incomplete()
    # more offsets than there may be frames are of no use
    offset_bytes = min(table.length - table.length % 4, 4 * (MAX_FRAMES + 1))
    offsets = np.frombuffer(file.read(offset_bytes), dtype="<u4").tolist()
    file.seek(table.offset + table.length)
    fragments: list[Fragment] = []
    while (fragment := _next_item(file)) is not None:
        if len(fragments) == MAX_FRAGMENTS:
            message = f"The pixel data are cut into more than {MAX_FRAGMENTS:,} fragments. Export the image again."
            raise Refusal("too_many_fragments", message)
        fragments.append(fragment)
        file.seek(fragment.offset + fragment.length)
    return offsets, fragments


def _next_item(file: BinaryIO) -> Fragment | None:
    """The item at the file's position, or None at the end of the sequence or of the file."""
    header = file.read(8)
    if len(header) < 8 or header[:4] == _END:
        return None
    if header[:4] != _ITEM:
        raise Refusal("damaged_header", "The pixel data are not cut into fragments as they should be. Export it again.")
    start, length = file.tell(), int.from_bytes(header[4:], "little")
    if length > file.seek(0, 2) - start:
        raise _incomplete()
    file.seek(start)
    return Fragment(start, length)


def group_frames(
    file: BinaryIO, fragments: list[Fragment], frames: int, offsets: list[int], extended: list[int]
) -> list[list[Fragment]]:
    """The fragments of each frame, by whichever account of them holds.

    `offsets` is the basic and `extended` the extended offset table, each empty when there is none. Without a
    table that fits: a fragment a frame, all fragments for one frame, or cut where codestreams begin.
    Raises Refusal truncated when there are fewer frames than the header says.
    """
    filled = [fragment for fragment in fragments if fragment.length]
    for table in (extended, offsets):
        if len(table) == frames > 1 and (groups := _by_offsets(fragments, table)):
            return groups
    if frames == 1 and filled:
        return [filled]
    if len(filled) == frames:
        return [[fragment] for fragment in filled]
    groups = _by_codestreams(file, filled)
    if len(groups) < frames:
        message = f"The header promises {frames:,} frames, and {len(groups):,} are there. Send the complete file."
        raise Refusal("truncated", message, frames=frames, found=len(groups))
    return groups[:frames]


def _by_offsets(fragments: list[Fragment], offsets: list[int]) -> list[list[Fragment]]:
    """The fragments from each offset to the next; nothing when an offset is not where a fragment begins."""
    first = fragments[0].offset if fragments else 0
    starts = {fragment.offset - first: index for index, fragment in enumerate(fragments)}
    indices = [starts.get(offset, -1) for offset in offsets]
    if indices[0] != 0 or any(later <= earlier for earlier, later in pairwise(indices)):
        return []
    return [fragments[start:stop] for start, stop in zip(indices, [*indices[1:], len(fragments)], strict=True)]


def _by_codestreams(file: BinaryIO, fragments: list[Fragment]) -> list[list[Fragment]]:
    groups: list[list[Fragment]] = []
    for fragment in fragments:
        file.seek(fragment.offset)
        if not groups or file.read(8).startswith(_STARTS):
            groups.append([])
        groups[-1].append(fragment)
    return groups


def _incomplete() -> Refusal:
    return Refusal("truncated", "The file ends in the middle of its pixel data. Send the complete file.")
