"""The walk over a data set: what is tolerated, and that it sees what pydicom sees."""

import warnings
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.tag import Tag

from ml.dicom.content import kind_of
from ml.dicom.elements import Elements
from ml.dicom.outcomes import Refusal
from ml.dicom.screening import screen
from tests.ml.dicom.making import (
    BIG,
    EXPLICIT,
    IMPLICIT,
    UNDEFINED,
    data_set,
    dicom_file,
    element,
    inspected,
    item,
    open_sequence,
    real_files,
    real_paths,
    refused,
    screened,
    sequence,
)


def remarks(content: bytes, **file: object) -> list[str]:
    return [remark.code for remark in screened(content, **file).remarks]


@pytest.mark.parametrize(
    "extra",
    [
        sequence(),
        sequence(b""),
        open_sequence(),
        open_sequence(b""),
        open_sequence(element(0x00081150, "UI", "1.2"), vr="UN"),
        sequence(element(0x00081150, "", "1.2 ", implicit=True)),
        element(0x00091010, "UN", bytes(16 * 2**20)),
        element(0x00091010, "UN", item(b"\xff" * 9)),
        element(0x00091010, "ZZ", b"unknown VR"),
        element(0x00091010, "OB", b"", UNDEFINED) + item(b"piece") * 2 + item(tag=0xFFFEE0DD),
    ],
)
def test_odd_but_harmless_elements(extra: bytes) -> None:
    assert remarks(data_set(extra)) == []


def test_trailing_zeros_are_padding_other_rests_are_not() -> None:
    assert remarks(data_set() + bytes(3)) == ["trailing_bytes"]
    assert remarks(data_set() + bytes(1_000_001)) == ["trailing_bytes"]
    assert remarks(data_set() + element(0xFFFCFFFC, "OB", bytes(100))) == []
    assert remarks(data_set() + b"rest") == ["trailing_bytes"]
    assert refused(data_set() + bytes(16) + b"X" + bytes(7)) == "damaged_header"


def test_a_file_without_header_is_recovered(tmp_path: Path) -> None:
    for content in (data_set(), data_set(implicit=True), data_set(big=True)):
        outcome = inspected(tmp_path, content)

        assert (outcome.status, outcome.format) == ("image", "dicom")
        assert [remark.code for remark in outcome.warnings] == ["recovered_without_meta"]


def test_a_file_header_without_preamble_is_recovered(tmp_path: Path) -> None:
    outcome = inspected(tmp_path, dicom_file(data_set(implicit=True), syntax=IMPLICIT)[132:])

    assert [remark.code for remark in outcome.warnings] == ["recovered_without_meta"]
    assert outcome.header is not None
    assert outcome.header.instance.transfer_syntax_uid == IMPLICIT


@pytest.mark.parametrize(
    ("content", "guessed"),
    [(data_set(), EXPLICIT), (data_set(implicit=True), IMPLICIT), (data_set(big=True), BIG)],
)
def test_a_missing_transfer_syntax_is_guessed(content: bytes, guessed: str) -> None:
    found = screened(content, syntax=None)

    assert [remark.code for remark in found.remarks] == ["transfer_syntax_guessed"]
    assert found.header is not None
    assert found.header.instance.transfer_syntax_uid == guessed


@pytest.mark.parametrize(("implicit", "syntax"), [(True, EXPLICIT), (False, IMPLICIT)])
def test_a_wrong_statement_about_vrs_is_corrected(implicit: bool, syntax: str) -> None:
    assert remarks(data_set(implicit=implicit), syntax=syntax) == ["transfer_syntax_corrected"]


def test_nothing_after_the_file_header() -> None:
    assert refused(b"") == "truncated"


def test_sequences_that_hold_no_items() -> None:
    assert refused(data_set(element(0x00081140, "SQ", b"no items at all!"))) == "damaged_header"


def test_an_open_item_inside_a_closed_sequence() -> None:
    unclosed = item(element(0x00081150, "UI", "1.2"), UNDEFINED)

    assert refused(data_set(element(0x00081140, "SQ", unclosed))) == "damaged_header"


def read_by_pydicom(data: bytes) -> dict[int, int]:
    """Top-level tags and the lengths of their values, None-length ones (sequences of undefined length) left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ds = pydicom.dcmread(BytesIO(data), force=True)
    found = {}
    for tag in ds.keys():  # noqa: SIM118 pydicom's Dataset iterates over elements
        raw = ds.get_item(tag)
        if isinstance(raw, pydicom.dataelem.RawDataElement) and raw.length != UNDEFINED:
            found[int(tag)] = len(raw.value or b"")
    return found


def sound(path: Path) -> Elements | None:
    data = path.read_bytes()
    try:
        return screen(data, bare=kind_of(data) == "bare", sha256="0" * 64).elements
    except Refusal:
        return None


SOUND = [pytest.param(path, id="/".join(path.parts[-3:])) for path in real_paths() if sound(path)]


@real_files
@pytest.mark.parametrize("path", SOUND)
def test_pydicom_sees_the_same_elements(path: Path) -> None:
    """What was checked must be what is read later."""
    elements = sound(path)
    assert elements is not None
    theirs = read_by_pydicom(path.read_bytes())
    ours = {tag: length for tag, (_, length) in elements.spans.items()}
    if elements.pixels is not None and elements.pixels.fragments is None:
        ours[elements.pixels.tag] = elements.pixels.available

    missing = {str(Tag(tag)) for tag in theirs if tag not in ours}
    assert not missing
    assert {tag: length for tag, length in ours.items() if tag in theirs} == theirs
