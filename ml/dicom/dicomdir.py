"""The files that a DICOMDIR lists, so that those which did not come can be named (PS3.3 F.3, PS3.10 section 8)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ml.dicom.screening import screen

_REFERENCED_FILE: Final = 0x0004_1500
_PART: Final = r"\/"
_MAX_PART: Final = 64


def listed_files(path: Path) -> tuple[str, ...]:
    """The files that the DICOMDIR at `path` lists, as labels with slashes between their parts, each once.

    Entries that point outside the disc ("..", absolute names) are left out. The file must have been inspected and
    kept as a directory.

    Raises:
        Refusal: when it can't be read after all.
    """
    elements = screen(path.read_bytes()).elements
    found = (_label(text) for text in elements.nested_text(_REFERENCED_FILE))
    return tuple(dict.fromkeys(label for label in found if label))


def missing_files(listed: Iterable[str], arrived: Iterable[str]) -> tuple[str, ...]:
    """Those of `listed` of which no arrived file has the name, whatever folder the upload put around the disc."""
    ends: set[str] = set()
    for name in arrived:
        parts = name.replace("\\", "/").upper().split("/")
        ends.update("/".join(parts[start:]) for start in range(len(parts)))
    return tuple(name for name in listed if name.upper() not in ends)


def _label(text: str) -> str:
    parts = [part.strip() for part in text.split("\\")]
    safe = all(part not in ("", ".", "..") and not set(part) & set(_PART + ":\0") for part in parts)
    return "/".join(part[:_MAX_PART] for part in parts) if safe else ""
