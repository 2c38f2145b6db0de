"""Frames as stored values: one frame at a time out of an open image, unpacked, decoded, cleaned of unused bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ml.dicom.outcomes import Refusal
from ml.dicom.pixels.codecs import DecodedFrame, can_decode, decode_frame
from ml.dicom.pixels.dataset import OpenImage
from ml.dicom.pixels.description import PixelDescription
from ml.dicom.pixels.encapsulated import Fragment, group_frames, read_fragments

Pixels = NDArray[Any]

_HALVED: Final = ("YBR_FULL_422", "YBR_PARTIAL_422")


@dataclass(frozen=True)
class StoredFrame:
    """`values` are `(rows, columns)` or `(rows, columns, 3)` integers of the file's signedness, or floats.

    `raw` is what stood in the file when pixels are not compressed, unused bits included (overlays may be there).
    """

    values: Pixels
    photometric: str
    raw: Pixels | None


class FrameReader:
    """Reads frames by their index.

    Raises Refusal unsupported_transfer_syntax, truncated, pixel_length_mismatch, and from `read` what decoding raises.
    """

    def __init__(self, image: OpenImage, described: PixelDescription) -> None:
        self._image = image
        self._described = described
        self._groups: list[list[Fragment]] = []
        self._halved = False
        if image.element.encapsulated:
            self._find_fragments()
        else:
            self._check_length()

    def read(self, index: int) -> StoredFrame:
        """The frame of this index, from 0."""
        if self._groups:
            return self._decoded(index)
        flat, photometric = self._native(index)
        described = self._described
        if described.samples == 1 or described.planar == 0 or self._halved:
            pixels = flat.reshape(described.shape)
        else:
            pixels = np.moveaxis(flat.reshape(described.samples, described.rows, described.columns), 0, -1)
        if described.is_float or described.allocated == 1:
            return StoredFrame(pixels, photometric, None)
        values = keep_bits(pixels, described.stored, described.high_bit + 1 - described.stored, described.signed)
        return StoredFrame(values, photometric, pixels)

    def _find_fragments(self) -> None:
        image, described = self._image, self._described
        if not can_decode(image.transfer_syntax):
            raise Refusal("unsupported_transfer_syntax", transfer_syntax=image.transfer_syntax)
        image.file.seek(image.element.offset)
        offsets, fragments = read_fragments(image.file)
        table = image.dataset.get("ExtendedOffsetTable")
        extended = np.frombuffer(table, dtype="<u8").tolist() if isinstance(table, bytes) and not len(table) % 8 else []
        self._groups = group_frames(image.file, fragments, described.frames, offsets, extended)
        if not self._groups:
            raise Refusal("truncated", "The file holds no pixel data. Send the complete file.")

    def _check_length(self) -> None:
        """Exactly as long as the header says, but for a byte that makes it even (PS3.5 8.1.1)."""
        image, described = self._image, self._described
        if can_decode(image.transfer_syntax):
            message = "The header says that the picture is compressed, and it is not. Export the image again."
            raise Refusal("decode_failed", message, transfer_syntax=image.transfer_syntax)
        full = -(-described.pixels * described.samples * described.allocated * described.frames // 8)
        found = image.element.length
        # some write all samples and still name the halved form
        self._halved = described.photometric in _HALVED and found < full
        expected = full * 2 // 3 if self._halved else full
        if found < expected:
            message = f"The pixel data have {found:,} bytes; the header needs {expected:,}. Send the complete file."
            raise Refusal("pixel_length_mismatch", message, found=found, expected=expected)

    def _native(self, index: int) -> tuple[Pixels, str]:
        described, photometric = self._described, self._described.photometric
        if described.allocated == 1:
            return self._bits(index), photometric
        samples = described.pixels * described.samples
        if self._halved:
            return _widened(self._samples(index * samples * 2 // 3, samples * 2 // 3)), photometric
        return self._samples(index * samples, samples), photometric

    def _samples(self, start: int, count: int) -> Pixels:
        """Uncompressed samples, in this machine's byte order."""
        described, element = self._described, self._image.element
        size = described.allocated // 8
        order = "<" if self._image.little_endian else ">"
        if size == 1 and order == ">" and element.vr == "OW":
            # bytes were written in pairs, swapped
            first = start - start % 2
            pairs = np.frombuffer(self._bytes(first, start % 2 + count + (start + count) % 2), dtype=">u2")
            swapped = pairs.astype("<u2").view(np.uint8)
            return swapped[start % 2 : start % 2 + count]
        kind = "f" if described.is_float else "u"
        found = np.frombuffer(self._bytes(start * size, count * size), dtype=f"{order}{kind}{size}")
        return found if order == "<" else found.astype(found.dtype.newbyteorder("<"))

    def _bits(self, index: int) -> Pixels:
        """Single bits, packed without regard to where frames begin (PS3.5 8.1.1)."""
        count = self._described.pixels * self._described.samples
        first, skipped = divmod(index * count, 8)
        even = first - first % 2
        packed = np.frombuffer(self._bytes(even, -(-(skipped + count) // 8) + first - even + 1), dtype=np.uint8)
        if not self._image.little_endian and self._image.element.vr == "OW":
            packed = packed[: packed.size - packed.size % 2].view(">u2").astype("<u2").view(np.uint8)
        bits = np.unpackbits(packed[first - even :], bitorder="little", count=skipped + count)
        return bits[skipped:]

    def _bytes(self, start: int, count: int) -> bytes:
        """Of the element's value; what lies past its end is left out."""
        element = self._image.element
        self._image.file.seek(element.offset + start)
        return self._image.file.read(min(count, element.length - start))

    def _decoded(self, index: int) -> StoredFrame:
        pieces = []
        for fragment in self._groups[index]:
            self._image.file.seek(fragment.offset)
            pieces.append(self._image.file.read(fragment.length))
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        described = self._described
        frame: DecodedFrame = decode_frame(data, self._image.transfer_syntax, described)
        values = frame.pixels
        if described.allocated > 1:
            values = keep_bits(values, min(frame.bits, 8 * values.dtype.itemsize), frame.shift, described.signed)
        return StoredFrame(values, frame.photometric, None)


def keep_bits(pixels: Pixels, bits: int, shift: int, signed: bool) -> Pixels:
    """Integers of which only `bits` bits above the lowest `shift` count; the others may hold anything.

    With `signed`, the highest of them is the sign.
    """
    size = pixels.dtype.itemsize
    unused = 8 * size - bits
    kind = np.dtype(f"<{'i' if signed else 'u'}{size}")
    values = pixels.view(kind) if pixels.dtype != kind else pixels
    if unused == 0:
        return values
    # up to the top and down again: a signed shift down repeats the sign, an unsigned one fills with zeros
    raised = np.left_shift(values, unused - shift)
    return np.asarray(np.right_shift(raised, unused, out=raised))


def _widened(flat: Pixels) -> Pixels:
    """Y Y Cb Cr for every two pixels to Y Cb Cr for each (PS3.3 C.7.6.3.1.2)."""
    pairs = flat.reshape(-1, 4)
    wide = np.empty((len(pairs), 6), dtype=flat.dtype)
    wide[:, [0, 3]] = pairs[:, :2]
    wide[:, [1, 4]] = pairs[:, 2:3]
    wide[:, [2, 5]] = pairs[:, 3:]
    return wide.reshape(-1)
