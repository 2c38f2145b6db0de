"""What kind of object a SOP class is: a picture of a patient, or something that is kept without being scored."""

from __future__ import annotations

from typing import Final

from pydicom.config import IGNORE
from pydicom.uid import UID

MEDIA_DIRECTORY: Final = "1.2.840.10008.1.3.10"
_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."

_PICTURES: Final = frozenset({_STORAGE + "481.1", _STORAGE + "481.23", _STORAGE + "481.24"})
_EXACT: Final = {
    MEDIA_DIRECTORY: "directory",
    _STORAGE + "481.2": "derived_object",
    _STORAGE + "30": "derived_object",
    _STORAGE + "88.59": "presentation_state",
}
_FAMILIES: Final = (
    (_STORAGE + "88.", "structured_report"),
    (_STORAGE + "104.", "encapsulated_document"),
    (_STORAGE + "481.", "radiotherapy"),
    ("1.2.840.10008.5.1.4.34.", "radiotherapy"),
    (_STORAGE + "11.", "presentation_state"),
    (_STORAGE + "9.", "waveform"),
    (_STORAGE + "66.", "derived_object"),
    (_STORAGE + "67.", "derived_object"),
    (_STORAGE + "68.", "derived_object"),
)
_OTHERS: Final = tuple(
    _STORAGE + part for part in ("4.2.", "8.", "10.", "66.", "78.", "79.", "129.", "131.", "200.", "201.")
)


def kept_as(uid: str) -> str:
    """The code, one of `outcomes.KEPT`, under which an object of this class is kept; "" for a picture.

    Unknown and private classes count as pictures: whether they are is told by their pixels.
    """
    if uid in _PICTURES:
        return ""
    if uid in _EXACT:
        return _EXACT[uid]
    dotted = uid + "."
    for prefix, code in _FAMILIES:
        if uid.startswith(prefix) or dotted == prefix:
            return "other_object" if dotted == _STORAGE + "66." else code
    return "other_object" if dotted.startswith(_OTHERS) else ""


def is_image_class(uid: str) -> bool:
    """Whether the standard calls the class an image, so that its objects must hold pixels."""
    return not kept_as(uid) and "Image Storage" in sop_class_name(uid)


def sop_class_name(uid: str) -> str:
    """The standard's name of the class, "" when it is none of the standard's."""
    name = UID(uid, validation_mode=IGNORE).name
    return "" if name == uid else name
