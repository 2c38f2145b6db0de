"""Pixel data freed of what is not the picture: comments in codestreams, overlay bits, bytes past the last frame."""

import struct
from typing import Final

import numpy as np
from pydicom.dataset import Dataset

from ml.dicom.deidentification.codestreams import cleaner_for

_ITEM: Final = b"\xfe\xff\x00\xe0"
_NATIVE_SAMPLES: Final = {"YBR_FULL_422": 2, "YBR_PARTIAL_422": 2}


def clean_pixel_data(ds: Dataset, *, encapsulated: bool, little_endian: bool, embedded_overlays: bool) -> bool:
    """Cleans `ds.PixelData` in place, lengths of compressed frames unchanged; tells whether anything changed."""
    if "PixelData" not in ds or not isinstance(ds.PixelData, bytes):
        return False
    before = ds.PixelData
    if encapsulated:
        after = _clean_fragments(before, int(ds.get("NumberOfFrames") or 1))
    else:
        after = _cut_to_length(ds, before)
        if embedded_overlays:
            after = _without_overlay_bits(ds, after, little_endian=little_endian)
    if after == before:
        return False
    ds["PixelData"].value = after
    return True


def _clean_fragments(value: bytes, frames: int) -> bytes:
    """Each frame's codestream, cleaned where it lies. `value` is a run of items, the Basic Offset Table first."""
    data = bytearray(value)
    spans = _items(value)[1:]
    groups = [[span] for span in spans] if len(spans) == frames else _by_start(value, spans)
    for group in groups:
        frame = b"".join(value[start:end] for start, end in group)
        if clean := cleaner_for(frame):
            cleaned = bytearray(frame)
            clean(cleaned)
            at = 0
            for start, end in group:
                data[start:end] = cleaned[at : at + end - start]
                at += end - start
    return bytes(data)


def _items(value: bytes) -> list[tuple[int, int]]:
    found = []
    at = 0
    while at + 8 <= len(value) and value[at : at + 4] == _ITEM:
        length = struct.unpack_from("<I", value, at + 4)[0]
        found.append((at + 8, min(at + 8 + length, len(value))))
        at += 8 + length
    return found


def _by_start(value: bytes, spans: list[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Fragments put together to frames: a fragment that begins like a codestream begins a frame."""
    groups: list[list[tuple[int, int]]] = []
    for start, end in spans:
        if not groups or cleaner_for(value[start : start + 16]):
            groups.append([])
        groups[-1].append((start, end))
    return groups


def native_length(ds: Dataset) -> int:
    """Bytes of uncompressed pixel data that the header asks for, without the padding to an even number."""
    samples = _NATIVE_SAMPLES.get(str(ds.get("PhotometricInterpretation", "")), int(ds.get("SamplesPerPixel", 1)))
    values = int(ds.Rows) * int(ds.Columns) * samples * int(ds.get("NumberOfFrames") or 1)
    return -(-values * int(ds.BitsAllocated) // 8)


def _cut_to_length(ds: Dataset, value: bytes) -> bytes:
    length = native_length(ds)
    return value if len(value) <= length else value[:length] + bytes(length % 2)


def _without_overlay_bits(ds: Dataset, value: bytes, *, little_endian: bool) -> bytes:
    """Samples with the bits outside their stored ones cleared, or filled with the sign."""
    allocated, stored = int(ds.BitsAllocated), int(ds.BitsStored)
    low = int(ds.get("HighBit", stored - 1)) + 1 - stored
    if allocated not in {8, 16, 32} or stored >= allocated or low < 0:
        return value
    order = "<" if little_endian else ">"
    even = len(value) - len(value) % (allocated // 8)
    samples = np.frombuffer(value[:even], dtype=f"{order}u{allocated // 8}").astype(np.int64)
    samples = (samples >> low) & ((1 << stored) - 1)
    if int(ds.get("PixelRepresentation", 0)):
        samples -= (samples >> (stored - 1)) << stored
    cleaned = (samples << low).astype(f"{order}i{allocated // 8}" if low == 0 else f"{order}u{allocated // 8}")
    return cleaned.tobytes() + value[even:]
