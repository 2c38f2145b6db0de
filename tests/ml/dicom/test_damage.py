"""Random damage to real and made files: nothing but refusals comes of it, and no memory is spent on it.

Everything goes through `screen`, where a surprise would show: `inspect` turns surprises into refusals.
"""

import random
import time
import tracemalloc
import warnings
from collections.abc import Callable

import pytest

from ml.dicom.content import kind_of
from ml.dicom.dicomdir import listed_files
from ml.dicom.outcomes import CODES, Refusal
from ml.dicom.picture_headers import check_picture
from ml.dicom.screening import screen
from tests.ml.dicom.making import (
    DEFLATED,
    IMPLICIT,
    J2K,
    RLE,
    SHARED,
    data_set,
    dicom_file,
    fragments,
    inspected,
    jpeg_2000_head,
    jpeg_head,
    open_sequence,
    real_files,
    rle_frame,
    sequence,
)
from tests.ml.dicom.test_picture_headers import picture

MADE = {
    "plain": dicom_file(data_set(sequence(sequence(b"")), open_sequence(open_sequence(b"")))),
    "implicit": dicom_file(data_set(implicit=True), syntax=IMPLICIT),
    "deflated": dicom_file(syntax=DEFLATED),
    "rle": dicom_file(data_set(pixels=fragments(rle_frame(b"\xe9\0"))), syntax=RLE),
    "jpeg-2000": dicom_file(data_set(pixels=fragments(jpeg_2000_head(4, 6) + b"\xff\xd9")), syntax=J2K),
    "bare": data_set(),
    "png": picture("png", "RGB"),
    "jpeg": picture("jpeg", "RGB"),
    "tiff": picture("tiff", "RGB"),
    "jpeg head": jpeg_head(4, 6),
}
REAL = (
    "MR_small_RLE.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "liver_1frame.dcm",
    "reportsi.dcm",
    "rtplan.dcm",
    "image_dfl.dcm",
    "nested_priv_SQ.dcm",
    "ExplVR_BigEndNoMeta.dcm",
    "dicomdirtests/DICOMDIR",
)
EXTREMES = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\x0d\xe0",
    b"SQ",
    b"UN",
)
ROUNDS, MOST_BYTES, MOST_SECONDS = 400, 64 * 2**20, 2.0


def flipped(data: bytes, chance: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def overwritten(data: bytes, chance: random.Random) -> bytes:
    piece = chance.choice(EXTREMES)
    at = chance.randrange(132 if len(data) > 200 else 1, len(data))
    return data[:at] + piece + data[at + len(piece) :]


def shuffled(data: bytes, chance: random.Random) -> bytes:
    start, end, to = sorted(chance.randrange(len(data)) for _ in range(3))
    return data[:start] + data[end:to] + data[start:end] + data[to:]


def look(data: bytes) -> str:
    """What becomes of the bytes; raises whatever is no refusal."""
    try:
        kind = kind_of(data[:4096])
        if kind in ("dicom", "bare"):
            return screen(data, bare=kind == "bare", sha256="0" * 64).kept or "image"
        check_picture(data, kind)
    except Refusal as refusal:
        assert refusal.code in CODES  # noqa: PT017 the other way out is no error
        return refusal.code
    return "image"


def survive(data: bytes, seed: str) -> None:
    chance = random.Random(seed)
    ways: tuple[Callable[[bytes, random.Random], bytes], ...] = (flipped, cut, overwritten, shuffled)
    outcomes = set()
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for _ in range(ROUNDS):
                damaged = chance.choice(ways)(data, chance)
                began = time.perf_counter()
                outcomes.add(look(damaged))
                assert time.perf_counter() - began < MOST_SECONDS
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    assert len(outcomes) > 1, "the damage changed nothing: the test tests nothing"


@pytest.mark.parametrize("name", MADE)
def test_damaged_made_files(name: str) -> None:
    survive(MADE[name], name)


@real_files
@pytest.mark.parametrize("name", REAL)
def test_damaged_real_files(name: str) -> None:
    survive((SHARED / "dicom-pydicom" / "pydicom" / name).read_bytes(), name)


@real_files
def test_damaged_directories(tmp_path) -> None:
    data = (SHARED / "dicom-pydicom" / "pydicom" / "dicomdirtests" / "DICOMDIR").read_bytes()
    chance = random.Random(1)
    path = tmp_path / "DICOMDIR"
    for _ in range(100):
        path.write_bytes(flipped(data, chance))
        try:
            listed_files(path)
        except Refusal as refusal:
            assert refusal.code in CODES  # noqa: PT017 most directories survive a flipped byte


def test_damaged_images_are_decoded_or_refused(tmp_path) -> None:
    """All the way through the decoder's process, which must answer every time."""
    chance = random.Random(2)
    for seed in range(40):
        data = flipped(MADE[chance.choice(("plain", "implicit", "rle", "jpeg-2000", "png", "jpeg", "tiff"))], chance)

        outcome = inspected(tmp_path, data, modality=None, decode_into=tmp_path / str(seed))

        assert outcome.status in {"image", "kept", "refused"}
        assert (outcome.frames is not None) == (outcome.status == "image")
