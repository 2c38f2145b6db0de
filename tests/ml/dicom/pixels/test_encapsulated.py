"""Compressed frames: which fragments make up which frame, and codestreams that don't keep the header's word."""

import struct
import zlib

import numpy as np
import pytest
from openjpeg.utils import encode_array
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, RLELossless
from rle import encode_pixel_data

from ml.dicom.outcomes import Refusal

SIZE = {"Rows": 40, "Columns": 64}


def run_length(pixels: np.ndarray) -> bytes:
    return encode_pixel_data(
        pixels.tobytes(), rows=pixels.shape[0], columns=pixels.shape[1], bits_allocated=8 * pixels.itemsize,
        samples_per_pixel=1, byteorder="<",
    )  # fmt: skip


@pytest.fixture
def frames() -> list[np.ndarray]:
    return [np.random.default_rng(seed).integers(0, 256, (40, 64), dtype=np.uint8) for seed in range(3)]


@pytest.fixture
def streams(frames) -> list[bytes]:
    return [stream + b"\0" * (len(stream) % 2) for stream in (encode_array(frame, 8) for frame in frames)]


def items(*fragments: bytes, table: bytes = b"") -> bytes:
    """Encapsulated pixel data of these fragments."""
    parts = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(data)) + data for data in (table, *fragments))
    return parts + b"\xfe\xff\xdd\xe0" + bytes(4)


def halves(stream: bytes) -> tuple[bytes, bytes]:
    middle = len(stream) // 4 * 2
    return stream[:middle], stream[middle:]


@pytest.fixture
def shown(show):
    """Decodes pixel data of three 40 × 64 frames of JPEG 2000."""
    return lambda data, **more: show(data, syntax=JPEG2000Lossless, NumberOfFrames=3, vr="OB", **SIZE, **more).values


def test_a_fragment_a_frame(shown, streams, frames):
    np.testing.assert_array_equal(shown(items(*streams)), frames)


def test_fragments_by_the_basic_offset_table(shown, streams, frames):
    fragments = [*halves(streams[0]), streams[1], *halves(streams[2])]
    starts, position = [], 0
    for index, fragment in enumerate(fragments):
        if index in {0, 2, 3}:
            starts.append(position)
        position += 8 + len(fragment)
    np.testing.assert_array_equal(shown(items(*fragments, table=struct.pack("<3I", *starts))), frames)


def test_fragments_by_the_extended_offset_table(shown, streams, frames):
    fragments = [*halves(streams[0]), streams[1], *halves(streams[2])]
    second = 16 + len(streams[0])
    table = struct.pack("<3Q", 0, second, second + 8 + len(streams[1]))
    lengths = struct.pack("<3Q", *map(len, streams))
    values = shown(items(*fragments), ExtendedOffsetTable=table, ExtendedOffsetTableLengths=lengths)
    np.testing.assert_array_equal(values, frames)


def test_fragments_by_the_codestreams_when_there_is_no_table(shown, streams, frames):
    fragments = [*halves(streams[0]), streams[1], *halves(streams[2])]
    np.testing.assert_array_equal(shown(items(*fragments)), frames)


def test_a_table_that_lies_is_not_followed(shown, streams, frames):
    table = struct.pack("<3I", 0, 6, 60)
    np.testing.assert_array_equal(shown(items(*streams, table=table)), frames)


def test_empty_fragments_between_are_passed_over(shown, streams, frames):
    np.testing.assert_array_equal(shown(items(streams[0], b"", streams[1], b"", streams[2])), frames)


def test_upl_06_fewer_frames_than_promised_are_refused(shown, streams):
    with pytest.raises(Refusal) as refused:
        shown(items(*streams[:2]))
    assert refused.value.code == "truncated"


def test_upl_08_millions_of_fragments_are_refused(show):
    data = b"\xfe\xff\x00\xe0\0\0\0\0" * 100_002 + b"\xfe\xff\xdd\xe0" + bytes(4)
    with pytest.raises(Refusal) as refused:
        show(data, syntax=RLELossless, vr="OB", **SIZE)
    assert refused.value.code == "too_many_fragments"


@pytest.mark.parametrize("runs", [25, 3_000_000])
def test_upl_03_run_lengths_that_unpack_to_more_are_refused(show, runs):
    # the same byte 128 times in two: 2,560 pixels, and then on, to as much as 400 MB
    bomb = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * runs
    with pytest.raises(Refusal) as refused:
        show(encapsulate([bomb]), syntax=RLELossless, vr="OB", **SIZE)
    assert refused.value.code == "codestream_mismatch"


def test_upl_03_a_codestream_of_another_size_is_refused_undecoded(show, streams):
    huge = bytearray(streams[0])
    huge[8:16] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(Refusal) as refused:
        show(encapsulate([bytes(huge)]), syntax=JPEG2000Lossless, vr="OB", **SIZE)
    assert refused.value.code == "codestream_mismatch"
    assert refused.value.detail == {"rows": 60_000, "columns": 60_000}


def test_padding_after_the_runs_is_passed_over(show):
    runs = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x07" * 20 + b"\0\0"
    assert show(encapsulate([runs]), syntax=RLELossless, vr="OB", **SIZE).set.minimum == 7


def test_run_lengths_of_another_depth_are_refused(show, frames):
    with pytest.raises(Refusal) as refused:
        show(encapsulate([run_length(frames[0].astype(np.uint16))]), syntax=RLELossless, vr="OB", **SIZE)
    assert refused.value.code == "codestream_mismatch"


def test_run_lengths_keep_only_the_stored_bits(show):
    pixels = np.array([[0xF123, 0x0FFF]] * 2, dtype=np.uint16)
    image = show(
        encapsulate([run_length(pixels)]), syntax=RLELossless, vr="OB", Rows=2, Columns=2,
        BitsAllocated=16, BitsStored=12, HighBit=11,
    )  # fmt: skip
    assert image.values[0].tolist() == [[0x123, 0xFFF]] * 2


def test_deflated_frames_that_unpack_to_more_are_refused(write, decoded):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    path = write([bomb + b"\0" * (len(bomb) % 2)], syntax=JPEG2000Lossless, vr="OB", **SIZE)
    # pydicom does not write this transfer syntax yet
    path.write_bytes(path.read_bytes().replace(JPEG2000Lossless.encode(), b"1.2.840.10008.1.2.8.1\0"))
    with pytest.raises(Refusal) as refused:
        decoded(path)
    assert refused.value.code == "codestream_mismatch"


def test_a_codec_that_is_not_there_is_named(show):
    with pytest.raises(Refusal) as refused:
        show([b"\0" * 20], syntax="1.2.840.10008.1.2.4.100", vr="OB", **SIZE)
    assert refused.value.code == "unsupported_transfer_syntax"
