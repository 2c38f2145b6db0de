"""One compressed frame to an array, by the library that gets its format right.

JPEG goes by what the codestream is, not by which of the many JPEG transfer syntaxes names it. A codec's package
is imported when its first frame comes: most processes never need most of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.codestream import Codestream, Family, read_codestream
from ml.dicom.pixels.description import PixelDescription

Pixels = NDArray[Any]

RLE: Final = "1.2.840.10008.1.2.5"
DEFLATED_FRAMES: Final = "1.2.840.10008.1.2.8.1"
_RLE_HEADER: Final = 64
_RLE_SLACK: Final = 256
"""Bytes that padding after the last run may come to."""
_JPEG_STEM: Final = "1.2.840.10008.1.2.4."
_NO_STILL_PICTURES: Final = range(94, 114)
"""Endings of the stem that are JPIP references, MPEG-2, MPEG-4, HEVC and JPEG XL."""


@dataclass(frozen=True)
class DecodedFrame:
    """`(rows, columns)` or `(rows, columns, samples)` as the codec gave it.

    `bits` of each value, above the lowest `shift`, count; `photometric` is the colour space they are in now.
    """

    pixels: Pixels
    bits: int
    photometric: str
    shift: int = 0


def can_decode(transfer_syntax: str) -> bool:
    """There is a codec for encapsulated pixel data in this transfer syntax."""
    if transfer_syntax in {RLE, DEFLATED_FRAMES}:
        return True
    ending = transfer_syntax.removeprefix(_JPEG_STEM)
    return ending != transfer_syntax and ending.isdigit() and int(ending) not in _NO_STILL_PICTURES


def decode_frame(data: bytes, transfer_syntax: str, described: PixelDescription) -> DecodedFrame:
    """Decode one frame.

    Raises Refusal codestream_mismatch, decode_failed, or whatever a codec raises for data that it can't read.
    """
    if transfer_syntax == RLE:
        return _run_length(data, described)
    if transfer_syntax == DEFLATED_FRAMES:
        return _deflated(data, described)
    stream = read_codestream(data)
    if stream is None:
        message = "The compressed picture in the file can't be recognised. Export the image again."
        raise Refusal("decode_failed", message, transfer_syntax=transfer_syntax)
    if (stream.rows, stream.columns, stream.components) != (described.rows, described.columns, described.samples):
        message = (
            f"The header says {described.columns} × {described.rows} pixels of {described.samples} samples, the "
            f"compressed picture {stream.columns} × {stream.rows} of {stream.components}. Export the image again."
        )
        raise Refusal("codestream_mismatch", message, rows=stream.rows, columns=stream.columns)
    return _CODECS[stream.family](data, stream, described)


def _run_length(data: bytes, described: PixelDescription) -> DecodedFrame:
    """PS3.5 G: a segment for each byte of a sample, the highest first; single bits are packed."""
    size, samples = max(described.allocated // 8, 1), described.samples
    expected = -(-described.pixels // 8) if described.allocated == 1 else described.pixels
    unpacked = np.empty((samples, expected, size), dtype=np.uint8)
    unpack = import_module("rle.rle").decode_segment
    for index, segment in enumerate(_segments(data, size * samples)):
        # no honest encoder needs more than two bytes for one
        found = unpack(segment) if len(segment) <= 2 * expected + _RLE_SLACK else b""
        if not expected <= len(found) <= expected + _RLE_SLACK:
            raise _other_size()
        sample, byte = divmod(index, size)
        unpacked[sample, :, size - 1 - byte] = np.frombuffer(found, dtype=np.uint8, count=expected)
    flat = unpacked.reshape(-1).view(_unsigned(described))
    if described.allocated == 1:
        flat = np.unpackbits(flat, count=described.pixels, bitorder="little")
    return _as_native(_by_planes(flat, described), described)


def _segments(data: bytes, expected: int) -> list[bytes]:
    """The segments that the frame's header lists."""
    count, *offsets = np.frombuffer(data[:_RLE_HEADER].ljust(_RLE_HEADER, b"\0"), dtype="<u4").tolist()
    bounds = [*offsets[:count], len(data)]
    if count != expected or bounds != sorted(bounds) or bounds[0] < _RLE_HEADER:
        raise _other_size()
    return [data[start:stop] for start, stop in pairwise(bounds)]


def _other_size() -> Refusal:
    message = "The compressed picture isn't of the size and depth that the header says. Export the image again."
    return Refusal("codestream_mismatch", message)


def _deflated(data: bytes, described: PixelDescription) -> DecodedFrame:
    """PS3.5 A.4.13: each frame deflated on its own; frames of single bits are packed and padded to whole bytes."""
    samples = described.pixels * described.samples
    expected = -(-samples // 8) if described.allocated == 1 else samples * described.allocated // 8
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(data, expected + 2)
    if len(inflated) not in {expected, expected + expected % 2}:
        raise _other_size()
    if described.allocated == 1:
        flat = np.unpackbits(np.frombuffer(inflated, dtype=np.uint8), count=samples, bitorder="little")
    else:
        flat = np.frombuffer(inflated, dtype=_unsigned(described), count=samples)
    pixels = flat.reshape(described.shape) if described.planar == 0 else _by_planes(flat, described)
    return _as_native(pixels, described)


def _as_native(pixels: Pixels, described: PixelDescription) -> DecodedFrame:
    """Pixels whose samples lie in their words as they would without compression."""
    shift = described.high_bit + 1 - described.stored
    return DecodedFrame(pixels, described.stored, described.photometric, shift)


def _by_planes(flat: Pixels, described: PixelDescription) -> Pixels:
    if described.samples == 1:
        return flat.reshape(described.shape)
    return np.moveaxis(flat.reshape(described.samples, described.rows, described.columns), 0, -1)


def _unsigned(described: PixelDescription) -> np.dtype[Any]:
    return np.dtype(f"<u{max(described.allocated // 8, 1)}")


def _jpeg(data: bytes, stream: Codestream, described: PixelDescription) -> DecodedFrame:
    if stream.precision != 8:
        return _by_gdcm(data, stream, described, "1.2.840.10008.1.2.4.51")
    with Image.open(BytesIO(data), formats=["JPEG"]) as image:
        if _holds_plain_rgb(stream, described.photometric):
            # libjpeg would take the components for YCbCr and convert them; asked for YCbCr, it leaves them alone
            image.draft("YCbCr", image.size)
        pixels = np.asarray(image)
    return DecodedFrame(pixels, 8, "RGB" if stream.components == 3 else described.photometric)


def _holds_plain_rgb(stream: Codestream, stated: str) -> bool:
    """Nothing in the codestream tells libjpeg that the components are RGB, but they are."""
    if stream.components != 3 or stream.adobe_transform is not None or stream.component_ids == b"RGB":
        return False
    return stream.component_ids == b"rgb" or (stated == "RGB" and not stream.jfif)


def _jpeg_lossless(data: bytes, stream: Codestream, described: PixelDescription) -> DecodedFrame:
    return _by_gdcm(data, stream, described, "1.2.840.10008.1.2.4.57")


def _by_gdcm(data: bytes, stream: Codestream, described: PixelDescription, transfer_syntax: str) -> DecodedFrame:
    """JPEG of more than eight bits and lossless JPEG: no other free library reads them."""
    gdcm: Any = import_module("gdcm")
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((stream.columns, stream.rows, 1))
    image.SetDataElement(element)
    colours = "RGB" if stream.components == 3 else "MONOCHROME2"
    kind = gdcm.PhotometricInterpretation.GetPIType(colours)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    if stream.components == 3:
        image.SetPlanarConfiguration(0)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(transfer_syntax)))
    allocated = 8 if stream.precision <= 8 else 16
    image.SetPixelFormat(
        gdcm.PixelFormat(stream.components, allocated, stream.precision, stream.precision - 1, int(described.signed))
    )
    # the buffer comes as text, bytes that are no UTF-8 as lone surrogates; of damaged data none comes at all
    buffer = (image.GetBuffer() or "").encode("utf-8", "surrogateescape")
    flat = np.frombuffer(buffer, dtype=f"<u{allocated // 8}")
    if flat.size != described.pixels * described.samples:
        raise Refusal("decode_failed", "The compressed picture is damaged. Export the image again.")
    stated = "YBR_FULL" if described.photometric.startswith("YBR") else described.photometric
    if stream.component_ids in {b"RGB", b"rgb"}:
        stated = "RGB"
    return DecodedFrame(flat.reshape(described.shape), min(stream.precision, described.stored), stated)


def _jpeg_ls(data: bytes, stream: Codestream, described: PixelDescription) -> DecodedFrame:
    buffer, info = import_module("jpeg_ls").decode_pixel_data(data)
    flat = np.frombuffer(buffer, dtype="<u1" if stream.precision <= 8 else "<u2")
    by_planes = info["components"] > 1 and info["interleave_mode"] == 0
    pixels = _by_planes(flat, described) if by_planes else flat.reshape(described.shape)
    stated = "YBR_FULL" if described.photometric.startswith("YBR") else described.photometric
    return DecodedFrame(pixels, stream.precision, stated)


def _jpeg_2000(data: bytes, stream: Codestream, described: PixelDescription) -> DecodedFrame:
    """JPEG 2000 and HTJ2K. OpenJPEG undoes the colour transforms YBR_RCT and YBR_ICT itself."""
    buffer = import_module("openjpeg").decode_pixel_data(data, version=2)
    size = 1 if stream.precision <= 8 else 2 if stream.precision <= 16 else 4
    flat = np.frombuffer(buffer, dtype=f"<u{size}")
    stated = described.photometric
    colours = "RGB" if stated in {"YBR_RCT", "YBR_ICT"} else "YBR_FULL" if stated.startswith("YBR") else stated
    return DecodedFrame(flat.reshape(described.shape), stream.precision, colours)


_CODECS: Final[dict[Family, Callable[[bytes, Codestream, PixelDescription], DecodedFrame]]] = {
    "jpeg": _jpeg,
    "jpeg_lossless": _jpeg_lossless,
    "jpeg_ls": _jpeg_ls,
    "jpeg_2000": _jpeg_2000,
}
