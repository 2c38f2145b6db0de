"""The size of pictures is known before any library opens them."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from ml.dicom.content import Kind
from ml.dicom.outcomes import Refusal
from ml.dicom.picture_headers import check_picture
from tests.ml.dicom.making import jpeg_head


def picture(kind: str, mode: str, **options: object) -> bytes:
    file = BytesIO()
    Image.new(mode, (30, 20)).save(file, kind, **options)
    return file.getvalue()


def png(rows: int, columns: int) -> bytes:
    head = b"IHDR" + struct.pack(">LLBBBBB", columns, rows, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">L", 13) + head + struct.pack(">L", zlib.crc32(head))


def tiff(entries: list[tuple[int, int, int, int]], follow: int = 0, order: str = "<") -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    body = b"".join(struct.pack(order + "HHLL", *entry) for entry in entries)
    return (
        mark
        + struct.pack(order + "L", 8)
        + struct.pack(order + "H", len(entries))
        + body
        + struct.pack(order + "L", follow)
    )


def code(data: bytes, kind: Kind) -> str:
    with pytest.raises(Refusal) as caught:
        check_picture(data, kind)
    return caught.value.code


@pytest.mark.parametrize(
    ("kind", "mode", "samples", "sample_bytes"),
    [
        ("png", "L", 1, 1),
        ("png", "RGB", 3, 1),
        ("png", "RGBA", 4, 1),
        ("png", "P", 3, 1),
        ("png", "I;16", 1, 2),
        ("jpeg", "L", 1, 1),
        ("jpeg", "RGB", 3, 1),
        ("jpeg", "CMYK", 4, 1),
        ("tiff", "L", 1, 1),
        ("tiff", "I;16", 1, 2),
        ("tiff", "F", 1, 4),
    ],
)
def test_sizes_of_ordinary_pictures(kind: Kind, mode: str, samples: int, sample_bytes: int) -> None:
    size = check_picture(picture(kind, mode), kind)

    assert (size.rows, size.columns, size.samples, size.sample_bytes, size.pages) == (20, 30, samples, sample_bytes, 1)


def test_colour_and_pages_of_tiff(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (30, 20)), Image.new("RGB", (50, 40))
    for options in ({}, {"big_tiff": True}):
        first.save(tmp_path / "a.tif", save_all=True, append_images=[second], **options)

        size = check_picture((tmp_path / "a.tif").read_bytes(), "tiff")

        assert (size.rows, size.columns, size.samples, size.pages) == (40, 50, 3, 2)


def test_big_endian_tiff() -> None:
    data = tiff([(256, 3, 1, 30 << 16), (257, 3, 1, 20 << 16)], order=">")

    assert (check_picture(data, "tiff").rows, check_picture(data, "tiff").columns) == (20, 30)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(60_000, 60_000), "png"),
        (png(20_000, 20_000), "png"),
        (png(1, 70_000), "png"),
        (jpeg_head(60_000, 60_000), "jpeg"),
        (tiff([(256, 4, 1, 60_000), (257, 4, 1, 60_000)]), "tiff"),
    ],
)
def test_upl_03_pictures_that_unpack_beyond_the_cap(data: bytes, kind: Kind) -> None:
    assert code(data, kind) == "picture_too_large"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(0, 5), "png"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "png"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\xff\xd8\xff\xda\0\0", "jpeg"),
        (b"II*\0", "tiff"),
        (b"II*\0\xff\xff\xff\xff", "tiff"),
        (tiff([]), "tiff"),
        (tiff([(256, 4, 1, 5), (257, 4, 1, 5)], follow=8), "tiff"),
        (b"II*\0\x08\0\0\0\xff\xff", "tiff"),
    ],
)
def test_damaged_pictures(data: bytes, kind: Kind) -> None:
    assert code(data, kind) == "picture_damaged"


def test_endless_pages() -> None:
    page = [(256, 4, 1, 5), (257, 4, 1, 5)]
    length = len(tiff(page)) - 8
    pages = b"".join(tiff(page, follow=8 + (i + 1) * length)[8:] for i in range(20_002))

    assert code(b"II*\0\x08\0\0\0" + pages, "tiff") == "too_many_frames"
