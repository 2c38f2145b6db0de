"""Whether compressed frames are complete and of the size that the header announces; nothing is decoded.

Only the first bytes of each frame are read (ISO/IEC 10918-1, 14495-1, 15444-1; PS3.5 Annexes A.4 and G).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from ml.dicom.arithmetic import samples_of
from ml.dicom.elements import Buffer, Elements, Span
from ml.dicom.levels import InstanceHeader
from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.codestream import read_codestream
from ml.dicom.syntaxes import Codec, TransferSyntax

_STARTS: Final = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")
_END: Final = b"\xff\xd9"
_HEAD: Final = 65_536
_LONG_HEAD: Final = 1 << 20
_TAIL: Final = 1024
_EXTENDED_OFFSETS: Final = 0x7FE0_0001
_FAMILIES: Final[dict[str, Codec]] = {
    "jpeg": "jpeg",
    "jpeg_lossless": "jpeg",
    "jpeg_ls": "jpeg-ls",
    "jpeg_2000": "jpeg-2000",
}
_NAMES: Final = {"jpeg": "JPEG", "jpeg-ls": "JPEG-LS", "jpeg-2000": "JPEG 2000"}
_RLE_EXPANSION: Final = 64  # two bytes can stand for 128


def check_codestreams(elements: Elements, image: InstanceHeader, syntax: TransferSyntax) -> None:
    """Check every compressed frame.

    Raises:
        Refusal: codestream_mismatch, pixel_length_mismatch, truncated.
    """
    pixels = elements.pixels
    assert pixels is not None
    if pixels.fragments is None:
        raise Refusal(
            "codestream_mismatch",
            f"The header says that the pixels are compressed ({syntax.name}), but they are not in compressed pieces. "
            "Export the image again.",
        )
    frames = frame_fragments(elements, image.frames)
    samples = samples_of(elements, image)
    for number, spans in enumerate(frames, start=1):
        if syntax.codec == "rle":
            _check_rle(elements.buffer, spans, image, number=number, samples=samples)
        elif syntax.codec != "deflated-frames":
            _check_codestream(elements.buffer, spans, image, syntax, number=number, samples=samples)
    if not pixels.closed:
        if syntax.codec in ("rle", "deflated-frames"):
            raise Refusal("truncated", "The file ends before its pixels are closed. Send it again.")
        elements.remark("unclosed_sequence")


def frame_fragments(elements: Elements, frames: int) -> list[Sequence[Span]]:
    """The fragments of each frame (PS3.5 A.4): by their number, the offset tables, or where codestreams begin.

    Raises:
        Refusal: pixel_length_mismatch when they don't make up so many frames.
    """
    pixels = elements.pixels
    assert pixels is not None
    table, *spans = pixels.fragments or ((0, 0),)
    if spans and frames == 1:
        return [spans]
    if len(spans) == frames:
        return [[span] for span in spans]
    if len(spans) > frames:
        for firsts in (_by_offsets(elements, table, spans), _by_starts(elements.buffer, spans)):
            if len(firsts) == frames and firsts[0] == 0:
                return [spans[i:j] for i, j in zip(firsts, [*firsts[1:], len(spans)], strict=True)]
    raise Refusal(
        "pixel_length_mismatch",
        f"The header announces {frames:,} frames, the pixel data hold {len(spans):,} compressed pieces that don't "
        "make up as many. Export the image again from the system that made it.",
        frames=frames,
        fragments=len(spans),
    )


def _by_offsets(elements: Elements, table: Span, spans: Sequence[Span]) -> list[int]:
    """Indices of the frames' first fragments by the extended or basic offset table; [] without a sound one."""
    offsets: tuple[int, ...] = elements.longs(_EXTENDED_OFFSETS)
    if not offsets:
        start, length = table
        offsets = struct.unpack(f"<{length // 4}L", elements.buffer[start : start + length // 4 * 4])
    first = spans[0][0]
    index = {start - first: i for i, (start, _) in enumerate(spans)}
    firsts = [index.get(offset, -1) for offset in offsets]
    return firsts if -1 not in firsts and firsts == sorted(set(firsts)) else []


def _by_starts(buffer: Buffer, spans: Sequence[Span]) -> list[int]:
    return [i for i, (start, _) in enumerate(spans) if bytes(buffer[start : start + 6]).startswith(_STARTS)]


def _head(buffer: Buffer, spans: Sequence[Span], size: int) -> bytes:
    """The first bytes of a frame, gathered from as many fragments as needed."""
    found = b""
    for start, length in spans:
        found += buffer[start : start + min(length, size - len(found))]
        if len(found) >= size:
            break
    return found


def _check_codestream(
    buffer: Buffer,
    spans: Sequence[Span],
    image: InstanceHeader,
    syntax: TransferSyntax,
    *,
    number: int,
    samples: int,
) -> None:
    stream = read_codestream(_head(buffer, spans, _HEAD)) or read_codestream(_head(buffer, spans, _LONG_HEAD))
    if stream is None:
        raise Refusal(
            "codestream_mismatch",
            f"Frame {number:,} is no {syntax.name} picture. Export the image again from the system that made it.",
            frame=number,
        )
    family = _FAMILIES[stream.family]
    if family != syntax.codec:
        raise Refusal(
            "codestream_mismatch",
            f"The header says that frame {number:,} is {_NAMES[syntax.codec or 'jpeg']}, it is {_NAMES[family]}. "
            "Export the image again from the system that made it.",
            frame=number,
        )
    if (stream.rows, stream.columns, stream.components) != (image.rows, image.columns, samples):
        raise Refusal(
            "codestream_mismatch",
            f"The header says {image.columns:,} × {image.rows:,} pixels of {samples} samples, the compressed frame "
            f"{number:,} says {stream.columns:,} × {stream.rows:,} of {stream.components}. "
            "Export the image again from the system that made it.",
            frame=number,
            rows=stream.rows,
            columns=stream.columns,
            components=stream.components,
        )
    if _END not in _tail(buffer, spans):
        raise Refusal(
            "truncated",
            f"Frame {number:,} ends before its picture is complete. Send the image again.",
            frame=number,
        )


def _tail(buffer: Buffer, spans: Sequence[Span]) -> bytes:
    """The last bytes of a frame, across its last two fragments."""
    return b"".join(bytes(buffer[start + max(length - _TAIL, 0) : start + length]) for start, length in spans[-2:])


def _check_rle(buffer: Buffer, spans: Sequence[Span], image: InstanceHeader, *, number: int, samples: int) -> None:
    """The RLE header (PS3.5 G.5): one segment for each byte of each sample, ascending, each long enough."""
    size = sum(length for _, length in spans)
    head = _head(buffer, spans, 64)
    planes = samples * max(image.bits_allocated // 8, 1)
    if len(head) < 64:
        raise Refusal("truncated", f"Frame {number:,} is shorter than its own header. Send it again.", frame=number)
    count, *offsets = struct.unpack("<16L", head)
    starts = offsets[:count]
    if count != planes or starts[0] != 64 or starts != sorted(starts):
        raise Refusal(
            "codestream_mismatch",
            f"The compressed frame {number:,} holds {count:,} segments where the header asks for {planes}, or they "
            "overlap. Export the image again from the system that made it.",
            frame=number,
        )
    bits = image.rows * image.columns
    plane = (bits + 7) // 8 if image.bits_allocated == 1 else bits
    for start, end in zip(starts, [*starts[1:], size], strict=True):
        if (end - start) * _RLE_EXPANSION < plane:
            raise Refusal(
                "pixel_length_mismatch",
                f"The compressed frame {number:,} is too short for {image.columns:,} × {image.rows:,} pixels. "
                "Export the image again from the system that made it.",
                frame=number,
            )
