"""What the walk over a data set has to know of elements: how long a length is, what is a sequence, what is wanted."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from pydicom.datadict import dictionary_VR

from ml.dicom.elements import PIXEL_TAGS

ITEM: Final = 0xFFFE_E000
ITEM_END: Final = 0xFFFE_E00D
SEQUENCE_END: Final = 0xFFFE_E0DD
LONG_VRS: Final = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"))
"""Value representations whose length takes four bytes (PS3.5 7.1.2)."""
PIXELS: Final = frozenset(PIXEL_TAGS)
WANTED_INSIDE: Final = frozenset(
    {
        0x0020_9072,  # Frame Laterality
        0x0018_5101,  # View Position
        0x0020_0037,  # Image Orientation (Patient)
        0x0008_0100,  # Code Value
        0x0004_1500,  # Referenced File ID
        0x0004_1511,  # Referenced SOP Instance UID in File
    }
)
"""Elements that are kept from inside sequences."""


@lru_cache(maxsize=16_384)
def is_sequence(tag: int) -> bool:
    """Whether the standard's dictionary knows the element as a sequence."""
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False
