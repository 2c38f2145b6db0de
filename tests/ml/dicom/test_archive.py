"""Archives made to harm: row UPL-10. Nothing is written but where the caller says."""

import io
import stat
import struct
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ml.dicom.archive import MAX_MEMBERS, MAX_RATIO, Member, is_archive, members, opened
from ml.dicom.inspection import inspect
from ml.dicom.outcomes import Refusal
from tests.ml.dicom.making import SHARED, dicom_file, real_files

LIMIT = 2**20


def archive(tmp_path: Path, files: Mapping[str | zipfile.ZipInfo, bytes], **options: object) -> Path:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def outcomes(path: Path) -> dict[str, str]:
    """Each member's name and its content's length or the code of its refusal."""
    found = {}
    for member in members(path):
        try:
            found[member.name] = str(len(member.read(LIMIT)))
        except Refusal as refusal:
            found[member.name] = refusal.code
    return found


def code(path: Path, **options: int) -> str:
    with pytest.raises(Refusal) as caught:
        list(members(path, **options))
    return caught.value.code


def test_an_ordinary_archive(tmp_path: Path) -> None:
    path = archive(
        tmp_path,
        {
            "disc/": b"",
            "disc/IM1": dicom_file(),
            "disc/sub/IM2": b"two",
            "__MACOSX/disc/._IM1": b"x",
            "disc/.DS_Store": b"x",
            "disc\\Thumbs.db": b"x",
            "disc/._IM1": b"x",
        },
    )

    assert outcomes(path) == {"disc/IM1": str(len(dicom_file())), "disc/sub/IM2": "3"}
    assert is_archive(path.read_bytes()[:4])
    assert not is_archive(dicom_file()[:132])


def test_members_are_saved_where_the_caller_says(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a/b/IM1": dicom_file()})
    target = tmp_path / "0f9e"

    with opened(path) as found:
        (member,) = found
        size = member.save(target, LIMIT)

    assert size == member.size == target.stat().st_size
    assert inspect(target).status == "image"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["0f9e", "study.zip"]


def test_upl_10_zip_slip_and_upl_11_hostile_names(tmp_path: Path) -> None:
    """No name is ever a path; those that try to be are refused one by one and the others go on."""
    hostile = ["../evil", "a/../../evil", "/etc/passwd", "..\\evil", "C:\\evil", "\\\\host\\share\\evil", "a/.."]
    here = tmp_path / "upper" / "here"  # what climbs out of it lands where this test alone writes
    here.mkdir(parents=True)
    path = archive(here, {**dict.fromkeys(hostile, b"evil"), "good..name/IM1": b"good"})
    before = set(tmp_path.rglob("*"))

    found = outcomes(path)

    assert found.pop("good..name/IM1") == "4"
    assert set(found.values()) == {"archive_path"}
    assert len(found) == len(hostile)
    assert set(tmp_path.rglob("*")) == before


def test_upl_10_nul_in_a_name(tmp_path: Path) -> None:
    path = archive(tmp_path, {"photo.pngXevil.dcm": b"evil"})
    path.write_bytes(path.read_bytes().replace(b"photo.pngX", b"photo.png\0"))

    assert list(outcomes(path).values()) == ["archive_path"]


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_upl_10_links_and_devices(tmp_path: Path, mode: int) -> None:
    link = zipfile.ZipInfo("link")
    link.create_system, link.external_attr = 3, (mode | 0o777) << 16
    plain = zipfile.ZipInfo("plain")
    plain.create_system, plain.external_attr = 3, (stat.S_IFREG | 0o644) << 16

    assert outcomes(archive(tmp_path, {link: b"/etc/passwd", plain: b"x"})) == {"link": "archive_link", "plain": "1"}


def test_upl_10_nested_archives(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as packed:
        packed.writestr("IM1", dicom_file())
    path = archive(tmp_path, {"inner.dcm": inner.getvalue(), "inner.gz": b"\x1f\x8b\x08", "IM1": b"x"})

    assert outcomes(path) == {"inner.dcm": "archive_nested", "inner.gz": "archive_nested", "IM1": "1"}


def test_upl_10_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    zeros = bytes(2**20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed, packed.open("IM1", "w") as file:
        for _ in range(300):
            file.write(zeros)
    assert path.stat().st_size * MAX_RATIO < 300 * 2**20

    tracemalloc.start()
    try:
        assert code(path) == "archive_bomb"
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_upl_10_total_is_capped(tmp_path: Path) -> None:
    path = archive(tmp_path, {"a": bytes(600), "b": bytes(600)})

    assert code(path, total=1_000) == "archive_bomb"
    assert len(list(members(path, total=1_200))) == 2


def lie_about_size(path: Path, true: int, claimed: int) -> None:
    data = path.read_bytes().replace(struct.pack("<L", true), struct.pack("<L", claimed))
    path.write_bytes(data)


def test_upl_10_sizes_that_lie(tmp_path: Path) -> None:
    path = archive(tmp_path, {"IM1": bytes(777_777)})
    lie_about_size(path, 777_777, 10)

    assert outcomes(path) == {"IM1": "archive_damaged"}


def test_upl_10_members_that_share_bytes(tmp_path: Path) -> None:
    path = archive(tmp_path, {"AA": bytes(1000), "BB": bytes(1000)})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)  # the second member's place becomes the first's
    path.write_bytes(data)

    assert code(path) == "archive_bomb"


def test_upl_10_members_that_are_too_large(tmp_path: Path) -> None:
    path = archive(tmp_path, {"IM1": bytes(2000)})
    (member,) = members(path)
    target = tmp_path / "target"

    with opened(path) as found:
        member = next(found)
        with pytest.raises(Refusal, match="too_large"):
            member.read(1999)
        with pytest.raises(Refusal, match="too_large"):
            member.save(target, 1999)
        assert not target.exists()
        assert len(member.read(2000)) == 2000


def test_upl_10_too_many_members(tmp_path: Path) -> None:
    path = archive(tmp_path, dict.fromkeys(map(str, range(MAX_MEMBERS + 1)), b""))

    assert code(path) == "archive_too_many"


def test_upl_10_a_table_of_contents_too_long_to_read(tmp_path: Path) -> None:
    path = tmp_path / "long.zip"
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 60_000, 60_000, 2**26, 0, 0)
    with path.open("wb") as file:
        file.truncate(2**26)
        file.seek(2**26)
        file.write(end)

    tracemalloc.start()
    try:
        assert code(path) == "archive_too_many"
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_passwords_and_unusual_methods(tmp_path: Path) -> None:
    path = archive(tmp_path, {"IM1": b"secret", "IM2": b"open"})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    path.write_bytes(data)
    assert outcomes(path) == {"IM1": "archive_encrypted", "IM2": "4"}

    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("IM1", b"x" * 100)
    assert outcomes(path) == {"IM1": "archive_method"}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(500), b"no archive"])
def test_damaged_archives(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)

    assert code(path) == "archive_damaged"


def test_a_damaged_member_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = archive(tmp_path, {"IM1": bytes(range(256)) * 8, "IM2": b"two"})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)

    assert outcomes(path) == {"IM1": "archive_damaged", "IM2": "3"}


@real_files
def test_the_real_archive(tmp_path: Path) -> None:
    target = tmp_path / "member"
    found: list[tuple[Member, str]] = []
    for member in members(SHARED / "dicom-phi-deid" / "ultrasounds" / "GREYSCALE_CINE.zip"):
        member.save(target, 2**30)
        found.append((member, inspect(target).status))
        target.unlink()

    assert [status for _, status in found] == ["image"]
