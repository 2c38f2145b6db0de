"""How large a PNG, JPEG or TIFF picture says it is, read from its first bytes before any library opens it.

Sources: PNG (ISO/IEC 15948 section 11.2.2), JPEG (ISO/IEC 10918-1 B.2.2), TIFF 6.0 section 2 and BigTIFF.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ml.dicom.content import Kind
from ml.dicom.elements import Buffer
from ml.dicom.limits import MAX_FRAME_BYTES, MAX_FRAMES, MAX_IMAGE_BYTES, MAX_SIDE
from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.codestream import read_codestream

_JPEG_HEAD: Final = 1 << 20
_PNG_SAMPLES: Final = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_WIDTH, _LENGTH, _BITS, _SAMPLES = 256, 257, 258, 277
_SHORT, _MAX_ENTRIES = 3, 4_096


@dataclass(frozen=True)
class PictureSize:
    """Of the largest page: pixels, samples a pixel, bytes a sample; and how many pages there are."""

    rows: int
    columns: int
    samples: int
    sample_bytes: int
    pages: int = 1


def check_picture(buffer: Buffer, kind: Kind) -> PictureSize:
    """The size of a picture that may be decoded.

    Raises:
        Refusal: picture_damaged, picture_too_large, too_many_frames.
    """
    try:
        size = _READERS[kind](buffer)
    except (struct.error, LookupError, ValueError) as error:
        raise _damaged(kind) from error
    if not size.rows or not size.columns:
        raise _damaged(kind)
    if size.pages > MAX_FRAMES:
        raise Refusal("too_many_frames", f"The picture has more than {MAX_FRAMES:,} pages. Send it in parts.")
    page = size.rows * size.columns * size.samples * size.sample_bytes
    if max(size.rows, size.columns) > MAX_SIDE or page > MAX_FRAME_BYTES or page * size.pages > MAX_IMAGE_BYTES:
        raise Refusal(
            "picture_too_large",
            f"The picture has {size.columns:,} × {size.rows:,} pixels; at most {MAX_FRAME_BYTES // 2**20} MB a picture "
            "are taken in. Send it smaller.",
            rows=size.rows,
            columns=size.columns,
        )
    return size


def _damaged(kind: Kind) -> Refusal:
    return Refusal("picture_damaged", f"The {kind.upper()} picture's header is damaged. Export the picture again.")


def _png(buffer: Buffer) -> PictureSize:
    name, columns, rows, depth, colour = struct.unpack_from(">4sLLBB", buffer, 12)
    if name != b"IHDR" or colour not in _PNG_SAMPLES:
        raise ValueError("no image header")
    return PictureSize(rows, columns, _PNG_SAMPLES[colour], 2 if depth > 8 else 1)


def _jpeg(buffer: Buffer) -> PictureSize:
    stream = read_codestream(bytes(buffer[:_JPEG_HEAD]))
    if stream is None:
        raise ValueError("no frame header")
    return PictureSize(stream.rows, stream.columns, stream.components, 2 if stream.precision > 8 else 1)


def _tiff(buffer: Buffer) -> PictureSize:
    """The largest of the pages, which form a chain of directories."""
    order = "<" if buffer[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", buffer, 2)[0] == 43
    count_form, entry_form, next_form = ("Q", "HHQQ", "Q") if big else ("H", "HHLL", "L")
    (position,) = struct.unpack_from(order + next_form, buffer, 8 if big else 4)
    seen: set[int] = set()
    largest = PictureSize(0, 0, 1, 1)
    while position:
        if position in seen:
            raise ValueError("pages form a ring")
        seen.add(position)
        if len(seen) > MAX_FRAMES:
            return PictureSize(largest.rows, largest.columns, largest.samples, largest.sample_bytes, len(seen))
        (count,) = struct.unpack_from(order + count_form, buffer, position)
        if count > _MAX_ENTRIES:
            raise ValueError("too many entries")
        position += struct.calcsize("<" + count_form)
        page = _tiff_page(buffer, position, order + entry_form, count)
        if page.rows * page.columns * page.samples >= largest.rows * largest.columns * largest.samples:
            largest = page
        (position,) = struct.unpack_from(
            order + next_form, buffer, position + count * struct.calcsize("<" + entry_form)
        )
    return PictureSize(largest.rows, largest.columns, largest.samples, largest.sample_bytes, max(len(seen), 1))


def _tiff_page(buffer: Buffer, position: int, entry_form: str, count: int) -> PictureSize:
    order, size = entry_form[0], struct.calcsize(entry_form)
    found = {_SAMPLES: 1, _BITS: 8}
    for at in range(position, position + count * size, size):
        tag, form, values, value = struct.unpack_from(entry_form, buffer, at)
        if tag not in (_WIDTH, _LENGTH, _BITS, _SAMPLES):
            continue
        width = struct.calcsize(order + entry_form[-1])
        if form == _SHORT:
            # Short values stand at the front of the field, or elsewhere if there are too many for it.
            where = at + size - width if values * 2 <= width else value
            (value,) = struct.unpack_from(order + "H", buffer, where)
        found[tag] = value
    return PictureSize(found[_LENGTH], found[_WIDTH], found[_SAMPLES], max((found[_BITS] + 7) // 8, 1))


_READERS: Final = {"png": _png, "jpeg": _jpeg, "tiff": _tiff}
