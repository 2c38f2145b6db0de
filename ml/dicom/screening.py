"""A DICOM file looked through without decoding: is its structure sound, what is it, do its numbers add up?

The order matters: nothing is unpacked, gone into or believed before what it could cost is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ml.dicom.arithmetic import check_description, check_native_length, is_native
from ml.dicom.codestreams import check_codestreams
from ml.dicom.elements import Buffer, Elements
from ml.dicom.file_meta import FileMeta, read_file_meta
from ml.dicom.header import read_header
from ml.dicom.inflating import inflate
from ml.dicom.levels import Header
from ml.dicom.outcomes import Refusal, Remark
from ml.dicom.sop_classes import MEDIA_DIRECTORY, is_image_class, kept_as
from ml.dicom.structure import Walk

_SOP_CLASS: Final = 0x0008_0016
_MODALITY: Final = 0x0008_0060
_DIRECTORY_RECORDS: Final = 0x0004_1220
_VIDEO: Final = ("MPEG", "HEVC")


@dataclass(frozen=True)
class Screened:
    """A sound DICOM file. `kept` is "" for an image, else one of `outcomes.KEPT`; a directory has no header."""

    header: Header | None
    kept: str
    elements: Elements
    remarks: tuple[Remark, ...]


def screen(buffer: Buffer, *, bare: bool = False, sha256: str = "") -> Screened:
    """Look through a DICOM file; `bare` when it begins with the data set.

    From `sha256`, the file's digest, the UIDs of an image that lacks them are derived; without it such an image is
    refused.

    Raises:
        Refusal: with any code of structure, identification or description of pixels.
    """
    meta = read_file_meta(buffer, bare=bare)
    elements = _walk(buffer, meta)
    if bare and _SOP_CLASS not in elements and _MODALITY not in elements:
        raise Refusal("not_dicom", "The file is not DICOM, or its beginning is lost. Export the image again.")
    kept = _kept(elements, meta)
    header = None if kept == "directory" else read_header(elements, meta, sha256 if elements.pixels else "")
    if header is not None and elements.pixels is not None:
        _check_pixels(elements, meta, header)
    elif header is not None and not kept:
        kept = _without_pixels(elements, header)
    remarks = _distinct((*meta.remarks, *elements.remarks.values()))
    return Screened(header, kept, elements, remarks)


def _walk(buffer: Buffer, meta: FileMeta) -> Elements:
    start = meta.start
    if meta.syntax.deflated:
        buffer, start = inflate(buffer, start), 0
    if start >= len(buffer):
        raise Refusal("truncated", "The file ends after its DICOM file header. Send it again.")
    syntax = meta.syntax
    return Walk(buffer, start, implicit_vr=syntax.implicit_vr, little_endian=syntax.little_endian).run()


def _kept(elements: Elements, meta: FileMeta) -> str:
    sop_class = elements.uid(_SOP_CLASS) or meta.sop_class_uid
    if MEDIA_DIRECTORY in {sop_class, meta.sop_class_uid} or _DIRECTORY_RECORDS in elements:
        return "directory"
    return kept_as(sop_class)


def _check_pixels(elements: Elements, meta: FileMeta, header: Header) -> None:
    image = header.instance
    native = is_native(meta.syntax, elements)
    if not native and meta.syntax.codec is None:
        name = meta.syntax.name or f"transfer syntax {meta.syntax.uid}"
        advice = (
            "Videos are not taken in; send single frames or a multi-frame image."
            if any(word in name for word in _VIDEO)
            else "Send the image uncompressed, or as JPEG, JPEG-LS, JPEG 2000 or RLE."
        )
        raise Refusal(
            "unsupported_transfer_syntax",
            f"The image is written as {name}, which can't be decoded here. {advice}",
            transfer_syntax=meta.syntax.uid,
        )
    check_description(elements, image)
    if native:
        check_native_length(elements, image)
    else:
        check_codestreams(elements, image, meta.syntax)


def _without_pixels(elements: Elements, header: Header) -> str:
    """An object without pixels that isn't known to have none."""
    if is_image_class(header.instance.sop_class_uid) or header.instance.rows:
        raise Refusal(
            "missing_pixel_data",
            "The file says that it is an image, but holds no pixels: it was cut off before them, or they were taken "
            "out. Send the image again.",
        )
    return "no_pixels"


def _distinct(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    by_code: Mapping[str, Remark] = {remark.code: remark for remark in reversed(remarks)}
    return tuple(by_code[code] for code in dict.fromkeys(remark.code for remark in remarks))
