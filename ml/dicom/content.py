"""What kind of file the bytes are, told by their content; the file's name proves nothing."""

from __future__ import annotations

import re
from typing import Final, Literal

from ml.dicom.outcomes import Refusal

Kind = Literal["dicom", "bare", "png", "jpeg", "tiff"]
"""`bare` is a DICOM data set without preamble, as some old archives write it."""

ADVICE: Final = "Send DICOM files, or PNG, JPEG or TIFF pictures."
_PICTURES: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)
_OTHERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"BZh", "a bzip2 archive; unpack it first"),
    (b"\xfd7zXZ", "an xz archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it first"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a rich-text document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"RIFF", "a WebP picture, a sound or a video"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture outside DICOM"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture outside DICOM"),
    (b"n+1", "a NIfTI volume"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3\x00", "a database file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a script"),
)
_MARKUP: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|svg|script|head|body)", re.IGNORECASE)
_JSON: Final = re.compile(rb"(\xef\xbb\xbf)?\s*[\[{]\s*[\[{\"]")
_FIRST_GROUPS: Final = (0x0000, 0x0002, 0x0004, 0x0008)
_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()
)


def kind_of(head: bytes) -> Kind:
    """The kind of the file that begins with `head` (at least 132 bytes, or all of it).

    Raises:
        Refusal: not_an_image_file, not_dicom.
    """
    if head[128:132] == b"DICM":
        return "dicom"
    for signature, kind in _PICTURES:
        if head.startswith(signature):
            return kind
    if looks_like_elements(head):
        return "bare"
    for signature, name in _OTHERS:
        if head.startswith(signature):
            raise Refusal("not_an_image_file", f"The file is {name}, not an image. {ADVICE}")
    if _MARKUP.match(head):
        raise Refusal("not_an_image_file", f"The file is a web page or an XML document, not an image. {ADVICE}")
    if _JSON.match(head):
        raise Refusal("not_an_image_file", f"The file is JSON, not an image. {ADVICE}")
    if _is_text(head):
        raise Refusal("not_an_image_file", f"The file is plain text, not an image. {ADVICE}")
    raise Refusal("not_dicom", f"The file is not DICOM, or its beginning is lost. {ADVICE}")


def looks_like_elements(head: bytes) -> bool:
    """Whether the bytes begin like a DICOM data set: a first group, then a VR or a small length."""
    if len(head) < 8:
        return False
    little, big = int.from_bytes(head[:2], "little"), int.from_bytes(head[:2], "big")
    if head[4:6] in _VRS:
        return little in _FIRST_GROUPS or big in _FIRST_GROUPS
    length = int.from_bytes(head[4:8], "little")
    return little in _FIRST_GROUPS[1:] and head[3] == 0 and length <= 0x400


def is_vr(value: bytes) -> bool:
    """Whether two bytes are one of the standard's value representations."""
    return value in _VRS


def _is_text(head: bytes) -> bool:
    return bool(head) and not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)
