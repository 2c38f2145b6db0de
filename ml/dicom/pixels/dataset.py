"""A DICOM file, opened: its attributes in memory, its pixel data where they lie in the file."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ml.dicom.limits import MAX_INFLATED_BYTES
from ml.dicom.outcomes import Refusal

_PIXEL_KEYWORDS: Final = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
_PIXEL_VRS: Final = (b"OB", b"OW", b"OF", b"OD", b"OL", b"UN")
_CHUNK: Final = 2**20
_UNDEFINED: Final = 0xFFFFFFFF


@dataclass(frozen=True)
class PixelElement:
    """The element that holds the pixels: its keyword, VR ("" in implicit VR), and where its value lies."""

    keyword: str
    vr: str
    offset: int
    length: int
    encapsulated: bool


@dataclass(frozen=True)
class OpenImage:
    """An image file whose attributes are read and whose pixels are not.

    `file` is the file itself, or what a deflated one inflates to.
    """

    file: BinaryIO
    dataset: Dataset
    transfer_syntax: str
    little_endian: bool
    element: PixelElement


@contextmanager
def open_image(path: Path, workspace: Path) -> Iterator[OpenImage]:
    """Open a DICOM file; a deflated one is inflated to a nameless file in `workspace`.

    Raises Refusal missing_pixel_description when it holds no pixels, deflated_too_large, truncated.
    """
    with path.open("rb") as file:
        deflated_at = _deflated_from(file)
        if deflated_at is None:
            file.seek(0)
            dataset = dcmread(file, force=True, stop_before_pixels=True)
            yield _opened(file, dataset)
        else:
            with tempfile.TemporaryFile(dir=workspace) as inflated:
                file.seek(deflated_at)
                _inflate(file, inflated)
                inflated.seek(0)
                inner = read_dataset(inflated, False, True, stop_when=_at_pixels)
                inner.file_meta = FileMetaDataset()
                inner.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
                inner.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
                yield _opened(inflated, inner)


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag in _PIXEL_KEYWORDS


def _deflated_from(file: BinaryIO) -> int | None:
    """Where the deflated data set begins; None for a file in any other transfer syntax."""
    head = file.read(4096)
    if head[128:132] != b"DICM" or DeflatedExplicitVRLittleEndian.encode() not in head:
        return None
    file.seek(132)
    meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    return file.tell() if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian else None


def _inflate(source: BinaryIO, target: BinaryIO) -> None:
    """Inflate chunk by chunk, and stop where it gets too large."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    size = 0
    while not inflater.eof:
        deflated = inflater.unconsumed_tail or source.read(_CHUNK)
        inflated = inflater.decompress(deflated, _CHUNK)
        if not deflated and not inflated and not inflater.eof:
            raise Refusal("truncated", "The compressed data set ends too early. Send the complete file.")
        size += len(inflated)
        if size > MAX_INFLATED_BYTES:
            raise Refusal("deflated_too_large", limit=MAX_INFLATED_BYTES)
        target.write(inflated)


def _opened(file: BinaryIO, dataset: Dataset) -> OpenImage:
    implicit, little = dataset.original_encoding
    element = _pixel_element(file, implicit=bool(implicit), little=bool(little))
    named = str(dataset.file_meta.get("TransferSyntaxUID", "")) if "file_meta" in dataset.__dict__ else ""
    if element.encapsulated or named not in {"", ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian}:
        syntax = named
    elif implicit:
        syntax = str(ImplicitVRLittleEndian)
    else:
        syntax = str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)
    return OpenImage(file, dataset, syntax, bool(little), element)


def _pixel_element(file: BinaryIO, *, implicit: bool, little: bool) -> PixelElement:
    """The element whose tag stands at the file's position (PS3.5 7.1)."""
    order: Literal["little", "big"] = "little" if little else "big"
    header = file.read(8)
    tag = int.from_bytes(header[:2], order) << 16 | int.from_bytes(header[2:4], order)
    if tag not in _PIXEL_KEYWORDS:
        raise Refusal("missing_pixel_description", "The file holds no pixel data. Send the file with the picture.")
    if implicit or header[4:6] not in _PIXEL_VRS:
        # some say that they name VRs, and don't
        vr, length = "", int.from_bytes(header[4:8], order)
    else:
        vr, length = header[4:6].decode("latin-1"), int.from_bytes(file.read(4), order)
    offset = file.tell()
    encapsulated = length == _UNDEFINED
    if not encapsulated and length > file.seek(0, 2) - offset:
        raise Refusal("truncated", "The file ends before its pixel data do. Send the complete file.")
    return PixelElement(_PIXEL_KEYWORDS[tag], vr, offset, length, encapsulated)
