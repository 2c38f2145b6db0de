"""Whether the pixel data are what the header announces: sizes and counts alone, nothing is decoded.

An image whose numbers don't add up is refused before a decoder sees it (PS3.5 section 8, PS3.3 C.7.6.3).
"""

from __future__ import annotations

from typing import Final

from ml.dicom.elements import Elements, PixelElement
from ml.dicom.levels import InstanceHeader
from ml.dicom.limits import MAX_FRAME_BYTES, MAX_FRAMES, MAX_IMAGE_BYTES
from ml.dicom.outcomes import Refusal
from ml.dicom.syntaxes import TransferSyntax

_GREY: Final = ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR")
_PIXEL_DATA: Final = 0x7FE0_0010
_FLOAT_BITS: Final = {0x7FE0_0008: 32, 0x7FE0_0009: 64}
_SUBSAMPLED: Final = ("YBR_FULL_422", "YBR_PARTIAL_422")


def samples_of(elements: Elements, image: InstanceHeader) -> int:
    """Samples per Pixel, told from the photometric interpretation where it is absent."""
    return elements.short(0x0028_0002) or (1 if image.photometric in _GREY else 3)


def check_description(elements: Elements, image: InstanceHeader) -> None:
    """Check that the attributes describe an image that may be decoded.

    Raises:
        Refusal: missing_pixel_description, too_many_frames, too_many_pixels.
    """
    pixels = elements.pixels
    assert pixels is not None
    _check_present(elements, image, pixels)
    samples = samples_of(elements, image)
    if image.frames > MAX_FRAMES:
        raise Refusal(
            "too_many_frames",
            f"The image says that it has {image.frames:,} frames; at most {MAX_FRAMES:,} are taken in. "
            "Send it in parts.",
            frames=image.frames,
        )
    shown = 3 if image.photometric == "PALETTE COLOR" else samples
    frame = image.rows * image.columns * shown * max(image.bits_allocated // 8, 1)
    if frame > MAX_FRAME_BYTES or frame * image.frames > MAX_IMAGE_BYTES:
        raise Refusal(
            "too_many_pixels",
            f"The image says that it has {image.columns:,} × {image.rows:,} pixels in {image.frames:,} frames, "
            f"{frame * image.frames / 2**20:,.0f} MB; at most {MAX_FRAME_BYTES // 2**20} MB a frame and "
            f"{MAX_IMAGE_BYTES // 2**20:,} MB in all are taken in.",
            rows=image.rows,
            columns=image.columns,
            frames=image.frames,
        )


def _check_present(elements: Elements, image: InstanceHeader, pixels: PixelElement) -> None:
    wrong = []
    if not image.rows:
        wrong.append("Rows")
    if not image.columns:
        wrong.append("Columns")
    if not image.frames:
        wrong.append("Number of Frames")
    bits = _FLOAT_BITS.get(pixels.tag)
    allowed = (bits,) if bits else (1, 8, 16, 32, 64)
    if image.bits_allocated not in allowed:
        wrong.append("Bits Allocated")
    elif not bits and not 1 <= image.bits_stored <= image.bits_allocated:
        wrong.append("Bits Stored")
    if not image.photometric:
        wrong.append("Photometric Interpretation")
    if samples_of(elements, image) != (1 if image.photometric in _GREY else 3):
        wrong.append("Samples per Pixel")
    if wrong:
        raise Refusal(
            "missing_pixel_description",
            f"{', '.join(wrong)}: missing, or not what an image can have. Export the image again from the system "
            "that made it.",
            attributes=wrong,
        )


def check_native_length(elements: Elements, image: InstanceHeader) -> None:
    """Check the length of uncompressed pixel data.

    Raises:
        Refusal: codestream_mismatch, truncated, element_too_long, pixel_length_mismatch.
    """
    pixels = elements.pixels
    assert pixels is not None
    if pixels.fragments is not None:
        raise Refusal(
            "codestream_mismatch",
            "The header says that the pixels are not compressed, but they come in compressed pieces. "
            "Export the image again.",
        )
    expected = _expected_lengths(elements, image)
    most = max(expected)
    most += most % 2
    if pixels.available < pixels.declared:
        code = "truncated" if pixels.declared <= most else "element_too_long"
        raise Refusal(
            code,
            f"The file ends within its pixels: {pixels.declared:,} bytes were announced, {pixels.available:,} are "
            "there. It was probably cut off on its way; send it again.",
            declared=pixels.declared,
            present=pixels.available,
            expected=most,
        )
    if pixels.declared not in {length + pad for length in expected for pad in (0, length % 2)}:
        raise Refusal(
            "pixel_length_mismatch",
            f"The header announces {most:,} bytes of pixels, the file holds {pixels.declared:,}. "
            "Export the image again from the system that made it.",
            declared=pixels.declared,
            expected=most,
        )


def _expected_lengths(elements: Elements, image: InstanceHeader) -> tuple[int, ...]:
    """Bytes of native pixel data without padding; subsampled colour is sometimes named but not applied."""
    samples = samples_of(elements, image)
    full = (image.rows * image.columns * samples * image.frames * image.bits_allocated + 7) // 8
    if image.photometric in _SUBSAMPLED:
        pairs = image.rows * ((image.columns + 1) // 2)
        return pairs * 4 * image.frames * image.bits_allocated // 8, full
    return (full,)


def is_native(syntax: TransferSyntax, elements: Elements) -> bool:
    """Whether the pixels lie uncompressed in the file, as floating-point pixels always do."""
    assert elements.pixels is not None
    return syntax.codec == "native" or elements.pixels.tag != _PIXEL_DATA
