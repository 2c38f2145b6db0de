"""The form in which a DICOM file is stored: without what its preamble could smuggle in.

The 128 bytes before "DICM" are free (PS3.10 7.1), so that a file can be an image and a program at once
(CVE-2019-11687). They are stored as zeros; nothing else is changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LENGTH: Final = 128
_MAGIC: Final = b"DICM"


def stored_form(path: Path) -> bytes:
    """The bytes to store of a file: its own, a DICOM preamble replaced by zeros."""
    data = path.read_bytes()
    if data[_LENGTH : _LENGTH + 4] == _MAGIC and any(data[:_LENGTH]):
        return bytes(_LENGTH) + data[_LENGTH:]
    return data


def zero_preamble(path: Path) -> bool:
    """Bring the file itself into the form to store; True when it was changed."""
    with path.open("r+b") as file:
        head = file.read(_LENGTH + 4)
        if head[_LENGTH:] != _MAGIC or not any(head[:_LENGTH]):
            return False
        file.seek(0)
        file.write(bytes(_LENGTH))
    return True
