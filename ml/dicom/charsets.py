"""Text in DICOM's character sets (PS3.5 6.1, PS3.3 C.12.1.1.2), decoded by pydicom without its warnings.

pydicom quotes what it can't decode in warnings and logs; a name has no place there.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from threading import Lock
from typing import Final

from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.config import logger
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

_ESCAPE: Final = b"\x1b"
_DEFAULTS: Final = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
_SWITCHING: Final = Lock()
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def decode(value: bytes, names: Sequence[str], *, person_name: bool = False) -> tuple[str, bool]:
    """Decode text under the values of Specific Character Set.

    Returns:
        The text, and whether it is faithful: False when the character set is not declared, not known or broken by
        the bytes, so that some characters may be wrong.
    """
    normal = [name.strip().upper() for name in names] or [""]
    if all(name in _DEFAULTS for name in normal) and _ESCAPE not in value:
        return _undeclared(value), False
    known = all(name in python_encoding for name in normal)
    if known and len(normal) == 1 and _ESCAPE not in value:
        try:
            return value.decode(python_encoding[normal[0]]), True
        except (UnicodeDecodeError, LookupError):
            return value.decode(python_encoding[normal[0]], errors="replace"), False
    return _with_extensions(value, list(names), PN_DELIMS if person_name else TEXT_VR_DELIMS, known)


def _undeclared(value: bytes) -> str:
    """Bytes beyond ASCII where none were announced: nearly always UTF-8 or Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _with_extensions(value: bytes, names: list[str], delimiters: set[int], known: bool) -> tuple[str, bool]:
    """Code extensions: escape sequences switch between character sets, delimiters switch back."""
    with _SWITCHING, warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            encodings = convert_encodings(names)
            groups = value.split(b"=") if delimiters is PN_DELIMS else [value]
            text = "=".join(decode_bytes(group, encodings, delimiters) for group in groups)
        except (LookupError, ValueError):
            return value.decode("latin-1"), False
        finally:
            logger.setLevel(level)
    return text, known and not doubts and _REPLACEMENT not in text and "\x1b" not in text
