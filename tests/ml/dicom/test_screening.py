"""Files made to harm, refused before anything is decoded: rows UPL-1 to UPL-9 and UPL-11."""

import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest

from ml.dicom.outcomes import Refusal
from ml.dicom.preamble import stored_form, zero_preamble
from ml.dicom.screening import screen
from tests.ml.dicom.making import (
    ALLOCATED,
    BIG,
    COLUMNS,
    DEFLATED,
    EXPLICIT,
    FRAMES,
    IMPLICIT,
    ITEM_END,
    J2K,
    JPEG,
    MPEG,
    PHOTOMETRIC,
    RLE,
    ROWS,
    SAMPLES,
    STORED,
    UNDEFINED,
    data_set,
    dicom_file,
    element,
    fragments,
    inspected,
    item,
    jpeg_2000_head,
    jpeg_head,
    nested,
    open_sequence,
    refused,
    rle_frame,
    screened,
    sequence,
)

MEBIBYTE = 2**20


def test_a_plain_file_is_an_image_without_remarks() -> None:
    found = screened()

    assert (found.kept, found.remarks) == ("", ())
    assert found.header is not None
    assert found.header.instance.rows == 4


@pytest.mark.parametrize(
    ("syntax", "content"),
    [
        (EXPLICIT, data_set()),
        (IMPLICIT, data_set(implicit=True)),
        (BIG, data_set(big=True)),
        (DEFLATED, data_set()),
        (JPEG, data_set(pixels=fragments(jpeg_head(4, 6) + b"\xff\xd9"))),
        (J2K, data_set(pixels=fragments(jpeg_2000_head(4, 6) + b"\xff\xd9"))),
        (RLE, data_set(pixels=fragments(rle_frame(b"\xe9\0")))),
    ],
)
def test_every_family_of_encodings_is_read(syntax: str, content: bytes) -> None:
    found = screened(content, syntax=syntax)

    assert (found.kept, found.remarks) == ("", ())
    assert found.header is not None
    assert (found.header.patient.name, found.header.instance.columns) == ("Doe^Jane", 6)
    assert found.header.instance.transfer_syntax_uid == syntax


@pytest.mark.parametrize(
    "beginning", [b"MZ\x90\0\3", b"\x7fELF\2\1\1", b"<html><script>", b"II*\0\x08\0\0\0", b"#!/bin/sh\n"]
)
def test_upl_01_preamble_is_zeroed_and_nothing_else(tmp_path: Path, beginning: bytes) -> None:
    data = dicom_file(preamble=beginning.ljust(128, b"\x90"))
    outcome = inspected(tmp_path, data)
    path = tmp_path / "file"

    assert outcome.status == "image"
    assert [remark.code for remark in outcome.warnings] == ["preamble_zeroed"]
    assert stored_form(path) == bytes(128) + data[128:]
    assert zero_preamble(path) is True
    assert path.read_bytes() == bytes(128) + data[128:]
    assert zero_preamble(path) is False


def test_upl_01_other_files_are_stored_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\x89PNG and whatever follows")

    assert zero_preamble(path) is False
    assert stored_form(path) == b"\x89PNG and whatever follows"


def test_upl_02_deflated_bomb_costs_no_memory() -> None:
    packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    zeros = bytes(MEBIBYTE)
    bomb = b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush()
    file = bytes(128) + b"DICM" + element(0x00020010, "UI", DEFLATED) + bomb
    assert len(file) < 3 * MEBIBYTE

    tracemalloc.start()
    try:
        with pytest.raises(Refusal) as caught:
            screen(file)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert caught.value.code == "deflated_too_large"
    assert peak < 16 * MEBIBYTE


def test_deflated_content_cut_short_or_garbled_is_refused() -> None:
    file = dicom_file(syntax=DEFLATED)
    garbled = bytes(128) + b"DICM" + element(0x00020010, "UI", DEFLATED) + b"\xff" * 50

    for data, code in ((file[:-8], "truncated"), (garbled, "damaged_header")):
        with pytest.raises(Refusal) as caught:
            screen(data)
        assert caught.value.code == code


def test_upl_03_rle_that_unpacks_beyond_the_cap() -> None:
    large = {ROWS: ("US", 20_000), COLUMNS: ("US", 20_000)}
    packed = b"\x81\0" * (20_000 * 20_000 // 128)
    assert len(packed) < 7 * MEBIBYTE

    assert refused(data_set(pixels=fragments(rle_frame(packed)), change=large), syntax=RLE) == "too_many_pixels"


def test_upl_03_codestream_larger_than_the_header_says() -> None:
    small = {ROWS: ("US", 64), COLUMNS: ("US", 64)}
    for syntax, head in ((J2K, jpeg_2000_head), (JPEG, jpeg_head)):
        honest = fragments(head(64, 64) + b"\xff\xd9")
        lying = fragments(head(60_000, 60_000) + b"\xff\xd9")
        colour = fragments(head(64, 64, 3) + b"\xff\xd9")

        assert screened(data_set(pixels=honest, change=small), syntax=syntax).kept == ""
        assert refused(data_set(pixels=lying, change=small), syntax=syntax) == "codestream_mismatch"
        assert refused(data_set(pixels=colour, change=small), syntax=syntax) == "codestream_mismatch"


def test_upl_03_every_frame_is_looked_at() -> None:
    good, bad = jpeg_2000_head(4, 6) + b"\xff\xd9", jpeg_2000_head(60_000, 6) + b"\xff\xd9"
    two = {FRAMES: ("IS", "2")}

    assert screened(data_set(pixels=fragments(good, good), change=two), syntax=J2K).kept == ""
    assert refused(data_set(pixels=fragments(good, bad), change=two), syntax=J2K) == "codestream_mismatch"


@pytest.mark.parametrize(
    "frame",
    [
        rle_frame(b"\xe9\0", b"\xe9\0"),
        rle_frame(b"\xe9\0")[:4] + b"\x20\0\0\0" + rle_frame(b"\xe9\0")[8:],
        rle_frame(b"\xe9\0")[:4] + b"\xff\xff\0\0" + rle_frame(b"\xe9\0")[8:],
        b"\0" * 66,
        b"\xff" * 66,
    ],
)
def test_upl_03_rle_segments_that_lie(frame: bytes) -> None:
    assert refused(data_set(pixels=fragments(frame)), syntax=RLE) == "codestream_mismatch"


def test_rle_too_short_for_its_pixels() -> None:
    change = {ROWS: ("US", 1000), COLUMNS: ("US", 1000)}

    assert (
        refused(data_set(pixels=fragments(rle_frame(b"\x81\0")), change=change), syntax=RLE) == "pixel_length_mismatch"
    )
    assert refused(data_set(pixels=fragments(b"\1\0\0\0")), syntax=RLE) == "truncated"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({ROWS: ("US", 65_535), COLUMNS: ("US", 65_535)}, "too_many_pixels"),
        ({FRAMES: ("IS", "2000000000")}, "too_many_frames"),
        ({FRAMES: ("IS", "20001")}, "too_many_frames"),
        ({ROWS: ("US", 16_000), COLUMNS: ("US", 16_000), ALLOCATED: ("US", 16), STORED: ("US", 16)}, "too_many_pixels"),
        ({ROWS: ("US", 4_000), COLUMNS: ("US", 4_000), FRAMES: ("IS", "200")}, "too_many_pixels"),
        (
            {ROWS: ("US", 12_000), COLUMNS: ("US", 12_000), SAMPLES: ("US", 3), PHOTOMETRIC: ("CS", "RGB")},
            "too_many_pixels",
        ),
    ],
)
@pytest.mark.parametrize("syntax", [EXPLICIT, J2K])
def test_upl_04_sizes_are_computed_before_decoding(
    change: dict[int, tuple[str, int | str]], code: str, syntax: str
) -> None:
    pixels = fragments(jpeg_2000_head(4, 6) + b"\xff\xd9") if syntax == J2K else None

    assert refused(data_set(pixels=pixels, change=change), syntax=syntax) == code


@pytest.mark.parametrize("extra", [2, 8, 128, 100_000])
def test_upl_05_excess_pixel_bytes(extra: int) -> None:
    for filler in (b"\0", b"A"):
        pixels = element(0x7FE00010, "OB", bytes(24) + filler * extra)

        assert refused(data_set(pixels=pixels)) == "pixel_length_mismatch"


def test_upl_05_padding_to_even_length_is_no_excess() -> None:
    change = {ROWS: ("US", 3), COLUMNS: ("US", 3)}

    assert screened(data_set(pixels=element(0x7FE00010, "OB", bytes(10)), change=change)).kept == ""
    assert refused(data_set(pixels=element(0x7FE00010, "OB", bytes(12)), change=change)) == "pixel_length_mismatch"


def test_too_few_pixel_bytes() -> None:
    assert refused(data_set(pixels=element(0x7FE00010, "OB", bytes(22)))) == "pixel_length_mismatch"


@pytest.mark.parametrize(
    ("syntax", "content"),
    [
        (EXPLICIT, data_set(sequence(element(0x00081150, "UI", "1.2")))),
        (EXPLICIT, data_set(open_sequence(element(0x00081150, "UI", "1.2")))),
        (IMPLICIT, data_set(implicit=True)),
        (BIG, data_set(big=True)),
        (DEFLATED, data_set()),
        (RLE, data_set(pixels=fragments(rle_frame(b"\xe9\0")))),
        (J2K, data_set(pixels=fragments(jpeg_2000_head(4, 6) + bytes(40) + b"\xff\xd9"))),
        (J2K, data_set(pixels=fragments(jpeg_2000_head(4, 6), bytes(40), b"\xff\xd9"))),
    ],
)
def test_upl_06_a_file_cut_anywhere_is_never_an_image(syntax: str, content: bytes) -> None:
    file = dicom_file(content, syntax=syntax)
    assert screen(file).kept == ""
    delimiter = 8 if syntax in {J2K} else 0

    for length in range(132, len(file) - delimiter):
        with pytest.raises(Refusal):
            screen(file[:length])


def test_upl_06_cut_pixels_are_called_truncated() -> None:
    file = dicom_file()

    with pytest.raises(Refusal) as caught:
        screen(file[:-5])

    assert caught.value.code == "truncated"
    assert caught.value.detail == {"declared": 24, "present": 19, "expected": 24}


def test_upl_06_frame_that_ends_early_inside_a_sound_file() -> None:
    for syntax, head in ((J2K, jpeg_2000_head(4, 6)), (JPEG, jpeg_head(4, 6))):
        assert refused(data_set(pixels=fragments(head + bytes(100))), syntax=syntax) == "truncated"


def test_an_image_class_without_pixels_is_refused() -> None:
    assert refused(data_set(pixels=b"")) == "missing_pixel_data"


@pytest.mark.parametrize(
    "wrap",
    [
        sequence,
        open_sequence,
        lambda inner: open_sequence(inner, vr="UN"),
        lambda inner: element(0x00091010, "UN", item(inner)),
        lambda inner: sequence(inner, tag=0x00091010),
    ],
)
@pytest.mark.parametrize("depth", [33, 240, 3_000])
def test_upl_07_nested_too_deep(wrap, depth: int) -> None:
    assert refused(data_set(nested(depth, wrap))) == "too_deep"


@pytest.mark.parametrize("wrap", [sequence, open_sequence])
def test_upl_07_thirty_two_levels_are_allowed(wrap) -> None:
    assert screened(data_set(nested(32, wrap))).kept == ""


def test_upl_07_hidden_in_implicit_encoding() -> None:
    def known(inner: bytes) -> bytes:
        return sequence(inner, implicit=True)

    def private(inner: bytes) -> bytes:
        return sequence(inner, tag=0x00091010, implicit=True)

    for wrap in (known, private):
        content = data_set(nested(33, wrap), implicit=True)
        assert refused(content, syntax=IMPLICIT) == "too_deep"
        # an explicit file whose item has gone over to implicit encoding
        assert refused(data_set(sequence(nested(33, wrap)))) == "too_deep"


def test_upl_07_too_many_elements() -> None:
    one = element(0x00091010, "LO", "")
    item_of_many = sequence(one * 110_000)

    assert refused(data_set(one * 110_000)) == "too_many_elements"
    assert refused(data_set(item_of_many)) == "too_many_elements"
    assert refused(data_set(element(0x00081140, "SQ", item() * 110_000))) == "too_many_elements"
    assert screened(data_set(one * 90_000)).kept == ""


def test_upl_08_two_million_empty_fragments() -> None:
    pixels = element(0x7FE00010, "OB", b"", UNDEFINED) + item() * 2_000_000

    assert refused(data_set(pixels=pixels), syntax=J2K) == "too_many_fragments"
    private = element(0x00091010, "OB", b"", UNDEFINED) + item() * 2_000_000
    assert refused(data_set(private), syntax=J2K) == "too_many_fragments"


@pytest.mark.parametrize(
    "content",
    [
        data_set(pixels=element(0x00091010, "OB", b"1234567890", 0xFFFFFFF0)),
        data_set(pixels=element(0x00091010, "UT", b"1234567890", 0xFFFFFFF0)),
        data_set(pixels=element(0x7FE00010, "OW", b"1234567890", 0xFFFFFFF0)),
        data_set(sequence(element(0x00091010, "UN", b"1234567890", 0xFFFFFFF0))),
        data_set(sequence(element(0x00081150, "UI", b"1.2", 12))),
        element(0x00080005, "OB", b"1234567890", 0xFFFFFFF0),
    ],
)
def test_upl_09_element_declares_more_than_there_is(content: bytes) -> None:
    tracemalloc.start()
    try:
        code = refused(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert code == "element_too_long"
    assert peak < MEBIBYTE


def test_upl_09_in_the_file_header() -> None:
    file = bytes(128) + b"DICM" + element(0x00020001, "OB", b"1234567890", 0xFFFFFFF0)
    endless = bytes(128) + b"DICM" + element(0x00020002, "UI", "1.2") * 200

    for data, code in ((file, "truncated"), (file[:140], "truncated"), (endless, "damaged_header")):
        with pytest.raises(Refusal) as caught:
            screen(data)
        assert caught.value.code == code


@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E, 0x00080016])
@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2/3", "..", "1.2\\3", "1..2", "\u00e9"])
def test_upl_11_a_uid_that_is_a_path_is_refused(tag: int, uid: str) -> None:
    assert refused(data_set(change={tag: ("UI", uid)})) == "missing_identifiers"


def test_upl_11_other_hostile_texts_stay_text() -> None:
    path = "../../../etc/passwd"
    found = screened(data_set(change={0x00100010: ("PN", path), 0x00100020: ("LO", path)}))

    assert found.header is not None
    assert (found.header.patient.name, found.header.patient.patient_id) == (path, path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({ROWS: None}, "Rows"),
        ({COLUMNS: ("US", 0)}, "Columns"),
        ({FRAMES: ("IS", "1A")}, "Number of Frames"),
        ({FRAMES: ("IS", "-3")}, "Number of Frames"),
        ({ALLOCATED: ("US", 12)}, "Bits Allocated"),
        ({STORED: ("US", 16)}, "Bits Stored"),
        ({PHOTOMETRIC: None}, "Photometric Interpretation"),
        ({SAMPLES: ("US", 3)}, "Samples per Pixel"),
    ],
)
def test_pixels_that_are_not_described(change: dict[int, tuple[str, int | str] | None], named: str) -> None:
    with pytest.raises(Refusal) as caught:
        screened(data_set(change=change))

    assert caught.value.code == "missing_pixel_description"
    assert named in caught.value.message


def test_pixels_in_another_form_than_the_header_says() -> None:
    compressed = fragments(jpeg_2000_head(4, 6) + b"\xff\xd9")

    assert refused(data_set(pixels=compressed), syntax=EXPLICIT) == "codestream_mismatch"
    assert refused(data_set(pixels=compressed), syntax=JPEG) == "codestream_mismatch"
    assert refused(data_set(), syntax=J2K) == "codestream_mismatch"
    assert refused(data_set(pixels=fragments(b"no picture at all")), syntax=J2K) == "codestream_mismatch"


def test_unsupported_transfer_syntaxes_say_what_to_send_instead() -> None:
    pixels = fragments(b"video")

    for syntax, advice in ((MPEG, "Videos are not taken in"), ("1.2.840.113619.5.2", "Send the image uncompressed")):
        with pytest.raises(Refusal, match=advice) as caught:
            screened(data_set(pixels=pixels), syntax=syntax)
        assert caught.value.code == "unsupported_transfer_syntax"


def test_frames_are_found_by_number_by_table_and_by_their_beginnings() -> None:
    head, rest = jpeg_2000_head(4, 6), bytes(40) + b"\xff\xd9"
    two = {FRAMES: ("IS", "2")}
    table = struct.pack("<LL", 0, len(head) + len(rest) + 16 + len(head) % 2)
    extended = element(0x7FE00001, "OV", struct.pack("<QQ", *struct.unpack("<LL", table)))
    pieces = (head, rest, head, rest)

    for content in (
        data_set(pixels=fragments(*pieces), change=two),
        data_set(pixels=fragments(*pieces, table=table), change=two),
        data_set(extended, pixels=fragments(*pieces), change=two),
        data_set(pixels=fragments(*pieces, table=b"\1\2\3\4\5"), change=two),
    ):
        assert screened(content, syntax=J2K).kept == ""
    for count in ("3", "5"):
        content = data_set(pixels=fragments(*pieces), change={FRAMES: ("IS", count)})
        assert refused(content, syntax=J2K) == "pixel_length_mismatch"
    assert refused(data_set(pixels=fragments()), syntax=J2K) == "pixel_length_mismatch"


def test_stray_delimiter_ends_a_file_before_its_pixels() -> None:
    """As pydicom reads it: what follows must not be taken for the image's pixels by one reader only."""
    content = data_set(item(tag=ITEM_END))

    assert refused(content) == "missing_pixel_data"
